"""What is asked out: export requests, their review, and the release of exactly the voted bytes."""
