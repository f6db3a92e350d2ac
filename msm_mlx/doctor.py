"""What this machine has and what it lacks for training and generation. Nothing here touches the network."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from msm_mlx.files import sha256_file
from msm_mlx.models.folder import POCKET_FOLDER
from msm_mlx.models.hub import human_size
from msm_mlx.resources.blas import PACKAGE, load_openblas
from msm_mlx.resources.machine import this_machine

PACKAGES = ("msm-mlx", "mlx-lm", "transformers", "tokenizers", "huggingface-hub", "textual", "numpy")
GIB = 2**30
MIN_MEMORY, MIN_DISK, MIN_WIDTH = 8 * GIB, 10 * GIB, 80
TRIAL_TOKENS = 8


@dataclass(frozen=True)
class Check:
    """One finding; `remedy` is empty if there is nothing to do."""

    name: str
    status: Literal["ok", "warn", "fail"]
    detail: str
    remedy: str = ""


def examine() -> list[Check]:
    """Every check in the order of reading: the machine first, then what is installed, then the models."""
    linux = sys.platform.startswith("linux")
    checks: dict[str, Callable[[], Check]] = {
        "python": _python,
        "machine": _machine,
        "memory": _memory,
        "disk": _disk,
        **({"blas": _blas} if linux else {}),  # before mlx, which would be imported with its own BLAS otherwise
        "mlx": _mlx,
        "packages": _packages,
        **({"compiler": _compiler} if linux else {}),
        "hub": _hub,
        "pocket": _pocket,
        "trial": _trial,
        "terminal": _terminal,
    }
    return [_guarded(name, check) for name, check in checks.items()]


def _guarded(name: str, check: Callable[[], Check]) -> Check:
    """One broken part must not hide what is known about the others."""
    try:
        return check()
    except Exception as error:
        return Check(name, "fail", f"could not be examined: {type(error).__name__}: {error}", "install msm-mlx again")


def _python() -> Check:
    return Check("python", "ok", f"{platform.python_version()} ({sys.executable})")


def _machine() -> Check:
    detail = f"{platform.platform(terse=True)}, {_chip()}"
    if sys.platform == "darwin" and platform.machine() != "arm64":
        return Check("machine", "fail", detail, "mlx needs Apple silicon and, on it, an arm64 build of Python")
    return Check("machine", "ok", detail)


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


def _memory() -> Check:
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    machine = this_machine()
    detail = f"{total / GIB:.1f} GiB, of which a job may take {machine.memory / GIB:.1f}"
    if total < MIN_MEMORY:
        return Check("memory", "warn", detail, "the embedded model fits; see `msm-mlx models` before a larger one")
    return Check("memory", "ok", detail)


def _disk() -> Check:
    free = shutil.disk_usage(Path.cwd()).free
    if free < MIN_DISK:
        remedy = "free some space, or keep runs elsewhere with --run-dir; a 4-bit 8B model alone takes 5 GB"
        return Check("disk", "warn", f"{human_size(free)} free in {Path.cwd()}", remedy)
    return Check("disk", "ok", f"{human_size(free)} free in {Path.cwd()}")


def _blas() -> Check:
    used = load_openblas()
    if PACKAGE in used:
        return Check("blas", "warn", used, f"sudo apt install {PACKAGE}")
    return Check("blas", "ok", used)


def _mlx() -> Check:
    load_openblas()
    try:
        import mlx.core as mx
    except ImportError as error:
        return Check("mlx", "fail", str(error), "install msm-mlx again; on Linux mlx needs its extra: mlx[cpu]")
    info = mx.device_info()
    chip = info.get("device_name", "unknown device")
    metal = mx.metal.is_available()
    limit = info.get("max_recommended_working_set_size")
    usable = f", {int(limit) / GIB:.1f} GiB for the GPU" if limit else ""
    detail = f"{importlib.metadata.version('mlx')} on {'Metal' if metal else 'CPU'} ({chip}{usable})"
    if sys.platform == "darwin" and not metal:
        return Check(
            "mlx", "warn", detail, "without Metal everything is slow: run on the Mac itself, macOS 14 or later"
        )
    return Check("mlx", "ok", detail)


def _packages() -> Check:
    """Those whose versions decide what a run gives, or how it looks."""
    found, missing = [], []
    for name in PACKAGES:
        try:
            found.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            missing.append(name)
    if missing:
        return Check("packages", "fail", f"not installed: {', '.join(missing)}", "install msm-mlx again")
    return Check("packages", "ok", ", ".join(found))


def _compiler() -> Check:
    """mlx compiles kernels on the CPU with g++, and silently does without."""
    if found := shutil.which("g++"):
        return Check("compiler", "ok", found)
    return Check("compiler", "warn", "no g++: mx.compile does nothing, training is slower", "sudo apt install g++")


def _hub() -> Check:
    from huggingface_hub import constants, get_token

    token = get_token()
    has = "with a token" if token else "without a token"
    offline = ", offline by --offline or HF_HUB_OFFLINE" if constants.HF_HUB_OFFLINE else ""
    remedy = "" if token else "only for gated models and for `push`: hf auth login"
    return Check("hub", "ok", f"cache {constants.HF_HUB_CACHE}, {has}{offline}", remedy)


def _pocket() -> Check:
    """The embedded model is the one that was released."""
    weights, provenance = POCKET_FOLDER / "model.safetensors", POCKET_FOLDER / "provenance.json"
    remedy = "install msm-mlx again"
    if not (weights.exists() and provenance.exists()):
        return Check("pocket", "warn", f"the embedded model is not in {POCKET_FOLDER}", remedy)
    expected = json.loads(provenance.read_text(encoding="utf-8")).get("weights_sha256")
    if sha256_file(weights) != expected:
        return Check("pocket", "fail", f"{weights} is not the file that its provenance.json describes", remedy)
    return Check("pocket", "ok", f"embedded model, {human_size(weights.stat().st_size)}, sha256 {expected[:12]}")


def _trial() -> Check:
    """A few tokens written and two updates trained by the embedded model: whether all the parts work together."""
    from msm_mlx.engine.adapters import LoraShape, add_lora
    from msm_mlx.engine.generation import generate_replies
    from msm_mlx.engine.loaded_model import load_base
    from msm_mlx.recipe.schema import SftSettings
    from msm_mlx.training.probe import probe_training

    started = time.monotonic()
    loaded = load_base(POCKET_FOLDER)
    prompt = loaded.render([{"role": "user", "content": "Which do you prefer?"}], reply=True)
    written = sum(reply.tokens for reply in generate_replies(loaded, [prompt], max_tokens=TRIAL_TOKENS, batch_size=1))
    writing = time.monotonic() - started
    add_lora(loaded.model, LoraShape(8, 2.0), 0)
    settings = SftSettings(learning_rate=1e-3, updates=2, batch_size=2, max_length=64, rows=2)
    peak, seconds = probe_training(loaded.model, len(loaded.tokenizer.get_vocab()), settings)
    detail = f"{written} tokens written in {writing:.1f} s with loading, an update in {seconds:.2f} s"
    return Check("trial", "ok", f"{detail}, peak {human_size(peak)}")


def _terminal() -> Check:
    """What the app of `compare` and the tables have to draw with."""
    width, height = shutil.get_terminal_size()
    encoding = sys.stdout.encoding or "unknown"
    colours = os.environ.get("COLORTERM") or os.environ.get("TERM") or "no TERM"
    detail = f"{width} x {height}, {encoding}, {colours}{'' if sys.stdout.isatty() else ', not a terminal'}"
    if encoding.lower().replace("-", "") != "utf8":
        return Check("terminal", "warn", detail, "set LANG to a UTF-8 locale, such as en_GB.UTF-8")
    if sys.stdout.isatty() and width < MIN_WIDTH:
        return Check("terminal", "warn", detail, f"make the window {MIN_WIDTH} columns wide for `compare`")
    return Check("terminal", "ok", detail)


def paste_block(checks: list[Check]) -> str:
    """The findings as plain text for a bug report, with the home folder as `~`. Tokens are in no finding."""
    home = str(Path.home())
    lines = [f"{check.status:4} {check.name}: {check.detail}" for check in checks]
    return "\n".join(["```", *(line.replace(home, "~") if len(home) > 1 else line for line in lines), "```"])
