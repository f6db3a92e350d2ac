"""Whether there is an NVIDIA card, and whether mlx is installed to use it, by what the system and the disk show.

mlx's library for the CPU and those for CUDA are packages that put one file in one place, so the last one that was
installed counts. pip installs what others need first, and so the one for CUDA last. Imports no mlx.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path

DRIVER, DEVICES = Path("/proc/driver/nvidia"), Path("/sys/bus/pci/devices")
VENDOR, DISPLAY = "0x10de", "0x03"  # NVIDIA's number on the PCI bus, and how the class of display controllers begins
LIBRARY = "mlx/lib/libmlx.so"
DRIVER_LIBRARY = "libcuda.so"
"""What mlx's library for CUDA needs of the driver even to be loaded."""
PACKAGES = {"cuda12": "mlx-cuda-12", "cuda13": "mlx-cuda-13"}
"""What mlx's extras, and those of this project, bring."""
LEAST_DRIVERS = {"cuda12": 525, "cuda13": 580}
"""The oldest drivers that these versions of CUDA run on (NVIDIA, CUDA Compatibility)."""
QUERY = ("--query-gpu=name,driver_version,memory.total", "--format=csv,noheader,nounits")
VISIBLE = "CUDA_VISIBLE_DEVICES"
MIB = 2**20


@dataclass(frozen=True)
class Card:
    """An NVIDIA card, and what shows that it is there."""

    name: str
    evidence: str
    driver: str = ""
    """Empty if none is loaded."""
    memory: float = 0.0
    """Bytes; 0 if it is not told."""

    @property
    def described(self) -> str:
        driver = f"driver {self.driver}" if self.driver else "no driver"
        return f"{self.name}, {driver} ({self.evidence})"


def ask_nvidia_smi() -> str:
    """What `nvidia-smi` says of the cards, a line each; nothing if it is not there or fails."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return ""
    try:
        done = subprocess.run([program, *QUERY], capture_output=True, text=True, check=False, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout if done.returncode == 0 else ""


def find_cards(ask: Callable[[], str] = ask_nvidia_smi, driver: Path = DRIVER, devices: Path = DEVICES) -> list[Card]:
    """The cards by the first of three that tells of any: `nvidia-smi`, the kernel's driver, the PCI bus."""
    rows = [[cell.strip() for cell in line.split(",")] for line in ask().splitlines()]
    if cards := [_from_row(row) for row in rows if len(row) == 3]:
        return cards
    version = re.search(r"Kernel Module.*?\s(\d+\.[\d.]+)", _text(driver / "version"))
    if version:
        models = (
            re.search(r"^Model:\s*(.+)$", _text(path), re.MULTILINE) for path in driver.glob("gpus/*/information")
        )
        names = [match[1].strip() for match in models if match] or ["an NVIDIA card"]
        return [Card(name, str(driver), version[1]) for name in names]
    return [
        Card("an NVIDIA card", str(device))
        for device in (sorted(devices.iterdir()) if devices.is_dir() else [])
        if _text(device / "vendor").strip() == VENDOR and _text(device / "class").startswith(DISPLAY)
    ]


def cuda_packages() -> dict[str, metadata.Distribution]:
    """mlx's packages for CUDA that are installed, by the extra that brings each."""
    found = {}
    for extra, package in PACKAGES.items():
        try:
            found[extra] = metadata.distribution(package)
        except metadata.PackageNotFoundError:
            continue
    return found


def is_in_place(package: metadata.Distribution) -> bool:
    """Whether mlx's library on the disk is that of this package, by its size."""
    files = [file for file in package.files or () if file.as_posix() == LIBRARY]
    try:
        return any(Path(str(file.locate())).stat().st_size == file.size for file in files)
    except OSError:
        return False


@cache
def cuda_card() -> Card | None:
    """The card that mlx computes on, if its library for CUDA is in place and there is one with a driver."""
    if not any(map(is_in_place, cuda_packages().values())):
        return None
    return next((card for card in find_cards() if card.driver), None)


def advise(card: Card, packages: dict[str, metadata.Distribution], mlx: str) -> str:
    """What to do so that mlx, in the version `mlx`, computes on a card that it does not compute on now."""
    if not card.driver:
        return "mlx computes on the CPU; install NVIDIA's driver for the card"
    number = re.match(r"\d+", card.driver)
    fitting = [extra for extra, least in LEAST_DRIVERS.items() if number is None or int(number[0]) >= least]
    if not fitting:
        return f"update NVIDIA's driver to {LEAST_DRIVERS['cuda12']} or later, which CUDA 12 needs"
    usable = [extra for extra in fitting if extra in packages]
    if usable and is_in_place(packages[usable[0]]):
        hidden = f", now {os.environ[VISIBLE]!r}" if VISIBLE in os.environ else ""
        return f"mlx's library for CUDA is in place and finds no card; see what hides it ({VISIBLE}{hidden})"
    extra = usable[0] if usable else fitting[0]
    if usable:
        return f"the library of {PACKAGES[extra]} has been replaced by another's; {_again(PACKAGES[extra], mlx)}"
    return f"pip install 'msm-mlx[{extra}]'"


def advise_without_driver(mlx: str) -> str:
    """What to do where mlx, in the version `mlx`, cannot be loaded because its library is that for CUDA."""
    return f"install NVIDIA's driver, or go back to the CPU: {_again('mlx-cpu', mlx)}"


def _again(package: str, mlx: str) -> str:
    return f"pip install --force-reinstall --no-deps {package}=={mlx}"


def _from_row(row: Sequence[str]) -> Card:
    name, driver, memory = row
    return Card(name, "nvidia-smi", driver, float(memory) * MIB if memory.isdigit() else 0.0)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
