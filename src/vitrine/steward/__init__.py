"""The background process that holds the signing key.

Heads, refusals, drafts, shares, releases, expiry.
"""
