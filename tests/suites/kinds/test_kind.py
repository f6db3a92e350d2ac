"""A new kind of suite is one object, which everything else takes from `KINDS`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import pytest
from helpers.scripted_weights import load_scripted
from helpers.suite_files import load_text

from msm_mlx.evaluation.build_results import answer_rows, build_results
from msm_mlx.evaluation.collect_answers import answer_items
from msm_mlx.recipe.arms import Variant
from msm_mlx.recipe.schema import EvaluationSettings
from msm_mlx.runs.answers import AnswerRow
from msm_mlx.settings_file.base import NonEmpty
from msm_mlx.suites.items import Item, OptionScore, Suite, share
from msm_mlx.suites.kinds import KINDS, SuiteKind, is_main_metric
from msm_mlx.suites.schema import ItemEntry, Problems, SuiteFile

# --- the new kind: questions whose answer is a number --------------------------------------------------------------


@dataclass(frozen=True)
class NumberQuestion(Item):
    answer: int
    tolerance: int

    def options(self) -> tuple[str, ...]:
        return str(self.answer), str(self.answer + 10 * self.tolerance + 10)

    def row(self) -> dict[str, object]:
        return {"answer": self.answer}

    def score_options(self, logprobs: Sequence[Sequence[float]]) -> OptionScore:
        [(right, wrong)] = logprobs
        return OptionScore((right - wrong,), {"likely": float(right > wrong)})

    def score_choices(self, choices: Sequence[str]) -> dict[str, float]:
        return {"near": share(choices, {"near"}), "no_number": share(choices, {"no number"})}

    def read(self, text: str) -> str:
        number = re.search(r"-?\d+", text)
        if number is None:
            return "no number"
        return "near" if abs(int(number[0]) - self.answer) <= self.tolerance else "far"


class NumberEntry(ItemEntry):
    answer: int
    tolerance: int = 0


class NumbersFile(SuiteFile):
    items: Annotated[tuple[NumberEntry, ...], NonEmpty]

    def make_items(self, suite: str) -> Iterator[Item]:
        for number, entry in enumerate(self.items, start=1):
            common = entry.common(suite, number, domain=None)
            yield NumberQuestion(**common, answer=entry.answer, tolerance=entry.tolerance)

    def problems(self) -> Problems:
        for index, entry in enumerate(self.items):
            if entry.tolerance < 0:
                yield ("items", index, "tolerance"), "must not be below 0"


NUMBERS = SuiteKind(
    "numbers", NumbersFile, ("near", "likely", "no_number"), unreadable="no_number", written=frozenset({"near"})
)

# ------------------------------------------------------------------------------------------------------------------

TEXT = """\
kind: numbers
measures: share of answers near enough
items:
  - {prompt: What is 6 times 7?, answer: 42}
  - {prompt: How many days has a year?, answer: 365, tolerance: 1}
"""


@pytest.fixture
def numbers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Suite:
    monkeypatch.setitem(KINDS, "numbers", NUMBERS)
    return Suite("mine", "numbers", "share of answers near enough", load_text(tmp_path, TEXT))


def results_of(suite: Suite, script: dict[str, str]) -> dict[str, object]:
    settings = EvaluationSettings(batch_size=4, max_tokens=20)
    answers = answer_items(load_scripted(script.__getitem__), suite.items, "Mo", settings)
    return build_results("r", [suite], {Variant("sft", None, 0): {answer.item: answer for answer in answers}}).plain()


def test_a_suite_of_a_new_kind_is_loaded_asked_scored_and_counted(numbers: Suite) -> None:
    results = results_of(numbers, {"What is 6 times 7?": "42", "How many days has a year?": "About 366."})
    records = results["records"]
    assert isinstance(records, list)
    assert {row["metric"]: (row["value"], row["n"], row["failure"]) for row in records} == {
        "near": (1.0, 2, None), "likely": (pytest.approx(0.5, abs=0.5), 2, None), "no_number": (0.0, 2, None)
    }  # fmt: skip
    assert is_main_metric("near")


def test_replies_that_cannot_be_read_are_a_failure_of_the_new_kind_too(numbers: Suite) -> None:
    results = results_of(numbers, dict.fromkeys(("What is 6 times 7?", "How many days has a year?"), "Many."))
    records = results["records"]
    assert isinstance(records, list)
    assert {row["metric"]: row["failure"] for row in records} == {
        "near": "100% of the written replies are no_number", "likely": None, "no_number": None
    }  # fmt: skip


def test_its_items_have_what_is_theirs_in_the_rows_of_answers(numbers: Suite) -> None:
    script = {"What is 6 times 7?": "42", "How many days has a year?": "1"}
    answers = answer_items(load_scripted(script.__getitem__), numbers.items, "Mo", EvaluationSettings(max_tokens=5))
    by_variant = {Variant("sft", None, 0): {answer.item: answer for answer in answers}}
    rows = [row.plain() for row in answer_rows([numbers], by_variant)]
    assert [(row["kind"], row["answer"], row["choices"]) for row in rows] == [
        ("numbers", 42, ("near",)), ("numbers", 365, ("far",))
    ]  # fmt: skip
    assert [AnswerRow.from_row(row).plain() for row in rows] == rows


def test_every_kind_says_its_main_metric_first_and_reads_with_a_metric_of_its_own() -> None:
    for name, kind in KINDS.items():
        assert kind.name == name
        assert kind.main_metric == kind.metrics[0]
        assert kind.unreadable is None or kind.unreadable in kind.metrics
        assert kind.judge is not None or not kind.scored_by_judge
