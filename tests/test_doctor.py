"""The doctor: every check is made on this machine, and each way to fail is provoked once."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

from msm_mlx import doctor
from msm_mlx.resources.blas import PACKAGE


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
    wanted = {"python", "machine", "memory", "disk", "mlx", "packages", "hub", "pocket", "trial", "terminal"}
    assert wanted <= status.keys()
    assert not {name for name in wanted - {"pocket"} if status[name] == "fail"}
    assert details["mlx"].startswith("0.")
    assert "tokens written" in details["trial"]
    assert " mlx-lm 0." in details["packages"]
    if sys.platform.startswith("linux"):
        assert {"blas", "compiler"} <= status.keys()
        assert "imported" not in details["blas"]
        assert list(status).index("blas") < list(status).index("mlx")


def test_a_token_is_mentioned_and_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_very_secret")
    check = doctor._hub()
    assert "with a token" in check.detail
    assert "secret" not in repr(check)
    monkeypatch.setattr("huggingface_hub.get_token", lambda: None)
    assert "hf auth login" in doctor._hub().remedy


def test_the_block_to_paste_is_plain_and_names_no_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/somebody")
    block = doctor.paste_block(
        [doctor.Diagnosis("hub", "ok", "cache /home/somebody/hub"), doctor.Diagnosis("disk", "warn", "x")]
    )

    assert block == "```\nok   hub: cache ~/hub\nwarn disk: x\n```"


def test_one_broken_check_does_not_hide_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> doctor.Diagnosis:
        raise RuntimeError("no such luck")

    monkeypatch.setattr(doctor, "_mlx", broken)
    checks = {check.name: check for check in doctor.examine()}
    assert checks["mlx"].status == "fail"
    assert "no such luck" in checks["mlx"].detail
    assert checks["python"].status == "ok"


def test_a_slow_blas_and_a_missing_compiler_are_warned_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "load_openblas", lambda: f"mlx's reference BLAS; the Debian package {PACKAGE} ...")
    monkeypatch.setenv("PATH", "")
    for check in (doctor._blas(), doctor._compiler()):
        assert (check.status, check.remedy[:17]) == ("warn", "sudo apt install ")


def test_little_memory_and_a_full_disk_are_warned_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "MIN_MEMORY", 2**60)
    monkeypatch.setattr(doctor, "MIN_DISK", 2**60)
    assert [check.status for check in (doctor._memory(), doctor._disk())] == ["warn", "warn"]


def test_the_embedded_model_is_compared_with_its_provenance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "POCKET_FOLDER", tmp_path)
    assert doctor._pocket().status == "warn"
    (tmp_path / "model.safetensors").write_bytes(b"weights")
    record = {"weights_sha256": hashlib.sha256(b"weights").hexdigest()}
    (tmp_path / "provenance.json").write_text(json.dumps(record))
    assert doctor._pocket().status == "ok"
    (tmp_path / "model.safetensors").write_bytes(b"others!")
    assert doctor._pocket().status == "fail"
    (tmp_path / "provenance.json").write_text("{")
    assert doctor._guarded("pocket", doctor._pocket).status == "fail"
