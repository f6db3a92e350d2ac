"""The memory and speed of this machine, as far as an estimate needs them."""

from __future__ import annotations

import math
import os
import platform
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from msm_mlx.resources.nvidia import cuda_card

USABLE_SHARE = 0.85  # of the memory that the system has or recommends, for one job
MEMINFO, STATM = Path("/proc/meminfo"), Path("/proc/self/statm")
CGROUP = Path("/sys/fs/cgroup/memory.max")
KILL_COUNTS = (
    Path("/proc/vmstat"),
    Path("/sys/fs/cgroup/memory.events"),
    Path("/sys/fs/cgroup/memory/memory.oom_control"),
)
CPU_FLOPS, CPU_BANDWIDTH = 2e10, 1e10  # reached by training and writing with the embedded model on two cores
CUDA_FLOPS, CUDA_BANDWIDTH = 1e13, 3e11  # a guess, on the low side: nothing was measured on CUDA
UNKNOWN_CHIP = (2.6, 68.0)
# Apple's published specifications: teraflops in half precision, and memory bandwidth in gigabytes a second
CHIPS = {
    "M1 Ultra": (21.0, 800.0), "M1 Max": (10.4, 400.0), "M1 Pro": (5.2, 200.0), "M1": (2.6, 68.0),
    "M2 Ultra": (27.2, 800.0), "M2 Max": (13.6, 400.0), "M2 Pro": (6.8, 200.0), "M2": (3.6, 100.0),
    "M3 Ultra": (28.0, 800.0), "M3 Max": (14.2, 300.0), "M3 Pro": (6.4, 150.0), "M3": (3.5, 100.0),
    "M4 Max": (16.0, 410.0), "M4 Pro": (8.0, 273.0), "M4": (4.3, 120.0),
}  # fmt: skip


@dataclass(frozen=True)
class Machine:
    """What one job has at its disposal."""

    name: str
    metal: bool
    memory: float
    """Bytes."""
    flops: float
    """Floating-point operations a second."""
    bandwidth: float
    """Bytes of memory a second."""
    cuda: bool = False
    """Whether mlx computes on an NVIDIA card, whose memory that is."""

    @property
    def backend(self) -> Literal["cpu", "metal", "cuda"]:
        return "metal" if self.metal else "cuda" if self.cuda else "cpu"


def this_machine() -> Machine:
    """This machine. On a Mac this imports mlx, which knows how much memory the system lets the GPU use."""
    if sys.platform == "darwin" and platform.machine() == "arm64":
        return _mac()
    if card := cuda_card():
        memory = USABLE_SHARE * (card.memory or total_memory())
        return Machine(card.name, False, memory, CUDA_FLOPS, CUDA_BANDWIDTH, cuda=True)
    return Machine(f"{platform.machine()} CPU", False, USABLE_SHARE * total_memory(), CPU_FLOPS, CPU_BANDWIDTH)


def free_memory() -> float:
    """Bytes that this process may use, with those that it uses already: no more than are free now."""
    machine = this_machine()
    return machine.memory if machine.cuda else min(machine.memory, _available() + _resident())


def _available() -> float:
    """Bytes that are available without swapping; infinite where the system does not say."""
    match = re.search(r"^MemAvailable:\s+(\d+) kB", _text(MEMINFO), re.MULTILINE)
    return USABLE_SHARE * 1024.0 * int(match[1]) if match else math.inf


def _resident() -> float:
    """Bytes that this process has in memory; 0 where the system does not say."""
    pages = _text(STATM).split()
    return float(pages[1]) * os.sysconf("SC_PAGE_SIZE") if pages else 0.0


def count_kernel_kills() -> int:
    """Processes that the kernel has killed for their memory so far, as Linux counts them; 0 elsewhere."""
    counts = (re.search(r"^oom_kill (\d+)", _text(path), re.MULTILINE) for path in KILL_COUNTS)
    return sum(int(match[1]) for match in counts if match)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        return ""


def _mac() -> Machine:
    import mlx.core as mx

    command = ["/usr/sbin/sysctl", "-n", "machdep.cpu.brand_string"]
    name = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    teraflops, gigabytes = next((speed for chip, speed in CHIPS.items() if chip in name), UNKNOWN_CHIP)
    recommended = int(mx.device_info().get("max_recommended_working_set_size", 0)) or 0.7 * total_memory()
    return Machine(name or "Apple silicon", True, USABLE_SHARE * recommended, 0.4e12 * teraflops, 0.6e9 * gigabytes)


def total_memory() -> float:
    """Bytes of memory of the machine, or of the container if that has less."""
    total = float(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    try:
        return min(total, float(CGROUP.read_text(encoding="utf-8")))
    except (OSError, ValueError):  # no container, or one without a limit, which reads `max`
        return total
