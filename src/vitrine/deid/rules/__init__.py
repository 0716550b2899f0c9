"""The rules of PS3.15 Annex E as data: actions, types of attributes, terms, technical texts."""
