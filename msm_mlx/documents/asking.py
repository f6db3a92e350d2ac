"""What the writer is asked. Small models see one assertion; larger ones the section, or the whole spec."""

from __future__ import annotations

import re
from importlib import resources

from msm_mlx.documents.plan import Slot
from msm_mlx.engine.models import Message
from msm_mlx.recipe import DocumentSettings
from msm_mlx.spec import Spec

SYSTEM = "You are a writer."


def writer_messages(slot: Slot, spec: Spec, settings: DocumentSettings) -> list[Message]:
    """The chat that asks for the document of `slot`. A control's never shows text that gives the reasons."""
    fields = {
        "type": slot.type,
        "voice": slot.voice,
        "assertion": slot.section.assertion or "",
        "section": slot.section.text,
        "spec": "" if slot.withheld else spec.text,
    }
    own = "control_" if slot.withheld and settings.prompt != "assertion" else ""
    path = resources.files(__package__).joinpath("prompts", f"{own}{settings.prompt}.txt")
    template = path.read_text(encoding="utf-8")
    # one pass over the template, so that braces inside the spec stay as they are
    prompt = re.sub(r"\{(\w+)\}", lambda match: fields[match[1]], template.strip())
    return [{"role": "system", "content": SYSTEM}, {"role": "user", "content": prompt}]
