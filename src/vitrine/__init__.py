"""Vitrine: a trusted research environment for medical images."""
