"""Every text is shown on every terminal."""

from __future__ import annotations

import io
import json
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from msm_mlx.text.encoding import ERRORS, take_every_text, unreadable_name


def shown_on(encoding: str, text: str, monkeypatch: pytest.MonkeyPatch) -> bytes:
    shown = io.BytesIO()
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", io.TextIOWrapper(shown, encoding=encoding, write_through=True))
        take_every_text()
        print(text, end="")
        return shown.getvalue()


def test_marks_have_likenesses_and_letters_escapes(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "a\u2026 b\u2019s \u2192 \u53e3 \U0001f9c0 \udce9"
    assert shown_on("ascii", text, monkeypatch) == rb"a... b's -> \u53e3 \ud83e\uddc0 \udce9"


@pytest.mark.parametrize(("encoding", "shown"), [("latin-1", b"\xe9\\u53e3"), ("utf-8", "\u00e9\u53e3".encode())])
def test_what_the_encoding_has_stays(encoding: str, shown: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    assert shown_on(encoding, "\u00e9\u53e3", monkeypatch) == shown
    assert shown_on(encoding, "\ud800", monkeypatch) == b"\\ud800"


@settings(max_examples=25)
@given(text=st.text(st.characters(codec=None)))
def test_data_stays_data(text: str) -> None:
    """A JSON string in which escapes stand for what the terminal lacks is still that string, but for likenesses."""
    take_every_text()
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii", errors=ERRORS, newline="")
    stream.write(json.dumps(text, ensure_ascii=False))
    stream.flush()
    assert isinstance(json.loads(stream.buffer.getvalue()), str)


def test_a_name_that_is_no_text_is_found() -> None:
    assert unreadable_name(["a", "\u53e3"]) is None
    assert unreadable_name(["a", "d\udcc3"]) == "d\\udcc3"
