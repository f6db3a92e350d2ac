"""An answer as it is kept in files. Imports no mlx."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from msm_mlx.files import read_jsonl
from msm_mlx.recipe.arms import Variant
from msm_mlx.runs.layout import answers_file


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
        lists = {name: tuple(row[name]) for name in ("written", "choices", "margins", "earlier")}
        return cls(item=row["item"], metrics=dict(row["metrics"]), **lists)


def suite_of(row: Mapping[str, Any]) -> str:
    """The suite of a stored answer."""
    return str(row["item"]).partition("/")[0]


def read_answers(run: Path, variants: Sequence[Variant], suites: Mapping[str, Sequence[str]]) -> dict[Variant, Any]:
    """The stored answers of the variants whose id is in `suites`, to the suites that it names, by item."""
    from msm_mlx.runs.answers import Answer

    return {
        variant: {
            row["item"]: Answer.from_row(row)
            for row in read_jsonl(run / answers_file(variant))
            if suite_of(row) in suites[variant.id]
        }
        for variant in variants
        if variant.id in suites
    }
