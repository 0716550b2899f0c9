"""What is offered: datasets, published once per version into a store that nobody writes to."""
