"""The dialect of settings files: YAML 1.2's core schema, with the place of every value."""

from __future__ import annotations

import gzip
import math
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from msm_mlx.errors import RecipeError
from msm_mlx.settings_file.parse import parse, read

quick = settings(max_examples=60)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-5", 1e-5),
        ("2E+3", 2000.0),
        ("1.", 1.0),
        (".5", 0.5),
        ("-.inf", -math.inf),
        ("010", 10),
        ("0x1F", 31),
        ("0o17", 15),
        ("+3", 3),
        ("1_000", "1_000"),
        ("on", "on"),
        ("No", "No"),
        ("True", True),
        ("12:30", "12:30"),
        ("2026-05-03", "2026-05-03"),
        ("~", None),
        ("'1'", "1"),
        ("=", "="),
        ("1.2.3", "1.2.3"),
        ("msm+sft", "msm+sft"),
    ],
)
def test_scalars(text: str, value: object) -> None:
    found = parse(text).value
    assert found == value
    assert type(found) is type(value)


@quick
@given(st.text(alphabet=st.characters(codec="utf-8") | st.sampled_from("[]{}:,-#&*!|>'\"%@`\n\t ?~\\U0x")))
def test_parse_never_raises(text: str) -> None:
    tree = parse(text)
    assert all(problem.line("x").startswith("x:") for problem in tree.problems)


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (gzip.compress(b"a: 1", mtime=0), "is compressed by gzip; name a file of settings"),
        (b"<!doctype html><html></html>", "is a web page; name a file of settings"),
        (b"PK\x03\x04rest", "is a zip archive or an Excel workbook; name a file of settings"),
        (b"a: \xe4", "is not UTF-8 text"),
    ],
)
def test_a_file_of_another_kind_is_named_for_what_it_is(content: bytes, what: str, tmp_path: Path) -> None:
    (tmp_path / "suite.yaml").write_bytes(content)
    with pytest.raises(RecipeError, match=what):
        read(tmp_path / "suite.yaml")
