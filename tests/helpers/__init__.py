"""What tests share: doubles of models and of the hub, made run folders, and tables of hard input."""

from msm_mlx.resources.blas import load_openblas, use_one_thread

load_openblas()  # conftest.py imports this package before anything imports mlx
use_one_thread(0)  # whatever the model: tests run side by side, and threads would wait for each other
