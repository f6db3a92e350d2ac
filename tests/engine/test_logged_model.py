"""Replies on disk: what is there is not asked again, whoever asks and however the job was stopped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from msm_mlx.engine.chat_model import LongPrompt, LongPromptError, SamplingParams, replies_in_order
from msm_mlx.engine.logged_model import LoggedModel
from msm_mlx.engine.scripted_model import ScriptedModel
from msm_mlx.errors import MsmError
from msm_mlx.prompting.prompts import Message

SAMPLING = SamplingParams(max_tokens=9, batch_size=2)


def chats(*questions: str) -> list[list[Message]]:
    return [[{"role": "user", "content": question}] for question in questions]


def echo(chat: Sequence[Message], seed: int) -> str:
    return f"{chat[-1]['content']} {seed}"


def test_only_what_is_missing_is_asked_and_keeps_its_index(tmp_path: Path) -> None:
    first = replies_in_order(LoggedModel(ScriptedModel(echo), tmp_path / "log"), chats("a", "c"), SAMPLING, [1, 3])
    model = ScriptedModel(echo)
    again = dict(LoggedModel(model, tmp_path / "log").replies(chats("a", "b", "c", "d"), SAMPLING, [1, 2, 3, 4]))
    assert [again[0], again[2]] == first
    assert {index: reply.text for index, reply in again.items()} == {0: "a 1", 1: "b 2", 2: "c 3", 3: "d 4"}
    assert model.asked == [(chat, seed) for chat, seed in zip(chats("b", "d"), [2, 4], strict=True)]


def test_another_seed_chat_or_sampling_is_another_reply_and_another_batch_is_not(tmp_path: Path) -> None:
    model = ScriptedModel(echo)
    logged = LoggedModel(model, tmp_path / "log")
    for sampling in (SAMPLING, replace(SAMPLING, batch_size=9), replace(SAMPLING, temperature=1.0)):
        replies_in_order(logged, chats("a"), sampling, [1])
    replies_in_order(logged, chats("a"), SAMPLING, [2])
    replies_in_order(logged, chats("b"), SAMPLING, [1])
    assert len(model.asked) == 4


def test_a_reply_is_on_disk_before_it_is_passed_on(tmp_path: Path) -> None:
    replies = LoggedModel(ScriptedModel(echo), tmp_path / "log").replies(chats("a", "b"), SAMPLING, [1, 2])
    for number, _ in enumerate(replies, start=1):
        assert len((tmp_path / "log").read_text().splitlines()) == number


def test_a_torn_line_is_cut_off_and_a_damaged_one_is_named(tmp_path: Path) -> None:
    path, model = tmp_path / "log", ScriptedModel(echo)
    replies_in_order(LoggedModel(model, path), chats("a"), SAMPLING, [1])
    with path.open("a") as file:
        file.write('{"asked": "b", "reply"')
    replies_in_order(LoggedModel(model, path), chats("a", "b"), SAMPLING, [1, 2])
    assert len(model.asked) == 2
    with path.open("a") as file:
        file.write('{"asked": "b"}\n')
    with pytest.raises(MsmError, match=r"log:3: damaged; delete the file to begin anew"):
        LoggedModel(model, path)


def test_what_is_too_long_has_the_index_of_its_chat_among_all(tmp_path: Path) -> None:
    logged = LoggedModel(ScriptedModel(echo, context_length=4), tmp_path / "log")
    replies_in_order(logged, chats("a"), SAMPLING, [1])
    with pytest.raises(LongPromptError) as error:
        logged.replies(chats("a", "b", "c d e f"), SAMPLING, [1, 2, 3])
    assert error.value.index == 2
    skipped = dict(logged.replies(chats("a", "c d e f", "b"), SAMPLING, [1, 2, 3], long_prompts=LongPrompt.SKIP))
    assert {index: reply.text for index, reply in skipped.items()} == {0: "a 1", 2: "b 3"}
