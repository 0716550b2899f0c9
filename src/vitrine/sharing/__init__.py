"""What members of one project give each other: a frozen copy of files, kept for a while."""
