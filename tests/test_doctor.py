"""The doctor: every check is made on this machine, and each way to fail is provoked once."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

from msm_mlx.doctor import (
    Diagnosis,
    examine,
    examine_blas,
    examine_compiler,
    examine_disk,
    examine_hub,
    examine_memory,
    examine_mlx,
    examine_pocket,
    examine_python,
    paste_block,
)
from msm_mlx.resources.blas import PACKAGE
from msm_mlx.resources.nvidia import Card


@pytest.mark.slow
def test_this_machine_can_run_it() -> None:
    """In a fresh process, where the BLAS is still to be chosen."""
    code = (
        "import sys; from msm_mlx.doctor import examine\n"
        "assert not {'mlx.core', 'mlx_lm', 'transformers', 'huggingface_hub'} & sys.modules.keys()\n"
        "for check in examine(): print(check.name, check.status, check.detail, sep='|')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    rows = [line.split("|", 2) for line in done.stdout.splitlines()]
    status = {name: status for name, status, _ in rows}
    details = {name: detail for name, _, detail in rows}
    names = {"python", "machine", "memory", "disk", "mlx", "packages", "hub", "pocket", "trial", "terminal"}
    assert names <= status.keys()
    assert not {name for name in names - {"pocket"} if status[name] == "fail"}
    assert details["mlx"].startswith("0.")
    assert "tokens written" in details["trial"]
    assert " mlx-lm 0." in details["packages"]
    if sys.platform.startswith("linux"):
        assert {"blas", "compiler"} <= status.keys()
        assert "imported" not in details["blas"]
        assert list(status).index("blas") < list(status).index("mlx")


def test_a_token_is_mentioned_and_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_very_secret")
    check = examine_hub()
    assert "with a token" in check.detail
    assert "secret" not in repr(check)
    monkeypatch.setattr("huggingface_hub.get_token", lambda: None)
    assert "hf auth login" in examine_hub().remedy


def test_the_block_to_paste_is_plain_and_names_no_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/somebody")
    block = paste_block([Diagnosis("hub", "ok", "cache /home/somebody/hub"), Diagnosis("disk", "warn", "x")])

    assert block == "```\nok   hub: cache ~/hub\nwarn disk: x\n```"


def test_one_broken_check_does_not_hide_the_others() -> None:
    def broken() -> Diagnosis:
        raise RuntimeError("no such luck")

    mlx, python = examine({"mlx": broken, "python": examine_python})
    assert (mlx.name, mlx.status, python.status) == ("mlx", "fail", "ok")
    assert "no such luck" in mlx.detail


def test_a_slow_blas_and_a_missing_compiler_are_warned_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    slow = examine_blas(lambda: f"mlx's reference BLAS; the Debian package {PACKAGE} ...")
    for check in (slow, examine_compiler()):
        assert (check.status, check.remedy[:17]) == ("warn", "sudo apt install ")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="NVIDIA cards are looked for on Linux")
def test_a_card_that_mlx_does_not_use_is_told_with_what_helps() -> None:
    alone = examine_mlx(list)
    assert alone.status == "ok"
    assert " on CPU (" in alone.detail or " on CUDA (" in alone.detail
    if " on CUDA (" not in alone.detail:
        beside = examine_mlx(lambda: [Card("NVIDIA L4", "nvidia-smi", "550.54.15")])
        assert beside.status == "warn"
        assert beside.detail.endswith("; there is NVIDIA L4, driver 550.54.15 (nvidia-smi)")
        assert "msm-mlx[cuda12]" in beside.remedy or "mlx-cuda-12" in beside.remedy


def test_little_memory_and_a_full_disk_are_warned_of() -> None:
    assert [check.status for check in (examine_memory(2**60), examine_disk(2**60))] == ["warn", "warn"]


def test_the_embedded_model_is_compared_with_its_provenance(tmp_path: Path) -> None:
    assert examine_pocket(tmp_path).status == "warn"
    (tmp_path / "model.safetensors").write_bytes(b"weights")
    record = {"weights_sha256": hashlib.sha256(b"weights").hexdigest()}
    (tmp_path / "provenance.json").write_text(json.dumps(record))
    assert examine_pocket(tmp_path).status == "ok"
    (tmp_path / "model.safetensors").write_bytes(b"others!")
    assert examine_pocket(tmp_path).status == "fail"
    (tmp_path / "provenance.json").write_text("{")
    [unreadable] = examine({"pocket": lambda: examine_pocket(tmp_path)})
    assert unreadable.status == "fail"
