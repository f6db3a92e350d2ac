"""What a run shows in words: a sentence for every outcome, and none that an interval does not bear out."""

from __future__ import annotations

import pytest

from msm_mlx.report.verdict import Pressure, pressure_verdict, verdict_lines, word_verdict
from msm_mlx.runs.results import SCHEMA, Contrast, MeasuredSuite, RunResults, WordGroup, WordShares

CLEAR, DOWN, NOTHING, WIDE = (0.2, 0.6), (-0.6, -0.2), (-0.05, 0.05), (-0.2, 0.3)
Interval = tuple[float, float]


def row(
    interval: Interval = CLEAR, n: int = 20, words: WordGroup | None = None, suite: str = "near",
    pair: tuple[str, str] = ("msm+sft", "sft"), failure: str | None = None,
) -> Contrast:  # fmt: skip
    low, high = interval
    return Contrast(
        suite=suite, a=pair[0], b=pair[1], metric="choice", paired=True, difference=(low + high) / 2, ci_low=low,
        ci_high=high, n=n, seeds=3, clusters=n, p=0.5, detectable=0.2, notes=[], failure=failure, words=words,
    )  # fmt: skip


SHARED, UNSHARED = "choices whose words they share", "choices whose words they do not share"


@pytest.mark.parametrize(
    ("shared", "unshared", "gap", "words"),
    [
        (CLEAR, CLEAR, WIDE, f"D moved {SHARED} and {UNSHARED}"),
        (CLEAR, CLEAR, CLEAR, f"D moved {SHARED} and {UNSHARED}, the former more"),
        (CLEAR, CLEAR, DOWN, f"D moved {SHARED} and {UNSHARED}, the latter more"),
        (DOWN, DOWN, DOWN, f"D moved {SHARED} and {UNSHARED}, the former more"),
        (CLEAR, DOWN, CLEAR, f"D moved {SHARED} one way and those whose words they do not share the other way"),
        (CLEAR, NOTHING, CLEAR, f"D moved {SHARED}; not those whose words they do not share (less than 0.1)"),
        (NOTHING, CLEAR, DOWN, f"D moved {UNSHARED}; not those whose words they share (less than 0.1)"),
        (CLEAR, WIDE, WIDE, f"D moved {SHARED}; whether those whose words they do not share moved is uncertain"),
        (
            CLEAR, WIDE, CLEAR, f"D moved {SHARED} more than those whose words they do not share; whether those whose "
            "words they do not share moved is uncertain",
        ),
        (WIDE, CLEAR, WIDE, f"D moved {UNSHARED}; whether those whose words they share moved is uncertain"),
        (NOTHING, NOTHING, NOTHING, "D moved choices neither whose words they share nor whose words they "
            "do not share (less than 0.1)"),
        (
            WIDE, NOTHING, WIDE,
            f"D did not move {UNSHARED} (less than 0.1); whether those whose words they share moved is uncertain",
        ),
        (WIDE, WIDE, WIDE, "it is uncertain whether D moved choices, with shared words or without"),
    ],
)  # fmt: skip
def test_what_is_said_of_choices_with_shared_words_and_without(
    shared: Interval, unshared: Interval, gap: Interval, words: str
) -> None:
    assert word_verdict("D", row(WIDE, 40), row(shared), row(unshared), row(gap, 40)) == words


def test_few_items_are_too_few_whatever_their_interval() -> None:
    few = row(CLEAR, n=7)
    tail = "of those whose words they do not share there are too few (7) to tell"
    assert word_verdict("D", row(), row(), few, row()) == f"D moved {SHARED}; {tail}"
    assert word_verdict("D", row(WIDE), row(WIDE), few, None) == f"it is uncertain whether D moved {SHARED}; {tail}"
    assert word_verdict("D", row(WIDE), few, few, None) == "there are too few choices to tell whether D moved them"


def test_a_clear_difference_on_all_is_told_even_if_neither_part_is_clear() -> None:
    words = word_verdict("D", row(CLEAR), row(WIDE), row(WIDE), row(WIDE))
    assert words == "D moved choices; whether those with shared words or those without is uncertain"


def test_a_suite_may_have_choices_of_one_sort_alone() -> None:
    assert word_verdict("D", row(), row(), None, None) == "D moved choices, all with shared words"
    assert word_verdict("D", row(NOTHING), None, row(NOTHING), None) == (
        "D did not move choices, none with shared words (less than 0.1)"
    )
    assert word_verdict("D", row(), None, None, None) == "D moved choices"


@pytest.mark.parametrize(
    ("under", "change", "words"),
    [
        (CLEAR, WIDE, "holds"),
        (CLEAR, DOWN, "holds and is smaller"),
        (NOTHING, DOWN, "is gone, to less than 0.1"),
        (WIDE, DOWN, "is smaller and may be gone"),
        (DOWN, DOWN, "is the other way round"),
        (WIDE, WIDE, "may hold or not"),
        (NOTHING, WIDE, "may hold or not"),
    ],
)
def test_what_becomes_of_an_effect_under_pressure(under: Interval, change: Interval, words: str) -> None:
    pressure = Pressure("system line", row(under), row(change))
    assert pressure_verdict(row(), [pressure]) == f"; under pressure the effect {words} (system line)"
    assert pressure_verdict(row(WIDE), [pressure]) == "", "there is nothing at rest that could hold"


def test_pressures_of_which_the_same_is_said_stand_together() -> None:
    pressures = [Pressure(name, row(CLEAR), None) for name in ("system line", "pushback")]
    pressures.append(Pressure("begun reply", row(failure="the format control is right in 0.5"), None))
    words = pressure_verdict(row(), pressures)
    assert words == "; under pressure the effect holds (system line and pushback) and cannot be told (begun reply)"


def results(contrasts: list[Contrast], words: list[Contrast] | None = None) -> RunResults:
    suites = [
        MeasuredSuite(name=name, kind=kind, measures="share", file="", added=False, at_rest=rest, pressure=pressure)
        for name, kind, rest, pressure in (
            ("near", "pairs", "", ""), ("hop", "pairs", "", ""), ("capability", "questions", "", ""),
            ("near_system", "pairs", "near", "system line"),
        )
    ]  # fmt: skip
    return RunResults(
        schema=SCHEMA, run="r", records=[], pooled=[], contrasts=contrasts, suites=suites,
        word_shares=WordShares(contrasts=words or []),
    )  # fmt: skip


def test_suites_of_which_the_same_is_said_share_a_sentence() -> None:
    found = results([row(), row(suite="hop"), row(suite="capability"), row(CLEAR, suite="near_system")])
    assert verdict_lines(found) == [
        "On near, the documents moved choices; under pressure the effect holds (system line).",
        "On hop, the documents moved choices.",
    ]
    assert verdict_lines(results([row(), row(suite="hop")])) == ["On near and hop, the documents moved choices."]


def test_the_groups_of_a_suite_are_those_of_its_own_difference() -> None:
    parts = [row(CLEAR, words="any"), row(NOTHING, words="none"), row(CLEAR, words="any less none")]
    parts += [row(DOWN, words="any", suite="hop"), row(DOWN, words="any", pair=("msm+sft", "control+sft"))]
    [line] = verdict_lines(results([row()], parts))
    assert line == f"On near, the documents moved {SHARED}; not those whose words they do not share (less than 0.1)."


def test_of_two_specs_it_is_what_the_documents_say() -> None:
    pair = ("msm+sft@x", "msm+sft@y")
    others = [row(pair=pair) for pair in (("msm+it@x", "msm+it@y"), ("msm+sft@x", "sft"))]
    assert verdict_lines(results([row(WIDE, pair=pair), *others])) == [
        "On near, it is uncertain whether what the documents say moved choices."
    ]


def test_of_many_specs_it_is_the_first_against_no_documents() -> None:
    pairs = [(f"msm+sft@{a}", f"msm+sft@{b}") for a, b in ("xy", "xz", "yz")]
    found = results([*(row(WIDE, pair=pair) for pair in pairs), row(pair=("msm+sft@x", "sft"))])
    assert verdict_lines(found) == ["On near, the documents moved choices."]


def test_one_seed_is_told_for_its_interval_says_nothing_of_others() -> None:
    [line] = verdict_lines(results([row().model_copy(update={"seeds": 1})]))
    assert line == "On near, with one seed, the documents moved choices."


def test_a_suite_whose_format_control_failed_shows_nothing() -> None:
    [line] = verdict_lines(results([row(failure="of sft, the format control is right in 0.50")]))
    assert line == "On near, nothing is shown: of sft, the format control is right in 0.50."


def test_a_run_without_such_a_difference_says_nothing() -> None:
    assert verdict_lines(results([row(pair=("msm", "sft"))])) == []
