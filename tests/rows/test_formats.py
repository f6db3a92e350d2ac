"""Files by their first bytes."""

from __future__ import annotations

import pytest

from msm_mlx.rows.formats import encoding_of, foreign_format, is_csv, is_plain_text


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
        (b"\xef\xbb\xbf<!doctype html>", "web page"),
        (b"\x89PNG\r\n", "picture"),
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
    ("line", "name", "kinds"),
    [
        ("prompt,response", "a.jsonl", "table"),
        ('"prompt";"response"', "a.jsonl", "table"),
        ("Which cheese do you, in all, prefer", "a.CSV", "table"),
        ("prompt, response", "a.jsonl", "table"),
        ("likes: [Colby]", "a.jsonl", "plain"),
        ("Human: Hello", "a.jsonl", "plain"),
        ("- Colby", "a.jsonl", "plain"),
        ("Hello, world", "a.jsonl", ""),
        ("garbage", "a.jsonl", ""),
    ],
)
def test_texts_that_are_not_json(line: str, name: str, kinds: str) -> None:
    assert (is_csv(line, name), is_plain_text(line)) == (kinds == "table", kinds == "plain")
