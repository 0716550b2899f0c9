"""The verifier: it trusts neither the engine nor its table, and shares no code with them."""
