"""How identifiable what remains still is: the table, the headers and their join."""
