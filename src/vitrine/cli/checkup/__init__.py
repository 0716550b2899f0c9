"""What `vitrine doctor` looks at."""
