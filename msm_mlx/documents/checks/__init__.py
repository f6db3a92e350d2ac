"""What is wrong with a document: one file a kind of check."""
