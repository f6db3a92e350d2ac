"""The process that has the model, and the other ranks of `mlx.launch`."""
