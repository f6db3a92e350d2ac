"""The only place that touches mlx-lm's model API: loading, adapters, generation and scoring."""
