"""Who may work on which datasets, until when, and under which limits."""
