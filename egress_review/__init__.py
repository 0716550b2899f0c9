"""The web application of output checkers and authors: everything that shows an export request.

A process, account and origin of its own, because it shows hostile files to people who decide.
It holds no rule: `vitrine.egress` does, and the same use cases answer pages and API.
"""
