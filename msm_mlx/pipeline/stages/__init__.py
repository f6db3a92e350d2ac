"""The stages of a run, one file each: what it reads, writes and is keyed by, and its work.

Nothing here imports mlx before a stage runs, so that a plan costs nothing.
"""
