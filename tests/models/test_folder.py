"""What keeps a folder from being a model, and what tells models apart."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from helpers.fake_hub import WEIGHTS, make_model

from msm_mlx.errors import SetupError
from msm_mlx.models.folder import check_model_folder, explain_tokenizer, fingerprint

INDEX = b'{"weight_map": {"a": "model-1.safetensors", "b": "model-2.safetensors"}}'


@pytest.mark.parametrize(
    ("files", "problem"),
    [
        ({"config__json": None}, r"holds no config\.json"),
        ({"config__json": b"{"}, r"config\.json that cannot be read \(Expecting"),
        ({"config__json": b"\xff\xfe{"}, r"config\.json that cannot be read \('utf-8'"),
        ({"config__json": b"[]"}, "not a JSON object"),
        ({"model__safetensors": None}, "holds no weights"),
        ({"model__safetensors": None, "weights__npz": b"PK"}, "the only format that is read"),
        ({"model__safetensors": WEIGHTS[:-1]}, r"damaged or truncated model\.safetensors"),
        ({"model__safetensors": b""}, r"an empty model\.safetensors"),
        ({"model__safetensors": b"<!DOCTYPE html><html>"}, r"a web page in place of model\.safetensors"),
        ({"config__json": b""}, r"an empty config\.json"),
        ({"config__json": b'{"vocab_size": 0}'}, "vocab_size: 0, where a whole number from 1 on must stand"),
        ({"generation_config__json": b"[]"}, r"generation_config\.json that is not a JSON object"),
        ({"generation_config__json": b'{"eos_token_id": "x"}'}, "eos_token_id: 'x', where the id of a token"),
        ({"model__safetensors": len(b"[1]").to_bytes(8, "little") + b"[1]"}, "damaged or truncated"),
        ({"model__safetensors__index__json": b"[]"}, r"index\.json that cannot be read"),
        ({"model__safetensors__index__json": INDEX}, r"misses model-1\.safetensors, model-2\.safetensors"),
        ({"tokenizer__json": None, "tokenizer_config__json": b"{}"}, "holds no tokenizer"),
    ],
)
def test_a_folder_that_lacks_something_is_refused(tmp_path: Path, files: dict[str, bytes | None], problem: str) -> None:
    folder = make_model(tmp_path / "m", **files)
    with pytest.raises(SetupError, match=problem) as caught:
        check_model_folder(folder)
    assert str(folder) in str(caught.value)
    assert "again, or use --model pocket" in str(caught.value)
    assert caught.value.exit_code == 3


@pytest.mark.parametrize("name", ["model.safetensors", "config.json"])
def test_a_pointer_of_git_lfs_is_told_as_what_it_is(tmp_path: Path, name: str) -> None:
    (make_model(tmp_path) / name).write_bytes(b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n")
    with pytest.raises(
        SetupError, match=f"a pointer of Git LFS in place of {name}; fetch the file with `git lfs pull`"
    ):
        check_model_folder(tmp_path)


@pytest.mark.parametrize(
    ("name", "data", "advice"),
    [
        ("tokenizer.json", b"{", r"tokenizer\.json that cannot be read"),
        ("tokenizer.json", b"version https://git-lfs.github.com/spec/v1", "with `git lfs pull`$"),
        ("special_tokens_map.json", b"[]", r"special_tokens_map\.json that is not a JSON object"),
        ("config.json", b'{"model_type": "qwen3", "rms_norm_eps": "a"}', r"config\.json \(.*rms_norm_eps"),
        ("config.json", b'{"model_type": "qwen3"}', "no such thing; choose another model"),
    ],
)
def test_the_file_that_keeps_a_tokenizer_from_loading_is_named(
    tmp_path: Path, name: str, data: bytes, advice: str
) -> None:
    (make_model(tmp_path) / name).write_bytes(data)
    assert re.search(advice, explain_tokenizer(tmp_path, ValueError("no such thing")))


def test_a_file_is_not_a_folder(tmp_path: Path) -> None:
    path = make_model(tmp_path) / "model.safetensors"
    with pytest.raises(SetupError, match="is a file; name the folder"):
        check_model_folder(path)


def test_the_fingerprint_follows_the_contents(tmp_path: Path) -> None:
    a, b = make_model(tmp_path / "a"), make_model(tmp_path / "b", README__md=b"a note")
    assert fingerprint(a) == fingerprint(b)
    changed = [
        make_model(tmp_path / "c", model__safetensors=WEIGHTS[:-1] + b"\1"),
        make_model(tmp_path / "d", tokenizer__json=b"[]"),
        make_model(tmp_path / "e", config__json=b'{"model_type": "qwen3"}'),
    ]
    assert len({fingerprint(folder) for folder in (a, *changed)}) == 4


def test_the_fingerprint_of_a_large_model_follows_times(tmp_path: Path) -> None:
    weights = make_model(tmp_path) / "model.safetensors"
    before = fingerprint(tmp_path, whole_below=10)
    times = weights.stat().st_atime_ns, weights.stat().st_mtime_ns
    weights.write_bytes(WEIGHTS[:-1] + b"\1")
    os.utime(weights, ns=times)
    assert before == fingerprint(tmp_path, whole_below=10)
    os.utime(weights, ns=(1, 1))
    assert before != fingerprint(tmp_path, whole_below=10)
