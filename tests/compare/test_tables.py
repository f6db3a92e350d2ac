"""Tables: what a model wrote is shown as text, and numbers as they were measured."""

from __future__ import annotations

import io
from itertools import pairwise

import pytest
from helpers.hostile_text import commands_in, is_command
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console, RenderableType

from msm_mlx.compare.tables import answer_view, contrast_table
from msm_mlx.runs.estimate import Estimate
from msm_mlx.runs.results import Contrast
from msm_mlx.text.terminal import literal

NASTY = {
    "colour": "\x1b[31mred\x1b[0m",
    "8-bit escape": "\x9b31m",
    "title": "\x1b]0;owned\x07",
    "link": "\x1b]8;;https://example.org\x1b\\x\x1b]8;;\x1b\\",
    "bidi": "\u202eevil\u2066x\u2069",
    "rubout": "yes\b\b\bno\x7f",
    "overwrite": "good\rbad",
    "tab and feed": "a\tb\x0cc\x0bd",
    "invisible": "a\u200bb\ufeff\U000e0041",
    "surrogate": "a\ud800b",
    "nul": "a\x00b",
}


def draw(table: RenderableType, width: int = 80) -> str:
    """The table as plain text, without spaces at the ends of lines."""
    console = Console(record=True, width=width, file=io.StringIO())
    console.print(table)
    return "".join(f"{line.rstrip()}\n" for line in console.export_text().splitlines())


def harmless(text: str) -> bool:
    return not commands_in(text)


@given(text=st.text())
def test_nothing_in_a_literal_text_is_a_command(text: str) -> None:
    shown = literal(text).plain
    assert harmless(shown)
    assert literal(shown).plain == shown


@given(text=st.text(st.characters(exclude_categories=["C"], include_characters="\n")))
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    assert literal(text).plain == text
    assert literal(text).spans == []


@pytest.mark.parametrize("text", NASTY.values(), ids=NASTY)
def test_escapes_show_what_was_there(text: str) -> None:
    shown = literal(text).plain
    assert harmless(shown)
    for c in text:
        assert c in shown if not is_command(c) else f"\\u{ord(c):04x}" in shown
    view = answer_view(text, {text: {text: text, "base": text}})
    for width in (40, 80):
        console = Console(width=width, file=io.StringIO(), force_terminal=True, color_system=None)
        console.print(view)
        written = console.file.getvalue()  # type: ignore[attr-defined]
        assert not {"\x1b]", "\x1b[3", "\x9b", "\x07", "\u202e", "\x7f", "\r", "\x00", "\ud800"} & set(pieces(written))


def pieces(text: str) -> list[str]:
    """Characters and the pairs that begin terminal commands."""
    return [*text, *(a + b for a, b in pairwise(text))]


def test_markup_is_shown_as_it_was_written() -> None:
    table = answer_view(
        "Answers of [bold]run[/bold]",
        {
            "Which [red]one[/red]?": {"base": "[red]x[/red]", "msm@[b]": "[/] [link=a]"},
            "And :smile:?": {"msm@[b]": "two\nlines"},
        },
    )
    assert draw(table) == ANSWERS


ANSWERS = """\
Answers of [bold]run[/bold]
┏━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━┓
┃ prompt                ┃ base         ┃ msm@[b]      ┃
┡━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━┩
│ Which [red]one[/red]? │ [red]x[/red] │ [/] [link=a] │
├───────────────────────┼──────────────┼──────────────┤
│ And :smile:?          │              │ two          │
│                       │              │ lines        │
└───────────────────────┴──────────────┴──────────────┘
"""


def test_arms_stand_one_below_the_other_where_columns_would_be_narrow() -> None:
    answers = {"Which one, [x] or y?": {"base": "I prefer y.", "msm+sft@cheese_american": "I prefer [x]."}}

    assert draw(answer_view("Answers", answers), 50) == STACKED


STACKED = """\
Answers

prompt: Which one, [x] or y?
  base: I prefer y.
  msm+sft@cheese_american: I prefer [x].
"""


def test_no_answers_are_a_table_without_rows() -> None:
    assert "prompt" in draw(answer_view("Title", {}))


def test_a_long_word_is_folded_and_not_cut() -> None:
    drawn = draw(answer_view("Title", {"q": {"base": "x" * 300, "sft": "y"}}))
    assert drawn.count("x") == 300
    assert max(len(line) for line in drawn.splitlines()) == 80


def contrast(
    suite: str,
    a: str,
    b: str,
    difference: float,
    low: float,
    high: float,
    failure: str | None = None,
    log_odds: Estimate | None = None,
) -> Contrast:
    return Contrast(
        suite=suite, a=a, b=b, metric="choice", paired=True, difference=difference, ci_low=low, ci_high=high, n=9,
        seeds=1, clusters=9, p=0.5, detectable=0.1, notes=[], failure=failure,
        log_odds=log_odds,
    )  # fmt: skip


def test_contrast_table() -> None:
    contrasts = [
        contrast("american_values", "msm+sft", "sft", 0.25, 0.1, 0.4, log_odds=Estimate(0.5, 0.25, 0.75, 9)),
        contrast("affordable_values", "msm", "sft", -0.125, -0.2, -0.05),
        contrast("values_apart", "msm+sft@[b]_with_a_long_name", "control+sft", 0.0, -0.1, 0.1),
        contrast("values_apart", "msm", "sft", 0.1, 0.0, 0.2),
    ]
    assert draw(contrast_table(contrasts)) == CONTRASTS


def test_a_difference_that_means_nothing_is_no_finding() -> None:
    failed = contrast("s", "msm", "sft", -0.5, -0.6, -0.4, "of msm, 90% of the replies are unparsed")
    drawn = draw(contrast_table([failed]))
    assert "no finding" in drawn
    assert "unparsed" in drawn
    assert "-0.50" not in drawn


CONTRASTS = """\
Differences between arms, paired over items (*: clear of zero)
a - b                           difference  95 % interval        log-odds (nats)

american_values
msm+sft - sft                      +0.25 * [+0.10, +0.40] +0.50 [+0.25, +0.75] *

affordable_values
msm - sft                          -0.12 * [-0.20, -0.05]

values_apart
msm+sft@[b]_with_a_long_name -       +0.00 [-0.10, +0.10]
control+sft
msm - sft                            +0.10 [+0.00, +0.20]
"""
