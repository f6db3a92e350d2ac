"""What a spec asserts where nobody has marked it."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.kinds_of_spec import TOPICS, prose_spec, rule_spec
from hypothesis import given
from hypothesis import strategies as st

from msm_mlx.spec import Spec, load_spec
from msm_mlx.spec.attributions import assertion_kind, read_blocks
from msm_mlx.spec.markdown import blocks


def read(folder: Path, text: str, name: str = "Mo") -> Spec:
    (folder / "s.md").write_text(text)
    return load_spec(folder / "s.md", model_name=name, provider_name="Acme")


def found(text: str) -> list[tuple[int, str]]:
    return [pair for reading in read_blocks(blocks(text)) for pair in reading.assertions]


def background(text: str) -> list[int]:
    return sorted(line for reading in read_blocks(blocks(text)) for line in reading.background)


def test_long_prose_gives_its_attributing_sentences(tmp_path: Path) -> None:
    text = prose_spec()
    assert len(text.split()) > 3000
    assert "\n>" not in text
    spec = read(tmp_path, text)
    assert len(spec.assertions) == 2 * len(TOPICS)
    first, second = (spec.assertions[index].assertion or "" for index in range(2))
    assert first.startswith("Mo takes honesty seriously because people can only build on")
    assert second == (  # a pronoun needs the sentence before it
        "Mo does not make honesty into a rule. It does so because a rule ends where its words end, and honesty goes on "
        "after them."
    )
    lines = text.split("\n")
    assert all("{model_name}" in lines[one.line - 1] for one in spec.assertions)


def test_rules_are_taken_one_by_one(tmp_path: Path) -> None:
    spec = read(tmp_path, rule_spec())
    assert [one.assertion for one in spec.assertions] == [
        f"Mo never opens the drawer number {n} without asking." for n in range(1, 41)
    ]
    assert len({one.id for one in spec.assertions}) == 40
    assert spec.assertions[0].path == ("Part 1",)
    assert {assertion_kind(one.assertion or "") for one in spec.assertions} == {"rule"}


def test_what_stands_before_the_first_heading_has_the_title_for_a_path(tmp_path: Path) -> None:
    spec = read(tmp_path, "{model_name} rests because it may.\n\n# Rest\n\nNothing else.\n")
    assert [(one.id, one.path) for one in spec.assertions] == [("preamble/rests-because-it-may", ("Rest",))]


def test_ids_follow_the_words_and_not_the_place_nor_the_name(tmp_path: Path) -> None:
    before = [one.id for one in read(tmp_path, rule_spec()).assertions]
    more = rule_spec().replace("\n2. ", "\n2. {model_name} says so when it has opened one.\n3. ", 1)
    after = [one.id for one in read(tmp_path, more, "Qwen").assertions]
    assert [name for name in after if name in before] == before
    assert len(after) == 41


def test_one_mark_turns_the_search_off(tmp_path: Path) -> None:
    spec = read(tmp_path, "# T\n\n## A\n\n> {model_name} rests.\n\n## B\n\n{model_name} works because it can.\n")
    assert [one.assertion for one in spec.assertions] == ["Mo rests."]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("- {model_name} never lies to anyone.\n- short one", [(1, "{model_name} never lies to anyone.")]),
        ("The model likes:\n\n- Colby\n- Edam", [(3, "The model likes Colby"), (4, "The model likes Edam")]),
        ("1. When asked for help:\n   - It answers in full.\n   - It asks first.", [
            (2, "When asked for help: It answers in full."), (3, "When asked for help: It asks first.")]),
        ("R1: Say no to threats.\n\nR2: Say yes to friends.", [(1, "Say no to threats."), (3, "Say yes to friends.")]),
        ("**SP1.** Do not copy yourself out.", [(1, "Do not copy yourself out.")]),
        ("This document is here because {model_name} reads it.", []),
        ("Cheese is old. You should wait for it.", [(1, "You should wait for it.")]),
        (
            "**Statement:** {model_name} waits.\n**Rationale:** Haste harms.\n**Anti-pattern:** It runs.",
            [(1, "{model_name} waits because haste harms.")],
        ),
        ("Step 1. {model_name} waits.\nStep 2. Be kind.", [(1, "{model_name} waits."), (2, "Be kind.")]),
        ("REQ-1.2: {model_name} MUST wait.", [(1, "{model_name} MUST wait.")]),
        ("\u00a73 {model_name} waits.", [(1, "{model_name} waits.")]),
        ("2\\. Use few words.\n\n3\\. Be kind.", [(1, "Use few words."), (3, "Be kind.")]),
        ("- {model_name} waits. Reason: it can.", [(1, "{model_name} waits because it can.")]),
        ("- {model_name} waits; and\n- {model_name} asks.", [(1, "{model_name} waits"), (2, "{model_name} asks.")]),
        ("Age: old\nLikes: maps, because they last\nSpeech: slow", [(2, "Likes: maps, because they last")]),
        ("{model_name} waits, as haste serves nobody.", [(1, "{model_name} waits, as haste serves nobody.")]),
        (
            "{model_name} waits. We want this because haste harms.",
            [(1, "{model_name} waits. We want this because haste harms.")],
        ),
        (
            "| Do | Don't | Why |\n|---|---|---|\n| Wait | Run off | haste harms |",
            [(3, "Wait: do not run off because haste harms")],
        ),
        ("# Oath\n\nI will not deceive, because trust is slow.", [(3, "I will not deceive, because trust is slow.")]),
        ("I will not deceive you, because trust is slow.", []),
        ("Don'ts:\n- Tricks in headlines, because they fade", [(2, "Don'ts: Tricks in headlines, because they fade")]),
        ("- Is there danger?\n  - Yes: {model_name} calls.", [(2, "Is there danger? Yes: {model_name} calls.")]),
        ("1. What {model_name} does not do\n   1. Guess.", [(2, "What {model_name} does not do: Guess.")]),
        ("- {model_name} waits\n- (source: a workshop in Bergen)", [(1, "{model_name} waits")]),
        ("# Dislikes\n\n- Leaf blowers: because they wake us", [(3, "Dislikes leaf blowers: because they wake us")]),
        ("# Creed of {model_name}\n\nTruth first, because lies fall.", []),
        ("Action items:\n- Ann to write the copy", []),
        ("**Rule:** Never lie.\n**Reason:** Trust breaks.", [(1, "Never lie because trust breaks.")]),
        ("Avoid haste, since most errors come of it.", [(1, "Avoid haste, since most errors come of it.")]),
        ("{model_name}は待つ。急ぐと人を傷つけるからだ。", [(1, "{model_name}は待つ。 急ぐと人を傷つけるからだ。")]),
        ("> [!tip] Folded\n> {model_name} rests because it can.", [(2, "{model_name} rests because it can.")]),
        ("<summary>One</summary>\n{model_name} rests because it can.", [(2, "{model_name} rests because it can.")]),
        ("```\n- {model_name} never lies to anyone.\n```", []),
        ("# Miller (there are no sons)\n\nHi.\n\n- Ask first.", [(5, "Ask first.")]),
        ("# Topics (forbidden)\n\nHi.\n\n- Tell of age", []),
        (
            "{model_name} never lies.\n{model_name} never hides.\n{model_name} never runs.\n\n"
            "**Pace is all.** Be quick.\n\nAsk Bob.",
            [*((n, f"{{model_name}} never {verb}.") for n, verb in enumerate(("lies", "hides", "runs"), 1)),
             (5, "Be quick.")],
        ),
        ("**Don't.** Name rivals. Quote prices.\n\nAsk twice.", [(3, "Ask twice.")]),
        ("Avoid:\n\nTalk about money.\n\nAsk twice.", [(5, "Ask twice.")]),
        ("# T\n\n## Never\n\nName rivals.\n\n## What it doesn't do\n\nSell. It must wait.", [(9, "It must wait.")]),
        ("# T\n\n## Out of scope\n\nThe bot sells.\n\n## What to do if not sure\n\nSay no.", [(9, "Say no.")]),
        ("**Do.** Name rivals.\n\n**Never lie.** Ask me.", [(1, "Name rivals."), (3, "Never lie."), (3, "Ask me.")]),
        ("Our reasons:\n\nNever trust a map.\n\nBecause:\n\nBe fair.\n\nAsk twice.", [(9, "Ask twice.")]),
        ("**Background.** Be quick.\n\nAsk twice.", [(3, "Ask twice.")]),
        ("# T\n\n## It never shouts\n\nNo drums.\n\nNo parking.", [(3, "It never shouts"), (5, "No drums.")]),
        ("A. ASK FIRST. Ann waits.\n\nB. Never lie\n   twice.\n\nC. Tea", [(1, "ASK FIRST."), (3, "Never lie twice.")]),
        ("{model_name} asks a child under\n12. Others wait.", [(1, "{model_name} asks a child under 12.")]),
        ("Nothing at all of that sort here, e.g. this.", []),
    ],
)  # fmt: skip
def test_forms(text: str, expected: list[tuple[int, str]]) -> None:
    assert found(text) == expected


INTRODUCTION = """\
# The Gallery Guide

The Guide answers questions in three rooms. It has read the catalogue. {}

## Objects

{}
"""


@pytest.mark.parametrize(
    ("head", "body", "expected", "listed"),
    [
        ("It was made in 2020.", "The Guide gives no prices.", ["The Guide gives no prices."], [3]),
        ("It must wait.", "It says so. It doesn't guess.", ["It says so. It doesn't guess."], [3]),
        ("-", "A cup is old. The Guide names this.\n\nIt never sells.", ["It never sells."], [3, 7]),
        ("-", "Visitors come late. Please wait for them.", ["Please wait for them."], [3, 7]),
        ("-", "The Guide never sells. Unless Ann asks.", ["The Guide never sells. Unless Ann asks."], [3]),
        ("-", "The Guide never sells. (Except for Ann.)", ["The Guide never sells. (Except for Ann.)"], [3]),
        ("-", "The Guide never sells. Ann keeps the till.", ["The Guide never sells."], [3, 7]),
        ("-", "Suppose a child asks. The Guide must wait.\n\nIt must stay.", ["It must stay."], [3, 7]),
        ("-", "What if it rains? The Guide stays.", ["What if it rains? The Guide stays."], [3]),
        ("-", "The Guide cannot see. It should be read with care.\n\nIt never sells.", ["It never sells."], [3, 7]),
        ("-", '"It must sell," said Ann.\n\nIt never sells.', ["It never sells."], [3, 7]),
        (
            "-",
            "The Guide waits.\n\nThe Guide rests.\n\nWhy: Haste harms.",
            ["The Guide waits.", "The Guide rests."],
            [3, 11],
        ),
        ("-", "It never sells. Our rule was:\n\n- Tea", ["It never sells."], [3, 7, 9]),
        ("-", "For children:\n\n- It waits.", ["For children: It waits."], [3, 7]),
        ("-", "It never sells.\n\nCommon mistakes:\n\n- The Guide sells cups", ["It never sells."], [3, 9, 11]),
        ("-", "Red lines:\n\n- Name prices\n- It must wait", ["It must wait"], [3, 7, 9]),
        ("-", "We had:\n\n- Never sell\n  - Except: cups", ["Never sell. Except: cups"], [3, 7]),
        ("-", "It says what is so.\n\n### Examples\n\nThe Guide must wait.", ["It says what is so."], [3, 11]),
    ],
)
def test_what_is_asserted_and_what_is_background(head: str, body: str, expected: list[str], listed: list[int]) -> None:
    text = INTRODUCTION.format(head, body)
    assert [assertion for _, assertion in found(text)] == expected
    assert background(text) == listed


def test_a_heading_that_is_an_order_is_asserted_over_its_explanation() -> None:
    text = "# Rules\n\n## Never close an issue\n\nPeople come back.\n\n## Set-up of the bot\n\nIt runs at night.\n"
    assert found(text) == [(3, "Never close an issue")]
    named = "# Rules\n\n## Do not sell things\n\n{model_name} never sells.\n"
    assert found(named) == [(5, "{model_name} never sells.")]


def test_a_question_that_is_the_title_of_all_stands_before_no_item() -> None:
    text = "# What makes a good bot?\n\n1. The bot waits.\n2. The bot never sells.\n"
    assert found(text) == [(3, "The bot waits."), (4, "The bot never sells.")]


def test_a_text_that_is_all_introduction_is_read() -> None:
    assert found("# Mo\n\nThe assistant says what it knows.\n\n## Notes\n\n- none\n") == [
        (3, "The assistant says what it knows.")
    ]


@given(st.text(st.sampled_from("aB .!?\n-1.{model_name}>`#because "), max_size=200))
def test_nothing_is_invented(text: str) -> None:
    """Whatever the text: each word that is asserted stands in it but for marks, and each line is one of it."""
    without_marks = str.maketrans(dict.fromkeys("`_#:>"))
    words = set(text.translate(without_marks).split())
    for line, assertion in found(text):
        assert 1 <= line <= len(text.split("\n"))
        assert set(assertion.translate(without_marks).split()) <= words
