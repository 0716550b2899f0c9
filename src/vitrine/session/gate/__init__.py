"""The gate: the one way between the lab and the kernel container.

A parent per host answers Hub and steward and forks one worker per session. The worker parses
hostile frames, writes the journal and hands on only what is well formed. No database, no key.
"""
