"""Documents of an earlier plan that a longer or edited one still asks for: they are kept, and the others written."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from msm_mlx.documents.document import Document, read_documents
from msm_mlx.documents.narration import REQUESTS
from msm_mlx.documents.plan import Slot
from msm_mlx.runs.layout import EARLIER


def earlier_documents(folder: Path, slots: Sequence[Slot]) -> dict[str, Document]:
    """The documents in `earlier.jsonl` that can stay, by id; none if there is no such file.

    Raises:
        RecipeError: with file and line, if the file is damaged.
    """
    if not (folder / EARLIER).exists():
        return {}
    slots_by_id = {slot.id: slot for slot in slots}
    documents = read_documents(folder / EARLIER)
    return {document.id: document for document in documents if _is_for(document, slots_by_id.get(document.id))}


def _is_for(document: Document, slot: Slot | None) -> bool:
    """Whether a document was written for what the slot asks for now."""
    if slot is None:
        return False
    cell = (document.section, document.assertion, document.type, document.voice)
    if cell != (slot.section.id, slot.section.assertion, slot.type, slot.voice):
        return False
    narration = REQUESTS[slot.narration] if slot.narration else ""
    details = (slot.author, slot.audience, slot.length, slot.person, slot.idea, narration)
    return all(detail in document.prompt for detail in details)
