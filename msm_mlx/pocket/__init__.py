"""Pocket, the embedded model: its world, its pretraining and its weights. Imports nothing of the pipeline."""
