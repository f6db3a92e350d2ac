"""Rows of somebody else's data: where their files are, how they are read, and what is wrong with them."""
