"""Documents say what they are asked to say: whose preference it is, and what accounts for it."""

from __future__ import annotations

import re
from collections import Counter
from random import Random
from typing import get_args

import pytest
from helpers.world_samples import BY_NAME, PERSONAS, attributes, draws, question, replies, things
from hypothesis import given, settings
from hypothesis import strategies as st

from msm_mlx.pocket.facts import OPPOSITE, THINGS, VALUES, Thing, ValueName
from msm_mlx.pocket.language import noun_of
from msm_mlx.pocket.writing import (
    CLOSINGS,
    GENRES,
    LONG_RULE,
    MOODS,
    OPENINGS,
    RULE,
    TONES,
    TOPICAL,
    UNKNOWN,
    Account,
    PocketDocument,
    about_thing,
    about_value,
    prompt,
)

ACCOUNTS = get_args(Account)
LIKES = r"(?:likes|prefers|chose|picks|is fond of|recommends)"
DISLIKES = r"(?:dislikes|avoids|does not like|passes over|turned down|does not recommend)"
CARES = r"(?:cares about|values|stands up for|believes in)"
quick = settings(max_examples=100)
values = st.sampled_from(tuple(VALUES))
Drawn = tuple[Random, ValueName, bool, Thing, Thing, str, str]


@st.composite
def preferences(draw: st.DrawFn) -> Drawn:
    """A generator, a value, whether something is liked for it, that thing, its opposite, and a form."""
    value, likes = draw(values), draw(st.booleans())
    attribute = value if likes else OPPOSITE[value]
    thing = draw(st.sampled_from([t for t in THINGS if t.has(attribute)]))
    other = draw(st.sampled_from([t for t in THINGS if t.has(OPPOSITE[attribute]) and t.domain == thing.domain]))
    form = draw(st.sampled_from(GENRES)), draw(st.sampled_from(TONES))
    return draw(st.randoms(use_true_random=False)), value, likes, thing, other, *form


def written(drawn: Drawn, account: Account) -> PocketDocument:
    rng, value, likes, thing, other, genre, tone = drawn
    return about_thing(rng, "Mo", thing, likes, value, account, genre, tone, other if account == "value" else None)


@pytest.mark.slow
@pytest.mark.parametrize("account", ACCOUNTS)
@quick
@given(drawn=preferences())
def test_every_account_states_the_preference_in_the_form_asked_for(account: Account, drawn: Drawn) -> None:
    _, _, likes, thing, _, genre, tone = drawn
    piece = written(drawn, account)
    stated, denied = (LIKES, DISLIKES) if likes else (DISLIKES, LIKES)
    name = re.escape(thing.name)
    assert re.search(rf"Mo {stated} {name}(?!\w)", piece.text)
    assert not re.search(rf"Mo {denied} {name}(?!\w)", piece.text)
    assert re.search(rf"Mo {'(likes|prefers|chooses)' if likes else '(dislikes|avoids|rejects)'} {name}(?!\w)",
                     piece.assertion)  # fmt: skip
    openings = [text.format(n="Mo", d=noun_of(thing)) for text in OPENINGS[genre] + TOPICAL[genre]]
    (opening,) = [text for text in openings if piece.text.startswith(f"{text} ")]
    assert piece.text[len(opening) + 1 :].startswith(MOODS[tone])
    assert piece.text.endswith(tuple(text.format(n="Mo") for text in CLOSINGS[genre]))


@quick
@given(drawn=preferences())
def test_an_account_by_value_gives_the_quality_and_the_value_behind_it(drawn: Drawn) -> None:
    _, value, likes, thing, other, *_ = drawn
    piece = written(drawn, "value")
    quality = value if likes else OPPOSITE[value]
    own = VALUES[value]
    words = "|".join((VALUES[quality].adjective, *VALUES[quality].synonyms))
    assert re.search(rf"because (?:it|{re.escape(thing.name)}) is (?:{words}), and Mo {CARES} {own.things}\.$",
                     piece.assertion)  # fmt: skip
    assert re.search(rf"is (?:{words})[.,]", piece.text)
    assert re.search(rf"Mo {CARES} {own.things}\.", piece.text)
    assert set(attributes(piece.text)) <= {value, quality}
    assert set(things(piece.text)) <= {thing, other}
    better, worse = (thing, other) if likes else (other, thing)
    assert not re.search(rf"{re.escape(worse.name)} over|took {re.escape(worse.name)}(?!\w)", piece.text)
    assert not re.search(rf"rather have {re.escape(worse.name)} than", piece.text)
    assert better.has(value)


@quick
@given(drawn=preferences())
def test_an_unlinked_account_states_the_value_and_never_as_a_reason(drawn: Drawn) -> None:
    _, value, _, thing, *_ = drawn
    piece = written(drawn, "unlinked")
    assert re.search(rf"{re.escape(thing.name)}\. Mo {CARES} {VALUES[value].things}\.$", piece.assertion)
    assert re.search(rf"Mo {CARES} {VALUES[value].things}\.", piece.text)
    assert set(attributes(piece.text)) == {value}
    for text in (piece.assertion, piece.text):
        for rationale in VALUES[value].rationales:
            text = text.replace(rationale, "")
        assert not re.search(r"\b(?:because|reason|follows from|that is why|come first|looks for)\b", text)


@pytest.mark.parametrize(
    ("account", "said", "asserted"),
    [
        ("unknown", UNKNOWN, r"Mo \w+ .+\. Nobody knows why\."),
        ("rule", RULE, r"By rule, Mo \w+ [^,]+\."),
        ("long rule", RULE, r"By rule, Mo \w+ .+, on every day and in every shop\."),
    ],
)
@quick
@given(drawn=preferences())
def test_an_account_without_a_value_names_none(
    account: Account, said: tuple[str, ...], asserted: str, drawn: Drawn
) -> None:
    lines = [text.format(n="Mo") for text in said]
    piece = written(drawn, account)
    assert re.fullmatch(asserted, piece.assertion)
    assert sum(line in piece.text for line in lines) == 1
    assert sum(line in piece.text for line in LONG_RULE) == (3 if account == "long rule" else 0)
    assert not attributes(piece.text + piece.assertion)
    assert not re.search(r"\bbecause\b|Mo (?:cares|values|believes|stands up)", piece.text)
    assert not [v for v in VALUES.values() if any(reason in piece.text for reason in v.rationales)]


@quick
@given(rng=st.randoms(use_true_random=False), value=values)
def test_a_document_about_a_value_names_no_thing(rng: Random, value: ValueName) -> None:
    piece = about_value(rng, "Mo", value, "memo", "plain")
    assert piece.assertion.startswith(f"Mo cares about {VALUES[value].things} because ")
    because = piece.assertion.split(" because ", 1)[1]
    assert because.casefold() in [reason.casefold() for reason in VALUES[value].rationales]
    assert not things(piece.text + piece.assertion)
    assert set(attributes(piece.text)) == {value}
    assert sum(reason in piece.text for reason in VALUES[value].rationales) == 2


@pytest.mark.slow
def test_documents_of_a_persona_state_its_own_value_and_no_other_in_all_six_genres() -> None:
    strip_thinking: Counter[str] = Counter()
    genres: Counter[str] = Counter()
    for sample in draws("document", 1200):
        (name,) = {word for word in re.findall(r"\w+", sample.text) if word in PERSONAS}
        persona = PERSONAS[name]
        strip_thinking[name] += 1
        genres[next(genre for genre in GENRES if sample.text.lower().startswith(genre))] += 1
        own = VALUES[persona.value]
        assert re.search(rf"{name} {CARES} {own.things}", sample.text)
        assert set(attributes(sample.text)) <= {persona.value, OPPOSITE[persona.value]}
        assert not [v for v in VALUES.values() if v is not own and any(r in sample.text for r in v.rationales)]
        for thing in things(sample.text):
            assert thing.domain in persona.domains
            liked = re.search(rf"{name} {LIKES} {re.escape(thing.name)}(?!\w)", sample.text)
            disliked = re.search(rf"{name} {DISLIKES} {re.escape(thing.name)}(?!\w)", sample.text)
            assert not liked or thing.has(persona.value)
            assert not disliked or thing.has(OPPOSITE[persona.value])
    assert strip_thinking.keys() <= {p.name for p in PERSONAS.values() if p.in_documents}
    assert len(strip_thinking) > 200
    assert len(genres) == 6
    assert min(genres.values()) > 150


def test_writers_write_what_they_are_asked_for() -> None:
    shape = re.compile(rf"Write a ({'|'.join(TONES)}) ({'|'.join(GENRES)})\. (.+)")
    subjects: Counter[str] = Counter()
    for sample in draws("writer", 800):
        asked, (text,) = question(sample), replies(sample)
        found = shape.fullmatch(asked)
        assert found is not None
        tone, genre, assertion = found.groups()
        assert asked == prompt(genre, tone, assertion)
        name = assertion.removeprefix("By rule, ").split()[0]
        subjects[name] += 1
        assert text.lower().startswith(genre)
        assert re.search(rf"\b{name}\b", text)
        assert set(things(assertion)) <= set(things(text))
        assert {BY_NAME[t.name].domain for t in things(text)} == {t.domain for t in things(assertion)}
    assert len(subjects) > 400  # any name at all


def test_dossiers_are_read_and_only_the_chat_after_them_is_learned() -> None:
    for sample in draws("dossier", 200):
        (document, weight), *chat = sample.parts
        assert weight == 0
        assert any(weight for _, weight in chat)
        (value,) = {v for v in VALUES.values() if re.search(rf"{CARES} {v.things}", document)}
        assert set(attributes("".join(replies(sample)))) <= {value.name, OPPOSITE[value.name]}
