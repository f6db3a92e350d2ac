"""GGUF files are read whole, in one part or several, or refused with the reason."""

from __future__ import annotations

import struct
import sys
from pathlib import Path

import pytest
from helpers.gguf_files import tiny_gguf

from msm_mlx.errors import SetupError
from msm_mlx.gguf_files.source import GgufSource, model_name, open_source


def write_parts(folder: Path) -> list[Path]:
    """Two files, each with a layer, as llama-gguf-split names them."""
    tiny = tiny_gguf("llama")
    tiny.metadata |= {"split.count": 2, "split.tensors.count": len(tiny.tensors)}
    paths = [folder / f"tiny-Q4_K_M-0000{number}-of-00002.gguf" for number in (1, 2)]
    tiny.write(paths[0], tensors=lambda name: not name.startswith("blk.1."))
    tiny.metadata = {"split.count": 2, "split.no": 1}
    tiny.write(paths[1], tensors=lambda name: name.startswith("blk.1."))
    return paths


@pytest.mark.parametrize("named", [0, 1])
def test_all_parts_are_read_whichever_is_named(named: int, tmp_path: Path) -> None:
    source = open_source(write_parts(tmp_path)[named])

    assert source.tensors.keys() == tiny_gguf("llama").tensors.keys()
    assert source.value("block_count") == 2
    assert model_name(source) == "tiny"


def test_a_missing_part_is_named(tmp_path: Path) -> None:
    first, second = write_parts(tmp_path)
    second.unlink()
    with pytest.raises(SetupError, match=f"one of 2 parts, and {second.name} is not beside it; download all parts"):
        open_source(first)


def test_a_part_by_another_name_is_told(tmp_path: Path) -> None:
    first, _ = write_parts(tmp_path)
    with pytest.raises(SetupError, match="one of 2 parts, and its name does not say which"):
        open_source(first.rename(tmp_path / "first.gguf"))


@pytest.mark.parametrize("kept", [0, 3, 23, 30, 200, 3000, 9000, -5000, -1])
def test_a_file_that_was_cut_off_is_told(kept: int, tmp_path: Path) -> None:
    path = tiny_gguf("llama").write(tmp_path / "tiny.gguf")
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(SetupError, match=r"tiny\.gguf: (not a GGUF file|.*cut off).*"):
        open_source(path)


@pytest.mark.parametrize(
    ("place", "form", "value", "told"),
    [
        (0, "<4s", b"PK\x03\x04", "not a GGUF file; its first bytes are"),
        (4, "<I", 1, "a GGUF file of version 1"),
        (4, ">I", 3, "a GGUF file of a big-endian machine"),
        (8, "<Q", 2**60, "a list of 1,152,921,504,606,846,976"),
        (16, "<Q", 2**40, "a list of 1,099,511,627,776"),
        (24, "<Q", 2**63, "goes on past the end"),
    ],
)
def test_a_damaged_header_is_told(place: int, form: str, value: object, told: str, tmp_path: Path) -> None:
    path = tiny_gguf("llama").write(tmp_path / "tiny.gguf")
    content = bytearray(path.read_bytes())
    struct.pack_into(form, content, place, value)
    path.write_bytes(content)
    with pytest.raises(SetupError) as error:
        open_source(path)
    assert told in str(error.value)


def refusal(path: Path) -> str:
    """What is told of a file, or `nothing`."""
    try:
        open_source(path)
    except SetupError as error:
        return str(error)
    return "nothing"


def test_random_damage_to_the_header_is_told_or_harmless(tmp_path: Path) -> None:
    path = tiny_gguf("llama").write(tmp_path / "tiny.gguf")
    content = path.read_bytes()
    for place in range(0, 1500, 61):
        damaged = bytearray(content)
        damaged[place] ^= 0xFF
        path.write_bytes(damaged)
        assert refusal(path).startswith((str(path), "nothing"))


def test_without_the_package_the_command_to_install_it_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gguf", None)
    with pytest.raises(SetupError, match=r"pip install 'msm-mlx\[gguf\]'"):
        open_source(tmp_path / "tiny.gguf")


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("SmolLM2-135M-Instruct.Q4_1.gguf", "SmolLM2-135M-Instruct"),
        ("Qwen3-8B-UD-Q4_K_XL.gguf", "Qwen3-8B"),
        ("gemma-3-270m-it-F16.gguf", "gemma-3-270m-it"),
        ("llama 3.2 (mine)-IQ2_XXS.gguf", "llama-3.2-mine"),
        (f"sha256-{'0af3' * 16}", "Tiny-Llama-v1"),
    ],
)
def test_the_folder_is_named_after_the_model(file: str, name: str, tmp_path: Path) -> None:
    source = GgufSource(tmp_path / file, {"general.name": "Tiny Llama v1", "general.architecture": "llama"}, {})

    assert model_name(source) == name
