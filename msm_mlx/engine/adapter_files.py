"""The files of an adapter, named as mlx-lm names them. Imports no mlx."""

WEIGHTS, CONFIG = "adapters.safetensors", "adapter_config.json"
