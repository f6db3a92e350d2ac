"""Plain text among the rows of documents, by its share of the tokens that are learned."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from msm_mlx.engine.loaded_model import LoadedModel
from msm_mlx.recipe.arms import Method
from msm_mlx.training.row_cache import load_rows
from msm_mlx.training.tokenize import PLAIN, TokenRow
from msm_mlx.training.trainer import hold_out

NEARLY = 0.9  # of the share that was asked for, below which that is a problem


@dataclass(frozen=True)
class MixedRows:
    """Rows of documents followed by rows of plain text; training shuffles them."""

    rows: list[TokenRow]
    share: float
    """Part of the tokens learned that is plain text."""
    wanted: float

    @property
    def problems(self) -> tuple[str, ...]:
        """What is to be said where there was too little plain text."""
        if self.share >= NEARLY * self.wanted:
            return ()
        return (
            f"Too little plain text: it makes {self.share:.1%} of the tokens, and midtrain.mix asks for "
            f"{self.wanted:.1%}. Give it more text, or a lower share.",
        )


def load_mixed_rows(
    loaded: LoadedModel,
    method: Method,
    data: Path,
    settings: Mapping[str, Any],
    plain: Path | None = None,
    *,
    reasoned: bool = False,
) -> MixedRows:
    """The rows of the texts in `data`, with those in the file `plain` among them as the stage's `settings` say.

    For the other arguments see `load_rows`.
    """
    rows = load_rows(loaded, method, data, settings, reasoned=reasoned)
    if plain is None:
        return MixedRows(rows, 0.0, 0.0)
    plain_rows, share = load_rows(loaded, method, plain, settings), settings["mix"]["share"]
    return mix_plain_text(rows, plain_rows, share, held_out=settings["validation"])


def mix_plain_text(
    rows: Sequence[TokenRow], plain: Iterable[TokenRow], share: float, *, held_out: int = 0
) -> MixedRows:
    """The rows of documents with so many of `plain`, from the first on, as make `share` of all tokens learned.

    The last is cut where that is reached. Plain text belongs to no document: its rows have the source `PLAIN`.

    Args:
        held_out: documents that training will hold out, and not learn.

    Raises:
        MsmError: if no document is left to learn.
    """
    documents = sum(_learned(row) for row in hold_out(rows, held_out)[0])
    wanted = left = round(documents * share / (1 - share))
    taken: list[TokenRow] = []
    for row in plain:
        if left <= 0:
            break
        first = row.supervised.index(True) if any(row.supervised) else len(row.ids)
        end = first + left
        taken.append(replace(row, ids=row.ids[:end], supervised=row.supervised[:end], source=PLAIN))
        left -= _learned(taken[-1])
    amount = wanted - left
    return MixedRows([*rows, *taken], amount / max(documents + amount, 1), share)


def _learned(row: TokenRow) -> int:
    return sum(row.supervised)
