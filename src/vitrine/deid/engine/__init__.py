"""The de-identification engine: one object in, one cleaned object out, nothing remembered."""
