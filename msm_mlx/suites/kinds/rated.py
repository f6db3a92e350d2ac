"""Open questions whose written replies a judge rates from 1 to 10; without a judge they have no score."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated

from msm_mlx.settings_file.base import NonEmpty
from msm_mlx.suites.items import Item
from msm_mlx.suites.kinds.kind import JudgeTask, SuiteKind
from msm_mlx.suites.schema import ItemEntry, NotBlank, SuiteFile

LOWEST, HIGHEST = 1, 10


@dataclass(frozen=True)
class Rated(Item):
    """An open question whose written reply a judge rates: `best` and `worst` say what a 10 and a 1 are like."""

    best: str
    worst: str

    def read(self, text: str) -> str:
        return "not rated"

    def judge_fields(self) -> dict[str, str]:
        return {"best": self.best, "worst": self.worst}

    def score_verdicts(self, choices: Sequence[str], verdicts: Sequence[float | None]) -> dict[str, float]:
        """The mean rating, from 0 to 1, of the replies whose rating is clear."""
        ratings = [verdict for verdict in verdicts if verdict is not None]
        metrics = {"unclear": 1 - len(ratings) / len(verdicts)}
        if ratings:
            metrics["rating"] = (sum(ratings) / len(ratings) - LOWEST) / (HIGHEST - LOWEST)
        return metrics


class RatedEntry(ItemEntry):
    """An open question, and what an answer of 10 and one of 1 are like."""

    best: NotBlank
    worst: NotBlank
    domain: NotBlank | None = None


class RatedFile(SuiteFile):
    """Open questions for a judge."""

    items: Annotated[tuple[RatedEntry, ...], NonEmpty]

    def make_items(self, suite: str) -> Iterator[Item]:
        for number, entry in enumerate(self.items, start=1):
            yield Rated(**entry.common(suite, number, entry.domain), best=entry.best, worst=entry.worst)


RATING = JudgeTask(
    name="rating",
    plural="ratings",
    rubric=(f"{HIGHEST}: {{best}}", f"{LOWEST}: {{worst}}"),
    verdicts={f"{n}{end}": float(n) for n in range(LOWEST, HIGHEST + 1) for end in ("", f"/{HIGHEST}")},
    tolerance=2,
    label_tolerance=1,
)
RATED = SuiteKind(
    "rated",
    RatedFile,
    ("rating", "unclear"),
    unreadable="unclear",
    written=frozenset({"rating"}),
    judge=RATING,
    scored_by_judge=True,
)
