"""The background process that holds the signing key: heads, refusals, drafts, releases, expiry."""
