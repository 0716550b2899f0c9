"""Receiving a delivery into quarantine: inventory, and admission of what can be de-identified."""
