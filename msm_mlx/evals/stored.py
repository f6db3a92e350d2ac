"""An answer as it is kept in files. Imports no mlx."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


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
