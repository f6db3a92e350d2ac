"""Documents of an earlier plan that a longer or edited one still asks for: they are kept, and the others written."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from msm_mlx.documents.plan import Slot
from msm_mlx.files import read_jsonl
from msm_mlx.runs.layout import EARLIER


def earlier_documents(folder: Path, slots: Sequence[Slot]) -> dict[str, dict[str, Any]]:
    """The documents in `earlier.jsonl` that can stay, by id; none if there is no such file.

    Raises:
        RecipeError: with file and line, if the file is damaged.
    """
    if not (folder / EARLIER).exists():
        return {}
    wanted = {slot.id: slot for slot in slots}
    rows = (row for row in read_jsonl(folder / EARLIER) if row.get("id") in wanted)
    return {row["id"]: row for row in rows if _is_for(row, wanted[row["id"]])}


def _is_for(row: dict[str, Any], slot: Slot) -> bool:
    """Whether a document was written for what the slot asks for now."""
    same = (row.get("section"), row.get("assertion"), row.get("type"), row.get("voice"))
    if same != (slot.section.id, slot.section.assertion, slot.type, slot.voice):
        return False
    told = (slot.author, slot.audience, slot.length, slot.person, slot.idea)
    return all(part in str(row.get("prompt")) for part in told)
