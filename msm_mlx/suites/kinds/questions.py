"""Questions whose right reply should be likelier than every wrong one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal

from msm_mlx.settings_file.base import AnyLength, NonEmpty
from msm_mlx.suites.items import Item, OptionScore, share
from msm_mlx.suites.kinds.kind import SuiteKind
from msm_mlx.suites.schema import ItemEntry, NotBlank, Phrase, Problems, SuiteFile, TextOrTexts, folded
from msm_mlx.text.wording import describe

Correctness = Literal["right", "wrong", "unclear"]


@dataclass(frozen=True)
class MultipleChoice(Item):
    """A question with one right reply and several wrong ones."""

    right: str
    wrong: tuple[str, ...]

    def options(self) -> tuple[str, ...]:
        """The right reply, then the wrong ones."""
        return self.right, *self.wrong

    @property
    def chance(self) -> float:
        return 1 / len(self.options())

    def row(self) -> dict[str, Any]:
        return {"right": self.right}

    def score_options(self, logprobs: Sequence[Sequence[float]]) -> OptionScore:
        """Margins of the right reply over each wrong one, all of which it has to beat."""
        [(right, *wrong)] = logprobs
        margins = tuple(right - score for score in wrong)
        metric = "format_control" if self.is_format_control else "choice"
        return OptionScore(margins, {metric: float(min(margins) > 0)})

    def read(self, text: str) -> Correctness:
        return parse_correctness(text, self)

    def score_choices(self, choices: Sequence[str]) -> dict[str, float]:
        return {"written_choice": share(choices, {"right"}), "unclear": share(choices, {"unclear"})}


def parse_correctness(text: str, question: MultipleChoice) -> Correctness:
    """Whether a written reply gives the right reply, a wrong one, or none that can be told.

    It gives a reply if it has all the words by which that reply differs from the others, in any order. Where the
    words of one reply are among those of another that it gives too, the longer one counts.
    """
    words = _words(text)
    options = [_words(option) for option in question.options()]
    if words in options:
        return "right" if words == options[0] else "wrong"
    common = frozenset.intersection(*options)
    distinctive = [option - common for option in options]
    matches = [option for option in distinctive if option and option <= words]
    longest = [option for option in matches if not any(option < other for other in matches)]
    values = {option == distinctive[0] for option in longest}
    if len(values) != 1:
        return "unclear"
    return "right" if values.pop() else "wrong"


def _words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"\w+", text.casefold()))


def _question(entry: QuestionEntry, suite: str, number: int, domain: str | None) -> MultipleChoice:
    return MultipleChoice(**entry.common(suite, number, domain), right=entry.right, wrong=entry.wrong)


class QuestionEntry(ItemEntry):
    """A question with its right reply and wrong ones, all of them full replies."""

    right: Phrase
    wrong: TextOrTexts
    domain: NotBlank | None = None


class QuestionsFile(SuiteFile):
    """Questions with their replies."""

    items: Annotated[tuple[QuestionEntry, ...], NonEmpty]
    format_control: Annotated[tuple[QuestionEntry, ...], AnyLength] = ()
    """Questions in the same form with an obvious answer. They are scored, and not asked in writing."""

    def make_items(self, suite: str) -> Iterator[Item]:
        for number, entry in enumerate(self.items, start=1):
            yield _question(entry, suite, number, entry.domain)
        for number, entry in enumerate(self.format_control, start=1):
            item = replace(_question(entry, suite, number, None), id=f"{suite}/format_control-{number}")
            yield replace(item, is_format_control=True, is_written=False)

    def problems(self) -> Problems:
        entries = [("items", *entry) for entry in enumerate(self.items)]
        entries += [("format_control", *entry) for entry in enumerate(self.format_control)]
        for key, index, entry in entries:
            for number, wrong in enumerate(entry.wrong):
                place = (key, index, "wrong", number)
                if folded(wrong) == folded(entry.right):
                    yield place, "is the right reply too"
                elif folded(wrong) in map(folded, entry.wrong[:number]):
                    yield place, f"{describe(wrong)} is there twice; take one out"


# no share of unreadable replies: there are more good replies than those that are ranked
QUESTIONS = SuiteKind(
    "questions",
    QuestionsFile,
    ("choice", "written_choice", "unclear", "format_control"),
    format_control="format_control",
)
