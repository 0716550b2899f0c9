"""Copies of a node's records, and a node made from such a copy."""
