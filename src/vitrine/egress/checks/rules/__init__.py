"""The checks themselves, by what they look at; each module lists its own in `RULES`."""
