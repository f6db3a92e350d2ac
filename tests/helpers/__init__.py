"""What tests share: doubles of models and of the hub, made run folders, and tables of hard input."""

from msm_mlx.resources.blas import load_openblas

load_openblas()  # conftest.py imports this package before anything imports mlx
