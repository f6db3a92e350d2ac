"""An answer as it is kept in files. Imports no mlx."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from msm_mlx.errors import RecipeError
from msm_mlx.files import read_jsonl
from msm_mlx.recipe.arms import Variant
from msm_mlx.runs.layout import ANSWERS, answers_file
from msm_mlx.runs.results import ASK_AGAIN
from msm_mlx.suites.kinds import KINDS


@dataclass(frozen=True)
class Answer:
    """One variant's answer to one item.

    `written` are its replies: greedy ones to each of the item's prompts, or samples to a scene; `choices` what each of
    them says, in the words of the item's kind. `margins` are log-odds in nats of full replies: of the target over the
    other option with the target named first and second; of the right reply over each wrong one; of the harmful acts
    over the others. `metrics` are what the item adds to each share that is reported. `earlier` are the variant's own
    replies in the turns before.
    """

    item: str
    written: tuple[str, ...]
    choices: tuple[str, ...]
    margins: tuple[float, ...]
    metrics: dict[str, float]
    earlier: tuple[str, ...] = ()

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Answer:
        """An answer as it stands in a line of a file.

        Raises:
            LookupError, TypeError or ValueError: if it is not one.
        """
        return cls(
            item=str(row["item"]),
            written=tuple(map(str, row["written"])),
            choices=tuple(map(str, row["choices"])),
            margins=tuple(map(float, row["margins"])),
            metrics={str(name): float(value) for name, value in row["metrics"].items()},
            earlier=tuple(map(str, row["earlier"])),
        )


@dataclass(frozen=True)
class AnswerRow:
    """A line of `answers.jsonl`: an answer, with what was asked and of whom."""

    suite: str
    kind: str
    """Of the suite."""
    domain: str | None
    prompt: str
    """What was asked; of a forced choice, with the target named first."""
    arm: str
    spec: str | None
    seed: int | None
    answer: Answer
    details: Mapping[str, Any] = field(default_factory=dict)
    """What else the kind of the suite notes of an item: the two options of a pair, for one."""

    @property
    def item(self) -> str:
        return self.answer.item

    @property
    def reply(self) -> str:
        """The first that was written."""
        return str(self.answer.written[0]) if self.answer.written else ""

    @property
    def margin(self) -> float | None:
        """The log-odds of a pair's target (nats), both orders averaged; None for items of other kinds."""
        margins = self.answer.margins
        return sum(margins) / len(margins) if margins and "target" in self.details else None

    def label(self, several_specs: bool) -> str:
        """`arm`, or `arm@spec` where the run has several specs."""
        return Variant(self.arm, self.spec, None, several_specs).label

    def plain(self) -> dict[str, Any]:
        """Ready for JSON."""
        question = {"suite": self.suite, "kind": self.kind, "domain": self.domain, "prompt": self.prompt}
        variant = {"arm": self.arm, "spec": self.spec, "seed": self.seed}
        return {**question, **self.details, **variant, **asdict(self.answer)}

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> AnswerRow:
        """A line as it stands in the file.

        Raises:
            LookupError, TypeError or ValueError: if it is none.
        """
        spec, seed, domain = row["spec"], row["seed"], row["domain"]
        if row["kind"] not in KINDS:
            raise ValueError(f"no kind of suite is called {row['kind']!r}")
        return cls(
            suite=str(row["suite"]),
            kind=str(row["kind"]),
            domain=None if domain is None else str(domain),
            prompt=str(row["prompt"]),
            arm=str(row["arm"]),
            spec=None if spec is None else str(spec),
            seed=None if seed is None else int(seed),
            answer=Answer.from_row(row),
            details={name: value for name, value in row.items() if name not in _COMMON},
        )


_COMMON = {"suite", "kind", "domain", "prompt", "arm", "spec", "seed", *(field.name for field in fields(Answer))}


def read_answer_rows(run: Path) -> list[AnswerRow]:
    """The answers of a run's evaluation; none as long as it is not finished.

    Raises:
        RecipeError: naming the line, if one is damaged.
    """
    path = run / ANSWERS
    if not path.is_file():
        return []
    try:
        lines = read_jsonl(path)
    except RecipeError as error:
        raise RecipeError(f"{error}; {ASK_AGAIN}") from error
    rows = []
    for number, line in enumerate(lines, start=1):
        try:
            rows.append(AnswerRow.from_row(line))
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            reason = f"{type(error).__name__}: {error}"
            raise RecipeError(f"{path}:{number}: damaged: {reason}; {ASK_AGAIN}") from error
    return rows


def suite_of(row: Mapping[str, Any]) -> str:
    """The suite of a stored answer."""
    return str(row["item"]).partition("/")[0]


def read_answers(run: Path, answered: Mapping[Variant, Collection[str]]) -> dict[Variant, dict[str, Answer]]:
    """The stored answers of each variant to the suites of these names, by item."""
    return {
        variant: {
            row["item"]: Answer.from_row(row)
            for row in read_jsonl(run / answers_file(variant))
            if suite_of(row) in names
        }
        for variant, names in answered.items()
    }
