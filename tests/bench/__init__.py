"""Measurements: each prints a table and writes var/bench/<name>.json."""
