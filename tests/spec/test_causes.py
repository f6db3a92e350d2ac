"""Words that give reasons, in the languages that people write specs in."""

# ruff: noqa: RUF001
from __future__ import annotations

import pytest

from msm_mlx.spec.causes import CAUSE, CAUSES, REASON_LABEL, Phrases, as_cause, gives_reason, pattern

REASONS = [
    "Mo waits since it can.",
    "Mo waits, given that it can.",
    "Mo waits so as not to hurry.",
    "Mo waits lest it hurries.",
    "Mo wartet, weil es geht.",
    "Mo wartet, um nichts zu verpassen.",
    "Mo attend parce que c'est bon.",
    "Mo attend, car c'est bon.",
    "Mo espera porque es bueno.",
    "Mo espera, ya que es bueno.",
    "Mo aspetta perché è bene.",
    "Mo wacht omdat het kan.",
    "Mo wacht, want het kan.",
    "Mo väntar eftersom det går.",
    "Mo czeka, ponieważ może.",
    "Mo czeka, bo może.",
    "Мо ждёт, потому что так лучше.",
    "Mo bekler çünkü iyidir.",
    "Mo chờ vì tốt.",
    "Mo menunggu karena baik.",
    "مو ينتظر لأنه جيد",
    "مو منتظر می‌ماند چون خوب است",
    "מו מחכה כדי לעזור",
    "मो रुकता है क्योंकि यह अच्छा है",
    "মো অপেক্ষা করে কারণ ভালো",
    "口袋喜欢本地制造，因为小镇有工作。",
    "為了小鎮，口袋選擇本地。",
    "モーは町が生きるので待ちます。",
    "町のためにモーは待つ。",
    "모는 좋기 때문에 기다린다.",
    "โมรอเพราะดี",
    "Ο Μο περιμένει επειδή είναι καλό.",
]


@pytest.mark.parametrize("sentence", REASONS)
def test_a_reason_is_seen_in_its_language(sentence: str) -> None:
    assert CAUSE.search(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "Mo has a car.",
        "Mo does what people want.",
        "Mo likes agar.",
        "口袋喜欢奶酪。",
        "Mo mag Käse.",
        "モーは町から来た。",
        "Mo waits here.",
    ],
)
def test_a_plain_statement_gives_none(sentence: str) -> None:
    assert not CAUSE.search(sentence)


def test_each_language_stands_in_one_row() -> None:
    assert len({row.language for row in CAUSES}) == len(CAUSES)


@pytest.mark.parametrize(
    ("reason", "clause"),
    [
        ("Why: It helps.", "because it helps."),
        ("Because it helps.", "because it helps."),
        ("American towns need it", "because American towns need it"),
        ("Figures travel far.", "because figures travel far."),
        ("Repeating a rumour spreads it", "because repeating a rumour spreads it"),
        ("European law demands it", "because European law demands it"),
        ("原因：有用", "因为 有用"),
        ("السبب: الذعر ينتشر", "لأن الذعر ينتشر"),
        ("Причина: так лучше", "потому что так лучше"),
        ("Reason - {model_name} can", "because {model_name} can"),
        ("Why", "because Why"),
    ],
)
def test_a_reason_that_stands_alone_becomes_a_clause(reason: str, clause: str) -> None:
    assert as_cause(reason) == clause


def test_a_label_is_one_only_with_what_ends_it() -> None:
    assert REASON_LABEL.match("Rationale: so it is")
    assert not REASON_LABEL.match("Reasons differ from one day to another")


def test_words_of_scripts_with_spaces_stand_alone() -> None:
    words = pattern([Phrases("a", ("so",)), Phrases("b", ("因",), is_spaced=False)], "x+")
    assert [bool(words.search(text)) for text in ("so it", "also", "原因是", "axxb", "a xx b")] == [
        True, False, True, True, True,
    ]  # fmt: skip


def test_a_text_may_begin_as_a_reason() -> None:
    texts = ("Because it can.", "Why: so.", "因为有用", "It waits because.", "Whyever not")
    assert [gives_reason(text) for text in texts] == [True, True, True, False, False]
