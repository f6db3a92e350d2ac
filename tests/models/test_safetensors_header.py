"""What a safetensors file holds is read from its header, and one that is cut off is known for it."""

from __future__ import annotations

from pathlib import Path

import mlx.core as mx
import pytest

from msm_mlx.models.safetensors_header import is_whole, read_header


def test_tensors_are_named_with_type_and_shape(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    mx.save_safetensors(str(path), {"w": mx.zeros((2, 3), mx.float16)}, {"format": "mlx"})
    header = read_header(path)
    assert {name: (tensor["dtype"], tensor["shape"]) for name, tensor in header.items()} == {"w": ("F16", [2, 3])}
    assert is_whole(path)


@pytest.mark.parametrize("cut", [-1, 20, 4, 0])
def test_a_file_that_ends_too_early_is_not_whole(cut: int, tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    mx.save_safetensors(str(path), {"w": mx.zeros((2, 3))})
    path.write_bytes(path.read_bytes()[:cut])
    assert not is_whole(path)


@pytest.mark.parametrize("content", [b"", b"\xff" * 9, (2).to_bytes(8, "little") + b"[]"])
def test_what_is_no_such_file_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"header|Expecting value"):
        read_header(path)
    assert not is_whole(path)
