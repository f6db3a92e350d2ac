"""What is wrong with a document: one file a kind of check, and all of them in `registry.py`."""
