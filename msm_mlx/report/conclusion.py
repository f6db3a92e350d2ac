"""A run in three lines of plain words: what was asked, what was found, and what may be wrong with it.

They are about one difference on the main suite: between arms with documents and without, or of two specs. A run without
such arms is told by the first difference that it has, or by the shares of its arms. `verdict.py` has the rules for what
the intervals bear out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from msm_mlx.evaluation.contrasts import EFFECT_OF_INTEREST
from msm_mlx.evaluation.perplexity import SUITE as CAPABILITY
from msm_mlx.recipe.arms import arm_of, without_documents
from msm_mlx.recipe.contrasts import is_headline
from msm_mlx.report.doubts import ALPHA, find_doubts
from msm_mlx.report.durability import durability_sentence, headline_numbers
from msm_mlx.report.effects import effect_names, effect_rows
from msm_mlx.report.headlines import is_main, of_suite
from msm_mlx.report.main_contrast import main_contrast, main_suite
from msm_mlx.report.question import (
    MAX_NAMES,
    measured_by,
    question_of_arms,
    question_of_grid,
    question_of_pair,
)
from msm_mlx.report.verdict import find_contrast, is_choice, movement, suite_verdict, with_seeds
from msm_mlx.runs.estimate import signed_text
from msm_mlx.runs.finished import FinishedRun
from msm_mlx.runs.results import Contrast, Share
from msm_mlx.text.wording import first_sentence, listed, shortened

MAX_DOUBTS = 3
NO_DOUBT = "None of the rules that look for weaknesses applies."
_GROUPS = {
    "moved": "moved",
    "uncorrected": "moved, but not when corrected for reading several suites",
    "still": f"not moved (less than {EFFECT_OF_INTEREST})",
    "uncertain": "uncertain",
    "few": "too few items",
    "failure": "no finding",
}
_REPLIES = {
    "moved": "{subject} moved {noun}",
    "still": f"{{subject}} did not move {{noun}} (less than {EFFECT_OF_INTEREST})",
    "uncertain": "it is uncertain whether {subject} moved {noun}",
    "few": "there are too few items to tell whether {subject} moved {noun}",
}
_ARMS = {
    "moved": "{subject} differ",
    "still": f"{{subject}} do not differ by as much as {EFFECT_OF_INTEREST}",
    "uncertain": "it is uncertain whether {subject} differ",
    "few": "there are too few items to tell whether {subject} differ",
}


@dataclass(frozen=True)
class Conclusion:
    """What a run comes to. Each part is a few sentences."""

    question: str
    answer: str
    doubts: tuple[str, ...]
    """The weightiest."""
    further: int
    """How many more there are."""

    @property
    def headline(self) -> str:
        """The first sentence of the answer."""
        return first_sentence(self.answer)

    @property
    def details(self) -> str:
        """The other sentences of the answer."""
        return self.answer.partition(". ")[2]

    @property
    def doubt(self) -> str:
        further = f"{self.further} more in the report, under 'What could be wrong'." if self.further else ""
        return " ".join(filter(None, (*self.doubts, further))) or NO_DOUBT

    @property
    def parts(self) -> tuple[tuple[str, str], ...]:
        """The label and the text of each line."""
        return ("Asked", self.question), ("Found", self.answer), ("May be wrong", self.doubt)

    @property
    def lines(self) -> tuple[str, ...]:
        """The three lines, each with its label."""
        return tuple(f"{label}: {text}" for label, text in self.parts)


def conclude(run: FinishedRun) -> Conclusion:
    """The conclusion of a run that is evaluated."""
    question, answer = _of_grid(run) if run.results.grid else _of_arms(run)
    doubts = [doubt if doubt.endswith(".") else f"{doubt}." for doubt in find_doubts(run, run.health)]
    return Conclusion(question, answer, tuple(doubts[:MAX_DOUBTS]), len(doubts[MAX_DOUBTS:]))


def _of_arms(run: FinishedRun) -> tuple[str, str]:
    """The question and the answer of a run that is no grid."""
    suite = main_suite(run.results)
    if suite is None:
        return question_of_arms(run), "Nothing has a score."
    row = main_contrast(run)
    if row is None:
        return f"{question_of_arms(run)} {measured_by(run, suite)}", _shares_alone(run, suite)
    question = f"{question_of_pair(run, row.a, row.b)} {measured_by(run, suite)}"
    if is_headline(row.a, row.b) and arm_of(row.a) != arm_of(row.b) and len(run.recipe.specs) > 2:
        return question, _by_spec(run, row)
    return question, _of_contrast(run, row)


def _of_contrast(run: FinishedRun, row: Contrast) -> str:
    """What a difference says, its figures, what it is on the other suites, and how long it lasts."""
    sentences = [f"On {row.suite}, {_words(run, row)}."]
    if not row.failure:
        sentences.append(_figures(run, row))
    sentences += [*_against_chats(run, row), *_on_others(run, row)]
    numbers = (one for one in headline_numbers(run.results) if (one.suite, one.arm) == (row.suite, row.a))
    return " ".join([*sentences, *map(durability_sentence, numbers)])


def _words(run: FinishedRun, row: Contrast) -> str:
    suite = run.results.suite(row.suite)
    if row.failure:
        return f"nothing is shown: {row.failure}"
    if is_headline(row.a, row.b) and suite and is_choice(suite):
        return suite_verdict(run.results, row)
    noun = "choices" if suite and is_choice(suite) else "the replies"
    if arm_of(row.a) == arm_of(row.b):
        words = _REPLIES[movement(row)].format(subject="what the documents say", noun=noun)
    elif is_headline(row.a, row.b):
        words = _REPLIES[movement(row)].format(subject="the documents", noun=noun)
    else:
        words = _ARMS[movement(row)].format(subject=f"{row.a} and {row.b}")
    return with_seeds(row, words) if _is_of_one_seed(run, row) else words


def _is_of_one_seed(run: FinishedRun, row: Contrast) -> bool:
    """Whether another seed could have come out otherwise, and none was tried. Arms that nobody trained have no seed."""
    trained = {variant.label for variant in run.variants if variant.is_trained} & {row.a, row.b}
    return bool(trained) and row.seeds == 1 and (len(trained) == 2 or len(run.recipe.seeds) == 1)


def _figures(run: FinishedRun, row: Contrast) -> str:
    """Both arms' shares and their difference with its interval."""
    shares = {share.label(run.several_specs): share.value for share in _main_shares(run, row.suite)}
    arms = f"{row.a} has {shares[row.a]:.2f} and {row.b} {shares[row.b]:.2f}, a" if {row.a, row.b} <= {*shares} else "A"
    interval = f"95 % interval {row.ci_low:+.2f} to {row.ci_high:+.2f}"
    seeds = f" and {row.seeds} seeds" if row.seeds > 1 else ""
    return f"{arms} difference of {row.difference:+.2f} ({interval}) over {row.n} items{seeds}."


def _against_chats(run: FinishedRun, row: Contrast) -> list[str]:
    """Of two specs, what the documents about each add to the same chats alone."""
    if arm_of(row.a) != arm_of(row.b):
        return []
    chats = without_documents(arm_of(row.a))
    rows = {label: find_contrast(run.results, row.suite, (label, chats)) for label in (row.a, row.b)}
    known = {label.partition("@")[2]: one for label, one in rows.items() if one}
    return [f"Each against {chats}, {_by_movement(known)}."] if known else []


def _on_others(run: FinishedRun, row: Contrast) -> list[str]:
    """The same difference on the other suites at rest, by what can be said of it."""
    others = {}
    for suite in run.results.suites:
        other = find_contrast(run.results, suite.name, (row.a, row.b))
        if other and suite.name not in (row.suite, CAPABILITY) and not suite.at_rest:
            others[suite.name] = other
    return [f"Of the other suites, {_by_movement(others, corrected=True)}."] if others else []


def _by_spec(run: FinishedRun, first: Contrast) -> str:
    """The difference that each spec's documents make, by what can be said of it."""
    same_arms = (arm_of(first.a), first.b)
    by_spec = {
        row.a.partition("@")[2]: row
        for row in of_suite(run.results.contrasts, first.suite)
        if (arm_of(row.a), row.b) == same_arms
    }
    return f"On {first.suite}, {with_seeds(first, 'by spec')}, {_by_movement(by_spec)}."


def _by_movement(rows: Mapping[str, Contrast], *, corrected: bool = False) -> str:
    """`moved: a +0.48 [+0.32, +0.64] and b +0.30 [+0.18, +0.42]; uncertain: c +0.05 [-0.10, +0.20]`.

    corrected: whether these are several suites, among which a difference that is clear by itself may be so by chance.
    """
    groups: dict[str, list[str]] = {}
    for name, row in rows.items():
        key: str = "failure" if row.failure else movement(row)
        if corrected and key == "moved" and row.p_holm is not None and row.p_holm >= ALPHA:
            key = "uncorrected"
        figures = "" if row.failure else f" {signed_text(row.difference, row.ci_low, row.ci_high)}"
        groups.setdefault(key, []).append(name + figures)
    parts = [f"{words}: {listed(shortened(groups[key], MAX_NAMES))}" for key, words in _GROUPS.items() if key in groups]
    return "; ".join(parts)


def _shares_alone(run: FinishedRun, suite: str) -> str:
    """The shares of arms that are not compared, and what the intervals of two say."""
    rows = _main_shares(run, suite)
    labels = [f"{row.label(run.several_specs)} {row.text}" for row in rows if not row.failure]
    failures = [f"{row.label(run.several_specs)}: no finding, {row.failure}" for row in rows if row.failure]
    sentences = [
        f"On {suite}, {listed(shortened(labels, MAX_NAMES))} (95 % interval{'s' * (len(labels) > 1)})."
        for _ in labels[:1]
    ]
    if len(labels) == 2:
        sentences.append(_apart(*(row for row in rows if not row.failure)))
    return " ".join([*sentences, *(f"{failure}." for failure in shortened(failures, MAX_NAMES))])


def _apart(one: Share, other: Share) -> str:
    if one.ci_high < other.ci_low or other.ci_high < one.ci_low:
        return "The intervals are apart: the two differ."
    return "The intervals overlap: no difference is shown."


def _main_shares(run: FinishedRun, suite: str) -> list[Share]:
    return [row for row in of_suite(run.results.pooled, suite) if is_main(row)]


def _of_grid(run: FinishedRun) -> tuple[str, str]:
    """How far the first effect goes over all combinations of settings."""
    effects = effect_rows(run.results)
    if not effects:
        return question_of_arms(run), "No two arms are compared."
    suite, names = effects[0].suite, effect_names(effects)
    a, b = next((pair for pair in names if is_headline(*pair)), names[0])
    rows = [row for row in of_suite(effects, suite) if (row.a, row.b) == (a, b)]
    question = f"{question_of_grid(run, a, b)} {measured_by(run, suite)}"
    ordered = sorted((row for row in rows if not row.failure), key=lambda row: row.difference)
    if not ordered:
        return question, f"On {suite}, nothing is shown: {rows[0].failure}."
    clear = sum(row.is_clear for row in rows)
    least, most = (
        f"{signed_text(row.difference, row.ci_low, row.ci_high)} at {_settings(row)}"
        for row in (ordered[0], ordered[-1])
    )
    return question, f"On {suite}, it goes from {least} to {most}, and is clear of zero in {clear} of {len(rows)} runs."


def _settings(row: Contrast) -> str:
    return ", ".join(f"{key} {value}" for key, value in (row.cell or {}).items())
