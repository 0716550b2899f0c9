"""Clinical tables: what they hold, whether they fit the images, and the same keys for both."""
