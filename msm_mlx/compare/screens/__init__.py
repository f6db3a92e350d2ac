"""The parts of the interactive app, a file for each responsibility."""
