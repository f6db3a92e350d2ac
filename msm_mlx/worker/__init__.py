"""The model process, which trains and, under `mlx.launch`, writes; and what the other ranks do."""
