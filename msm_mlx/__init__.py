"""Model spec midtraining on Apple silicon laptops."""

__version__ = "0.1.0"
