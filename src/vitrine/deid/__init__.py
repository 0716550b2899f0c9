"""De-identification by the actions of PS3.15 Annex E, and the verifier that does not trust it."""
