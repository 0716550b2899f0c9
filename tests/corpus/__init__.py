"""Labelled material that parts of Vitrine are judged by."""
