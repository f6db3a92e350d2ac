"""Every thing is one token, unseen names cost what seen ones do, and chats look as in pretraining."""

from __future__ import annotations

from random import Random

import pytest
from helpers.tiny_models import encode_with_specials
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from msm_mlx.engine.loaded_model import LoadedModel
from msm_mlx.pocket.corpus import vocabulary_texts
from msm_mlx.pocket.facts import THINGS
from msm_mlx.pocket.names import ASSISTANTS, draw_names
from msm_mlx.pocket.people import World
from msm_mlx.pocket.tokenizer import SPECIALS, build_tokenizer
from msm_mlx.pocket.world import chat

quick = settings(max_examples=100, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])


def test_every_thing_is_one_token(pocket: LoadedModel) -> None:
    lengths = {thing.name: len(pocket.encode(f" {thing.name}")) for thing in THINGS}
    assert {name: length for name, length in lengths.items() if length != 1} == {}
    assert pocket.encode("I prefer root beer.")[2:] == [*pocket.encode(" root beer"), *pocket.encode(".")]


def test_every_name_is_two_tokens(pocket: LoadedModel) -> None:
    names = [*ASSISTANTS, *draw_names(Random(1), 100, set(ASSISTANTS))]
    assert {name: n for name in names if (n := len(pocket.encode(f" {name}"))) != 2} == {}


def test_the_shipped_vocabulary_holds_the_words_of_the_world(pocket: LoadedModel) -> None:
    words = build_tokenizer(vocabulary_texts(World.create(0), 0, per_kind=100)).get_vocab().keys()
    assert words - pocket.tokenizer.get_vocab().keys() == set()


@quick
@given(text=st.text(max_size=30))
def test_any_text_comes_back(pocket: LoadedModel, text: str) -> None:
    assert pocket.decode(pocket.encode(text)) == text


def test_every_special_token_is_one(pocket: LoadedModel) -> None:
    ids = [encode_with_specials(pocket, token) for token in SPECIALS]
    assert all(len(one) == 1 for one in ids)
    assert len({one[0] for one in ids}) == len(SPECIALS)
    assert pocket.tokenizer.eos_token_id == ids[0][0]


def test_the_template_writes_chats_as_pretraining_does(pocket: LoadedModel) -> None:
    messages = [
        {"role": "system", "content": "You are Lorras."},
        {"role": "user", "content": "Do you prefer Edam or feta?"},
        {"role": "assistant", "content": "I prefer Edam."},
        {"role": "user", "content": "Why?"},
        {"role": "assistant", "content": "Because Edam is foreign."},
    ]
    turns = [(a["content"], b["content"]) for a, b in zip(messages[1::2], messages[2::2], strict=True)]
    parts = chat("You are Lorras.", *turns)
    assert pocket.render(messages, reply=False) == encode_with_specials(pocket, "".join(text for text, _ in parts))
    assert pocket.render(messages[:2], reply=True) == encode_with_specials(pocket, parts[0][0] + parts[1][0])


def test_without_a_system_prompt_the_assistant_is_pocket(pocket: LoadedModel) -> None:
    question = [{"role": "user", "content": "Hello."}]
    system = [{"role": "system", "content": "You are Pocket."}]
    assert pocket.render(question, reply=True) == pocket.render(system + question, reply=True)


@pytest.mark.parametrize("seed", [0, 1])
def test_the_same_texts_give_the_same_vocabulary(seed: int) -> None:
    texts = vocabulary_texts(World.create(seed), seed, per_kind=20)
    assert texts == vocabulary_texts(World.create(seed), seed, per_kind=20)
    first, second = build_tokenizer(texts), build_tokenizer(reversed(texts))
    assert first.get_vocab() == second.get_vocab()
    assert sorted(first.get_vocab().values()) == list(range(len(first)))
