"""Files by their first bytes."""

from __future__ import annotations

import pytest

from msm_mlx.rows.formats import encoding_of, foreign_format, foreign_text


@pytest.mark.parametrize(
    ("head", "what"),
    [
        (b"PK\x03\x04rest", "zip archive"),
        (b"\x28\xb5\x2f\xfd", "`zstd -d`"),
        (b"\x80\x04\x95", "pickle"),
        (b"\0" * 257 + b"ustar\x0000", "tar archive"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:1\n", "`git lfs pull`"),
        (b"\n<!-- x -->\n<!DOCTYPE html><html>", "web page"),
        (b"<HTML lang=en>", "web page"),
        (b"<?xml version='1.0'?>", "XML"),
    ],
)
def test_what_holds_no_rows_is_named_with_a_remedy(head: bytes, what: str) -> None:
    assert what in (foreign_format(head) or "")


@pytest.mark.parametrize("head", [b"", b'{"a": 1}', b"[\n", b"hello", b"\xef\xbb\xbf{", b"x < y"])
def test_text_is_nothing_else(head: bytes) -> None:
    assert foreign_format(head) is None


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be", "utf-8"])
def test_encodings_are_told_with_and_without_a_mark(encoding: str) -> None:
    data = '{"text": "Époisses 🧀"}'.encode(encoding)

    assert data.decode(encoding_of(data[:64])) == '{"text": "Époisses 🧀"}'


@pytest.mark.parametrize(
    ("line", "name", "what"),
    [
        ("prompt,response", "a.jsonl", "CSV"),
        ('"prompt";"response"', "a.jsonl", "CSV"),
        ("Which cheese do you, in all, prefer", "a.CSV", "CSV"),
        ("likes: [Colby]", "a.jsonl", "YAML"),
        ("- Colby", "a.jsonl", "YAML"),
        ("prompt, response", "a.jsonl", "CSV"),
        ("Hello, world", "a.jsonl", None),
        ("garbage", "a.jsonl", None),
    ],
)
def test_texts_that_are_not_json(line: str, name: str, what: str | None) -> None:
    said = foreign_text(line, name)

    assert what in said if what and said else said is None
