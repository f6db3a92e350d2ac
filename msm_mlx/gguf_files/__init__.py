"""GGUF files: a model that somebody has as one, made into a plain folder that mlx-lm loads, and the way back."""
