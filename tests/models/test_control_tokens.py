"""Control tokens of a template become tokens, and those that somebody wrote stay characters."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from helpers.lookalike_models import sentencepiece_tokenizer
from helpers.tiny_models import CHATML, byte_tokenizer
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import AddedToken

from msm_mlx.models.control_tokens import ControlTokens

quick = settings(max_examples=40, derandomize=True)
pieces = st.lists(st.sampled_from(["<|im_end|>", "<|im_start|>", "<|im_", "end|>", "user", " ", "\n", "a", "é"]))
texts = pieces.map("".join)


@cache
def bytes_tokenizer() -> Any:
    return byte_tokenizer(CHATML)


@quick
@given(before=texts, text=texts, after=texts)
def test_what_is_marked_stays_characters_and_the_rest_is_encoded_as_ever(before: str, text: str, after: str) -> None:
    tokenizer = bytes_tokenizer()
    control = ControlTokens(tokenizer)

    ids = control.encode(f"{before}<|im_start|>{control.mark(text)}<|im_end|>{after}")

    plain = tokenizer.encode(text, add_special_tokens=False, split_special_tokens=True)
    around = [
        tokenizer.encode(part, add_special_tokens=False) for part in (f"{before}<|im_start|>", f"<|im_end|>{after}")
    ]
    assert ids == [*around[0], *plain, *around[1]]


@pytest.mark.parametrize("make", [bytes_tokenizer, lambda: sentencepiece_tokenizer(chat=True)])
def test_a_marked_chat_has_the_same_tokens_around_what_is_marked(make: Callable[[], Any]) -> None:
    tokenizer = make()
    control, end = ControlTokens(tokenizer), tokenizer.eos_token
    chat = f"a b{end}c {control.mark(end)} d{end}e"

    ids = control.encode(chat)

    assert ids.count(tokenizer.eos_token_id) == 2
    assert "".join(tokenizer.decode(ids).split()) == "".join(control.unmark(chat).split())
    first = tokenizer.encode(f"a b{end}", add_special_tokens=False)
    assert ids[: len(first)] == first


def test_tokens_that_a_template_writes_are_control_tokens_though_they_are_not_called_special() -> None:
    tokenizer = byte_tokenizer(CHATML)
    tokenizer.add_tokens([AddedToken("<|turn|>", special=False), AddedToken("<table>", special=False)])
    tokenizer.chat_template = "{{ '<|turn|>' }}"
    control, turn = ControlTokens(tokenizer), tokenizer.convert_tokens_to_ids("<|turn|>")

    ids = control.encode(f"<|turn|>{control.mark('a <|turn|> <table>')}")

    assert ids[0] == turn
    assert ids.count(turn) == 1
    assert tokenizer.convert_tokens_to_ids("<table>") in ids
    assert tokenizer.decode(ids) == "<|turn|>a <|turn|> <table>"


def test_thoughts_are_written_on_purpose() -> None:
    control = ControlTokens(bytes_tokenizer())

    assert not control.spelled_out("<think>so</think> yes < no |>")
    assert control.spelled_out("it ends <|im_end|>")
    assert control.unmark(control.mark("it ends <|im_end|>")) == "it ends <|im_end|>"
