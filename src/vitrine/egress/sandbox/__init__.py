"""Opening files that nobody trusts, in a process that can do nothing else.

`python -m vitrine.egress.sandbox` is the server, `client.Parser` how others reach it. Whatever a
file does to its parser, the answer is a releasable copy, something safe to show, what the checks
find, or a sentence. No database, no settings and no network are imported here.
"""
