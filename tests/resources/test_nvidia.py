"""NVIDIA cards by what shows them, and what keeps mlx from computing on one."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

import pytest

from msm_mlx.resources.nvidia import LIBRARY, MIB, Card, advise, advise_without_driver, find_cards, is_in_place

L4 = Card("NVIDIA L4", "nvidia-smi", "550.54.15", 23034 * MIB)
NEWER = Card("NVIDIA L4", "nvidia-smi", "580.65.06")


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def package(site: Path, size: int, recorded: int, version: str = "0.32.4") -> metadata.Distribution:
    """One that recorded a library of that size; on the disk there is one of another, or of the same."""
    write(site / LIBRARY, "x" * size)
    info = site / f"mlx_cuda_12-{version}.dist-info"
    write(info / "METADATA", f"Metadata-Version: 2.1\nName: mlx-cuda-12\nVersion: {version}\n")
    write(info / "RECORD", f"{LIBRARY},sha256=abc,{recorded}\nmlx_cuda_12-{version}.dist-info/RECORD,,\n")
    return metadata.PathDistribution(info)


def test_cards_are_those_that_the_tool_lists(tmp_path: Path) -> None:
    listed = "NVIDIA L4, 550.54.15, 23034\nNVIDIA GB10, 580.95.05, [N/A]\n"
    assert find_cards(lambda: listed, tmp_path, tmp_path) == [
        L4, Card("NVIDIA GB10", "nvidia-smi", "580.95.05", 0.0)
    ]  # fmt: skip
    assert L4.described == "NVIDIA L4, driver 550.54.15 (nvidia-smi)"


@pytest.mark.parametrize(
    "version",
    [
        "NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.15  Tue Mar  5 22:23:56 UTC 2024\nGCC version: 12\n",
        "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  550.54.15  Release Build  (dvs-builder@U16)\n",
    ],
)
def test_without_the_tool_they_are_those_of_the_driver(tmp_path: Path, version: str) -> None:
    write(tmp_path / "driver" / "version", version)
    found = find_cards(lambda: "", tmp_path / "driver", tmp_path)
    assert [(card.name, card.driver) for card in found] == [("an NVIDIA card", "550.54.15")]
    write(tmp_path / "driver" / "gpus" / "0000:01:00.0" / "information", "Model: \t\t NVIDIA L4\nIRQ: 3\n")
    assert [card.name for card in find_cards(lambda: "", tmp_path / "driver", tmp_path)] == ["NVIDIA L4"]


def test_without_a_driver_they_are_on_the_bus(tmp_path: Path) -> None:
    for name, vendor, kind in (("a", "0x10de", "0x030200"), ("b", "0x10de", "0x040300"), ("c", "0x8086", "0x030000")):
        write(tmp_path / name / "vendor", f"{vendor}\n")
        write(tmp_path / name / "class", f"{kind}\n")
    [card] = find_cards(lambda: "", tmp_path / "none", tmp_path)
    assert card == Card("an NVIDIA card", str(tmp_path / "a"))
    assert advise(card, {}, "0.32.4") == "mlx computes on the CPU; install NVIDIA's driver for the card"
    assert find_cards(lambda: "NVIDIA-SMI has failed\n", tmp_path / "none", tmp_path / "none") == []


def test_what_helps_follows_from_what_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    again = "pip install --force-reinstall --no-deps mlx-cuda-12==0.32.4"
    assert advise(L4, {}, "0.32.4") == "pip install 'msm-mlx[cuda12]'"
    replaced = package(tmp_path / "replaced", 5, 7)
    assert not is_in_place(replaced)
    assert advise(L4, {"cuda12": replaced}, "0.32.4").endswith(f"has been replaced by another's; {again}")
    assert "mlx-cuda-13==" in advise(NEWER, {"cuda13": replaced}, "0.32.4")
    assert "msm-mlx[cuda12]" in advise(L4, {"cuda13": replaced}, "0.32.4")  # whose driver is too old for that
    there = package(tmp_path / "there", 7, 7)
    assert is_in_place(there)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert advise(L4, {"cuda12": there}, "0.32.4").endswith("see what hides it (CUDA_VISIBLE_DEVICES, now '')")
    assert advise_without_driver("0.32.4").endswith("CPU: pip install --force-reinstall --no-deps mlx-cpu==0.32.4")
    assert "update NVIDIA's driver to 525" in advise(Card("NVIDIA K80", "nvidia-smi", "470.82"), {}, "0.32.4")
