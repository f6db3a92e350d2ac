"""Examines what this machine has, and lacks, for training and generation. Nothing here uses the network."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from msm_mlx.files import sha256_file
from msm_mlx.models.folder import POCKET_FOLDER
from msm_mlx.models.hub import human_size
from msm_mlx.resources.blas import PACKAGE, load_openblas
from msm_mlx.resources.machine import this_machine
from msm_mlx.resources.nvidia import DRIVER_LIBRARY, Card, advise, advise_without_driver, cuda_packages, find_cards

PACKAGES = ("msm-mlx", "mlx-lm", "transformers", "tokenizers", "huggingface-hub", "textual", "numpy")
GIB = 2**30
LINUX = sys.platform.startswith("linux")
MIN_WIDTH = 40  # columns of a terminal
TRIAL_TOKENS = 8


@dataclass(frozen=True)
class Diagnosis:
    """What one examination found."""

    name: str
    status: Literal["ok", "warn", "fail"]
    detail: str
    remedy: str = ""
    """Empty if there is nothing to do."""


def examine_python() -> Diagnosis:
    return Diagnosis("python", "ok", f"{platform.python_version()} ({sys.executable})")


def examine_machine() -> Diagnosis:
    detail = f"{platform.platform(terse=True)}, {_chip()}"
    if sys.platform == "darwin" and platform.machine() != "arm64":
        return Diagnosis("machine", "fail", detail, "mlx needs Apple silicon and, on it, an arm64 build of Python")
    return Diagnosis("machine", "ok", detail)


def _chip() -> str:
    if sys.platform == "darwin":
        command = ["/usr/sbin/sysctl", "-n", "machdep.cpu.brand_string"]
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return f"{next(names, platform.machine())}, {os.cpu_count()} cores"


def examine_memory(at_least: int = 8 * GIB) -> Diagnosis:
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    machine = this_machine()
    detail = f"{total / GIB:.1f} GiB, of which a job may take {machine.memory / GIB:.1f}"
    if total < at_least:
        return Diagnosis(
            "memory",
            "warn",
            detail,
            "the embedded model fits, and maybe one for the profile small; `msm-mlx models` says which do",
        )
    return Diagnosis("memory", "ok", detail)


def examine_disk(at_least: int = 10 * GIB) -> Diagnosis:
    free = shutil.disk_usage(Path.cwd()).free
    if free < at_least:
        remedy = "free some space, or keep runs elsewhere with --run-dir; a 4-bit 8B model alone takes 5 GB"
        return Diagnosis("disk", "warn", f"{human_size(free)} free in {Path.cwd()}", remedy)
    return Diagnosis("disk", "ok", f"{human_size(free)} free in {Path.cwd()}")


def examine_blas(load: Callable[[], str] = load_openblas) -> Diagnosis:
    used = load()
    if PACKAGE in used:
        return Diagnosis("blas", "warn", used, f"sudo apt install {PACKAGE}")
    return Diagnosis("blas", "ok", used)


def examine_mlx(find: Callable[[], list[Card]] = find_cards) -> Diagnosis:
    load_openblas()
    try:
        import mlx.core as mx
    except ImportError as error:
        remedy = "install msm-mlx again; on Linux mlx needs its extra: mlx[cpu]"
        if DRIVER_LIBRARY in str(error):
            remedy = advise_without_driver(importlib.metadata.version("mlx"))
        return Diagnosis("mlx", "fail", str(error), remedy)
    info, metal, cuda = mx.device_info(), mx.metal.is_available(), mx.cuda.is_available()
    chip = info.get("device_name", "unknown device")
    gpu_memory = info.get("max_recommended_working_set_size") or (info.get("total_memory") if cuda else None)
    usable = f", {int(gpu_memory) / GIB:.1f} GiB for the GPU" if gpu_memory else ""
    version, backend = importlib.metadata.version("mlx"), "Metal" if metal else "CUDA" if cuda else "CPU"
    detail = f"{version} on {backend} ({chip}{usable})"
    if LINUX and not cuda and (cards := find()):
        detail += f"; there is {cards[0].described}"
        return Diagnosis("mlx", "warn", detail, advise(cards[0], cuda_packages(), version))
    if sys.platform == "darwin" and not metal:
        return Diagnosis(
            "mlx", "warn", detail, "without Metal everything is slow: run on the Mac itself, macOS 14 or later"
        )
    return Diagnosis("mlx", "ok", detail)


def examine_packages() -> Diagnosis:
    """The packages whose versions decide the results of a run or the look of the app."""
    installed, missing = [], []
    for name in PACKAGES:
        try:
            installed.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            missing.append(name)
    if missing:
        return Diagnosis("packages", "fail", f"not installed: {', '.join(missing)}", "install msm-mlx again")
    return Diagnosis("packages", "ok", ", ".join(installed))


def examine_compiler() -> Diagnosis:
    """mlx compiles CPU kernels with g++, and silently does not compile them without it."""
    if path := shutil.which("g++"):
        return Diagnosis("compiler", "ok", path)
    return Diagnosis("compiler", "warn", "no g++: mx.compile does nothing, training is slower", "sudo apt install g++")


def examine_hub() -> Diagnosis:
    from huggingface_hub import constants, get_token

    token = get_token()
    login = "with a token" if token else "without a token"
    offline = ", offline by --offline or HF_HUB_OFFLINE" if constants.HF_HUB_OFFLINE else ""
    remedy = "" if token else "only for gated models and for `push`: hf auth login"
    return Diagnosis("hub", "ok", f"cache {constants.HF_HUB_CACHE}, {login}{offline}", remedy)


def examine_pocket(folder: Path = POCKET_FOLDER) -> Diagnosis:
    """Whether the embedded model is the one that was released."""
    weights, provenance = folder / "model.safetensors", folder / "provenance.json"
    remedy = "install msm-mlx again"
    if not (weights.exists() and provenance.exists()):
        return Diagnosis("pocket", "warn", f"the embedded model is not in {folder}", remedy)
    expected = json.loads(provenance.read_text(encoding="utf-8")).get("weights_sha256")
    if sha256_file(weights) != expected:
        return Diagnosis("pocket", "fail", f"{weights} is not the file that its provenance.json describes", remedy)
    return Diagnosis("pocket", "ok", f"embedded model, {human_size(weights.stat().st_size)}, sha256 {expected[:12]}")


def examine_trial() -> Diagnosis:
    """Whether all parts work together: the embedded model writes a few tokens and trains two updates."""
    from msm_mlx.engine.adapters import LoraShape, add_lora
    from msm_mlx.engine.chat_model import SamplingParams, replies_in_order
    from msm_mlx.engine.loaded_model import load_base
    from msm_mlx.engine.local_model import LocalModel
    from msm_mlx.recipe.schema import SftSettings
    from msm_mlx.training.probe import probe_training

    started = time.monotonic()
    loaded = load_base(POCKET_FOLDER)
    chat = [{"role": "user", "content": "Which do you prefer?"}]
    [reply] = replies_in_order(LocalModel(loaded), [chat], SamplingParams(TRIAL_TOKENS, 1), [0])
    writing_seconds = time.monotonic() - started
    add_lora(loaded.model, LoraShape(8, 2.0), 0)
    settings = SftSettings(learning_rate=1e-3, updates=2, batch_size=2, max_length=64, rows=2)
    peak, seconds = probe_training(loaded.model, len(loaded.tokenizer.get_vocab()), settings)
    detail = f"{reply.tokens} tokens written in {writing_seconds:.1f} s with loading, an update in {seconds:.2f} s"
    return Diagnosis("trial", "ok", f"{detail}, peak {human_size(peak)}")


def examine_terminal() -> Diagnosis:
    """Whether the terminal can show the app of `compare` and the tables."""
    width, height = shutil.get_terminal_size()
    encoding = sys.stdout.encoding or "unknown"
    colours = os.environ.get("COLORTERM") or os.environ.get("TERM") or "no TERM"
    detail = f"{width} x {height}, {encoding}, {colours}{'' if sys.stdout.isatty() else ', not a terminal'}"
    if encoding.lower().replace("-", "") != "utf8":
        return Diagnosis("terminal", "warn", detail, "set LANG to a UTF-8 locale, such as en_GB.UTF-8")
    if sys.stdout.isatty() and width < MIN_WIDTH:
        return Diagnosis("terminal", "warn", detail, f"make the window {MIN_WIDTH} columns wide for `compare`")
    return Diagnosis("terminal", "ok", detail)


EXAMINATIONS: dict[str, Callable[[], Diagnosis]] = {
    "python": examine_python,
    "machine": examine_machine,
    "memory": examine_memory,
    "disk": examine_disk,
    **({"blas": examine_blas} if LINUX else {}),  # before mlx, which otherwise loads its own BLAS
    "mlx": examine_mlx,
    "packages": examine_packages,
    **({"compiler": examine_compiler} if LINUX else {}),
    "hub": examine_hub,
    "pocket": examine_pocket,
    "trial": examine_trial,
    "terminal": examine_terminal,
}


def examine(examinations: Mapping[str, Callable[[], Diagnosis]] = EXAMINATIONS) -> list[Diagnosis]:
    """All diagnoses: the machine first, then what is installed, then the models.

    An examination that raises is a diagnosis too, so that one broken part does not hide the others.
    """
    return [_diagnose(name, examination) for name, examination in examinations.items()]


def _diagnose(name: str, examination: Callable[[], Diagnosis]) -> Diagnosis:
    try:
        return examination()
    except Exception as error:
        return Diagnosis(
            name, "fail", f"could not be examined: {type(error).__name__}: {error}", "install msm-mlx again"
        )


def paste_block(diagnoses: list[Diagnosis]) -> str:
    """The findings as plain text for a bug report, with the home folder as `~`. No finding holds a token of the hub."""
    home = str(Path.home())
    lines = [f"{diagnosis.status:4} {diagnosis.name}: {diagnosis.detail}" for diagnosis in diagnoses]
    return "\n".join(["```", *(line.replace(home, "~") if len(home) > 1 else line for line in lines), "```"])
