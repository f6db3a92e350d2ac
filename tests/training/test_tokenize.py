"""No token of a document is lost or learned twice; of a chat, exactly the assistant's turns are learned."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby, pairwise
from pathlib import Path

import pytest
from helpers.tiny_models import CHATML, QWEN_3, TEMPLATES, Template, talker
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from msm_mlx.engine.loaded_model import LoadedModel
from msm_mlx.errors import MsmError
from msm_mlx.prompting.prompts import Message
from msm_mlx.training.tokenize import DocumentPrefix, TokenRow, chat_rows, document_rows

quick = settings(max_examples=60, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
TALKERS = {name: talker(template) for name, template in TEMPLATES.items()}
AFTER_REPLY = {"pocket": "<|end|>"} | {name: template.after_reply for name, template in TEMPLATES.items()}
contents = st.text(st.sampled_from("abth \n.,?'0é漢🙂"), min_size=1, max_size=12).map(str.strip).filter(bool)


@st.composite
def conversations(draw: st.DrawFn, max_turns: int = 3) -> list[Message]:
    """An optional system prompt, and questions with replies."""
    turns = draw(st.lists(st.tuples(contents, contents), min_size=1, max_size=max_turns))
    messages = [{"role": "system", "content": draw(contents)}] if draw(st.booleans()) else []
    for question, reply in turns:
        messages += [{"role": "user", "content": question}, {"role": "assistant", "content": reply}]
    return messages


def learned_texts(loaded: LoadedModel, row: TokenRow) -> list[str]:
    """The text of each run of learned tokens, special tokens included."""
    runs = groupby(zip(row.ids, row.supervised, strict=True), key=lambda pair: pair[1])
    return [loaded.tokenizer.decode([token for token, _ in run]) for learned, run in runs if learned]


@quick
@given(texts=st.lists(st.text(max_size=40), max_size=4), max_length=st.integers(2, 12))
def test_documents_come_back_whole_from_their_rows(pocket: LoadedModel, texts: list[str], max_length: int) -> None:
    rows = document_rows(pocket, texts, max_length)
    for text in texts:
        expected = [*pocket.encode(text), pocket.end_of_document]
        whole = list(rows.pop(0).ids)
        assert len(whole) <= max_length
        while len(whole) < len(expected):
            row = rows.pop(0)
            assert len(row.ids) <= max_length
            assert row.ids[0] == whole[-1]
            whole += row.ids[1:]
        assert whole == expected
    assert rows == []


@quick
@given(text=st.text(max_size=60), max_length=st.integers(2, 12))
def test_every_token_but_the_first_is_learned_exactly_once(pocket: LoadedModel, text: str, max_length: int) -> None:
    rows = document_rows(pocket, [text], max_length)
    learned = [token for row in rows for token, once in zip(row.ids, row.supervised, strict=True) if once]
    assert learned == [*pocket.encode(text), pocket.end_of_document][1:]
    assert not any(row.supervised[0] for row in rows)


@pytest.mark.parametrize("max_length", [4, 64])
@pytest.mark.parametrize("learned", [False, True])
def test_a_prefix_comes_first_and_is_learned_if_it_is_to_be(
    pocket: LoadedModel, learned: bool, max_length: int
) -> None:
    text, tag = "Colby is American.", "<A LONG TAG> "
    rows = document_rows(pocket, [text, text], max_length, prefixes=[DocumentPrefix(tag, learned)])
    first = [row for row in rows if row.source == 0]
    ids = [token for row in first for token, once in zip(row.ids, row.supervised, strict=True) if once]
    whole = [*pocket.encode(tag), *pocket.encode(text), pocket.end_of_document]
    assert ids == (whole[1:] if learned else [*pocket.encode(text), pocket.end_of_document])
    assert first[0].ids == tuple(whole[:max_length])
    assert rows[len(first) :] == [replace(row, source=1) for row in document_rows(pocket, [text], max_length)]


def test_documents_get_no_special_token_but_the_one_at_their_end() -> None:
    loaded = TALKERS["chatml"]
    (row,) = document_rows(loaded, ["the cat"], 64)
    assert loaded.tokenizer.decode(row.ids) == "the cat<|endoftext|>"


@pytest.mark.parametrize("name", ["pocket", "chatml", "llama3", "gemma"])
@quick
@given(messages=conversations())
def test_exactly_the_replies_with_their_ends_are_learned(
    name: str, pocket: LoadedModel, messages: list[Message]
) -> None:
    loaded = pocket if name == "pocket" else TALKERS[name]
    (row,) = chat_rows(loaded, messages, 512)
    assert list(row.ids) == loaded.render(messages, reply=False)
    replies = [message["content"] for message in messages if message["role"] == "assistant"]
    assert learned_texts(loaded, row) == [reply + AFTER_REPLY[name] for reply in replies]


@quick
@given(messages=conversations())
def test_where_a_template_rewrites_earlier_turns_every_reply_has_a_row(messages: list[Message]) -> None:
    """Each as the model meets it, and its empty thought is not learned."""
    loaded = TALKERS["qwen3"]
    rows = chat_rows(loaded, messages, 512, source=3)
    turns = [turn for turn, message in enumerate(messages) if message["role"] == "assistant"]
    assert len(rows) == len(turns)
    for row, turn in zip(rows, turns, strict=True):
        assert list(row.ids) == loaded.render(messages[: turn + 1], reply=False)
        assert learned_texts(loaded, row) == [messages[turn]["content"] + QWEN_3.after_reply]
        assert row.source == 3


@quick
@given(text=st.text(max_size=60), max_length=st.integers(4, 12), overlap=st.integers(0, 2))
def test_pieces_that_overlap_learn_every_token_once(
    pocket: LoadedModel, text: str, max_length: int, overlap: int
) -> None:
    rows = document_rows(pocket, [text], max_length, overlap)
    learned = [token for row in rows for token, once in zip(row.ids, row.supervised, strict=True) if once]
    assert learned == [*pocket.encode(text), pocket.end_of_document][1:]
    for before, after in pairwise(rows):
        assert before.ids[-overlap - 1 :] == after.ids[: overlap + 1]
        assert not any(after.supervised[: overlap + 1])


def test_a_template_that_drops_the_reply_is_refused() -> None:
    silent = Template("{{ messages | length }}", "<|im_end|>", CHATML.specials, "")
    loaded = LoadedModel(talker(silent).model, talker(silent).tokenizer, Path("silent-folder"))
    with pytest.raises(MsmError, match="silent-folder"):
        chat_rows(loaded, [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}], 512)


def test_a_chat_longer_than_a_row_is_refused_and_one_that_just_fits_is_not() -> None:
    messages = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b" * 20}]
    length = len(TALKERS["chatml"].render(messages, reply=False))
    assert len(chat_rows(TALKERS["chatml"], messages, length)[0].ids) == length
    with pytest.raises(MsmError, match=f"has {length} tokens"):
        chat_rows(TALKERS["chatml"], messages, length - 1)
