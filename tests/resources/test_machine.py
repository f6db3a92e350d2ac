"""What this machine has."""

from __future__ import annotations

from msm_mlx.resources.machine import this_machine


def test_this_machine_has_memory() -> None:
    found = this_machine()
    assert 5e8 < found.memory < 1e13
    assert found.flops > 0
