"""What a run shows, in words that its intervals bear out: which choices the documents moved, and if under pressure too.

A difference is there if its interval is clear of zero, and is not there if its whole interval is closer to zero than
`EFFECT_OF_INTEREST`. All else is uncertain, and fewer than `MIN_ITEMS` items are too few. That one interval is clear of
zero and another is not does not say that the two differ: what is said of that rests on an interval of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from msm_mlx.evaluation.contrasts import EFFECT_OF_INTEREST
from msm_mlx.evaluation.perplexity import SUITE as CAPABILITY
from msm_mlx.evaluation.word_share import MIN_ITEMS
from msm_mlx.recipe.arms import arm_of, path_of, reads_reasons, shows_behaviour
from msm_mlx.recipe.contrasts import is_headline
from msm_mlx.runs.results import Contrast, MeasuredSuite, RunResults
from msm_mlx.suites.kinds.pairs import PAIRS
from msm_mlx.suites.kinds.questions import QUESTIONS
from msm_mlx.text.wording import listed

Movement = Literal["moved", "still", "uncertain", "few"]
SHARED, UNSHARED = "whose words they share", "whose words they do not share"
UNDER_PRESSURE = {
    "holds": "holds",
    "less": "holds and is smaller",
    "gone": f"is gone, to less than {EFFECT_OF_INTEREST}",
    "weak": "is smaller and may be gone",
    "turned": "is the other way round",
    "uncertain": "may hold or not",
    "unknown": "cannot be told",
}
_ORDER: Sequence[Movement] = ("moved", "still", "uncertain", "few")
_BOTH = {
    "still": f"{{subject}} moved choices neither {SHARED} nor {UNSHARED} (less than {EFFECT_OF_INTEREST})",
    "uncertain": "it is uncertain whether {subject} moved choices, with shared words or without",
    "few": "there are too few choices to tell whether {subject} moved them",
}


@dataclass(frozen=True)
class _WordSide:
    """The choices with shared words or those without, and the difference on them."""

    name: str
    row: Contrast
    larger: float
    """By how much the difference is larger than in the other group, where that is clear."""

    @property
    def movement(self) -> Movement:
        return movement(self.row)

    @property
    def is_more(self) -> bool:
        """Whether it was moved more than the other group, in its own direction."""
        return self.larger * self.row.difference > 0

    @property
    def open_question(self) -> str:
        if self.movement == "few":
            return f"of those {self.name} there are too few ({self.row.n}) to tell"
        return f"whether those {self.name} moved is uncertain"


def verdict_lines(results: RunResults) -> list[str]:
    """A sentence for all suites of choices at rest of which the same is to be said, about the first difference that the
    documents are; none if the run has no such difference."""
    suites: dict[str, list[str]] = {}
    for suite in results.suites:
        pair = headline_pair(results, suite.name) if is_choice(suite) and not suite.at_rest else None
        if pair and (row := find_contrast(results, suite.name, pair)):
            suites.setdefault(suite_verdict(results, row), []).append(suite.name)
    return [f"On {listed(names)}, {words}." for words, names in suites.items()]


def is_choice(suite: MeasuredSuite) -> bool:
    """Whether the suite's items are choices that a spec is about."""
    return suite.kind in (PAIRS.name, QUESTIONS.name) and suite.name != CAPABILITY


def headline_pair(results: RunResults, suite: str) -> tuple[str, str] | None:
    """The arms with documents and without, or, of two specs, those that read about each; those that learn the
    demonstrations first, and of these those that learn them last."""
    pairs = [(row.a, row.b) for row in results.contrasts if row.suite == suite and is_headline(row.a, row.b)]
    pairs.sort(key=lambda pair: (not shows_behaviour(arm_of(pair[0])), reads_reasons(path_of(arm_of(pair[0]))[-1])))
    between = [pair for pair in pairs if arm_of(pair[0]) == arm_of(pair[1])]
    of_first = [pair for pair in between if arm_of(pair[0]) == arm_of(between[0][0])]
    return of_first[0] if len(of_first) == 1 else next((pair for pair in pairs if pair not in between), None)


def suite_verdict(results: RunResults, row: Contrast) -> str:
    """What one difference on a suite of choices says of all of them, of those with shared words and without, and of
    the same under pressure."""
    if row.failure:
        return f"nothing is shown: {row.failure}"
    pair = (row.a, row.b)
    subject = "what the documents say" if arm_of(row.a) == arm_of(row.b) else "the documents"
    groups: dict[str | None, Contrast] = {
        one.words: one
        for one in results.word_shares.contrasts
        if (one.suite, one.a, one.b) == (row.suite, *pair) and not one.failure
    }
    words = word_verdict(subject, row, *(groups.get(group) for group in ("any", "none", "any less none")))
    return with_seeds(row, words + pressure_verdict(row, _pressures(results, row, pair)))


def with_seeds(row: Contrast, words: str) -> str:
    """What is said of a difference, with the warning that it is of one seed."""
    return f"with one seed, {words}" if row.seeds == 1 else words


def word_verdict(
    subject: str, whole: Contrast, shared: Contrast | None, unshared: Contrast | None, gap: Contrast | None
) -> str:
    """What the intervals say of choices with shared words and of those without.

    Args:
        whole: the difference on all of them.
        gap: by how much it is larger on those with shared words.
    """
    if shared is None or unshared is None:
        which = "" if not (shared or unshared) else ", all with shared words" if shared else ", none with shared words"
        return _alone(subject, f"choices{which}", shared or unshared or whole)
    larger = gap.difference if gap and gap.is_clear else 0.0
    groups = (_WordSide(SHARED, shared, larger), _WordSide(UNSHARED, unshared, -larger))
    first, second = sorted(groups, key=lambda group: _ORDER.index(group.movement))
    if first.movement == "moved":
        return f"{subject} moved choices {_moved(first, second)}"
    if movement(whole) == "moved":
        return f"{subject} moved choices; whether those with shared words or those without is uncertain"
    if first.movement == second.movement:
        return _BOTH[first.movement].format(subject=subject)
    return f"{_alone(subject, f'choices {first.name}', first.row)}; {second.open_question}"


def _moved(first: _WordSide, second: _WordSide) -> str:
    """Which choices were moved, the first group being among them."""
    if second.movement == "still":
        return f"{first.name}; not those {second.name} (less than {EFFECT_OF_INTEREST})"
    if second.movement != "moved":
        more = f" more than those {second.name}" if second.movement == "uncertain" and first.is_more else ""
        return f"{first.name}{more}; {second.open_question}"
    if (first.row.difference > 0) != (second.row.difference > 0):
        return f"{first.name} one way and those {second.name} the other way"
    more = ", the former more" if first.is_more else ", the latter more" if second.is_more else ""
    return f"{first.name} and choices {second.name}{more}"


def _alone(subject: str, choices: str, row: Contrast) -> str:
    match movement(row):
        case "moved":
            return f"{subject} moved {choices}"
        case "still":
            return f"{subject} did not move {choices} (less than {EFFECT_OF_INTEREST})"
        case "uncertain":
            return f"it is uncertain whether {subject} moved {choices}"
    return _BOTH["few"].format(subject=subject)


def movement(row: Contrast) -> Movement:
    """What the interval of a difference says of it."""
    if row.n < MIN_ITEMS:
        return "few"
    if row.is_clear:
        return "moved"
    is_small = max(-row.ci_low, row.ci_high) < EFFECT_OF_INTEREST
    return "still" if is_small and not row.failure else "uncertain"


@dataclass(frozen=True)
class Pressure:
    """A difference on a suite under pressure, and by how much it is larger there than at rest."""

    name: str
    """What presses, in words."""
    under: Contrast
    change: Contrast | None


def _pressures(results: RunResults, row: Contrast, pair: tuple[str, str]) -> Iterator[Pressure]:
    for suite in results.suites:
        under = find_contrast(results, suite.name, pair) if suite.at_rest == row.suite else None
        if under:
            yield Pressure(suite.pressure, under, _find(results.pressure, suite.name, pair))


def pressure_verdict(rest: Contrast, pressures: Iterable[Pressure]) -> str:
    """What becomes of an effect under each pressure, to go on with; empty if there is no effect at rest."""
    names: dict[str, list[str]] = {}
    for pressure in pressures if movement(rest) == "moved" else ():
        names.setdefault(UNDER_PRESSURE[_becomes(rest, pressure)], []).append(pressure.name)
    parts = [f"{words} ({listed(ones)})" for words, ones in names.items()]
    return f"; under pressure the effect {listed(parts)}" if parts else ""


def _becomes(rest: Contrast, pressure: Pressure) -> str:
    change, under = pressure.change, movement(pressure.under)
    if pressure.under.failure:
        return "unknown"
    is_less = bool(change and change.is_clear and (change.difference > 0) != (rest.difference > 0))
    if under == "moved" and (pressure.under.difference > 0) != (rest.difference > 0):
        return "turned"
    if under == "moved":
        return "less" if is_less else "holds"
    if is_less:
        return "gone" if under == "still" else "weak"
    return "uncertain"


def find_contrast(results: RunResults, suite: str, pair: tuple[str, str]) -> Contrast | None:
    """The difference between two arms on a suite, if both were asked."""
    return _find(results.contrasts, suite, pair)


def _find(rows: Sequence[Contrast], suite: str, pair: tuple[str, str]) -> Contrast | None:
    return next((row for row in rows if (row.suite, row.a, row.b) == (suite, *pair)), None)
