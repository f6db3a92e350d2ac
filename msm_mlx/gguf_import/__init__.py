"""A model that somebody has as a GGUF file, made into a plain folder that mlx-lm loads."""
