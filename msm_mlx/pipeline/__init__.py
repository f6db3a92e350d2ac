"""A run: which stages there are, which are due, and their work."""
