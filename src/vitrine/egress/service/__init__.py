"""What is promised about the review of requests: how soon, in which order, and who is told."""
