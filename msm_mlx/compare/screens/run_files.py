"""What the app reads from run folders when somebody asks for it: spec sections, documents, losses."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from msm_mlx.compare.screens.document_browser import DocumentList, ListedDocument
from msm_mlx.compare.session import Prompt, Session
from msm_mlx.files import read_jsonl
from msm_mlx.runs.layout import METRICS
from msm_mlx.spec import Section, Spec, load_spec


@dataclass(frozen=True)
class SpecPassage:
    """A part of a spec, and why it is this part."""

    spec: str
    heading: str
    text: str
    because: str


def spec_passages(session: Session, prompt: Prompt | None) -> list[SpecPassage]:
    """What each spec says that bears on a prompt.

    That is the section whose heading the prompt names, the longest such heading. A prompt of a suite names none, for
    suites ask about what the spec does not mention: there it is the first section that says something.
    """
    specs = (
        load_spec(path, model_name=session.model_name, provider_name=session.provider_name)
        for path in dict.fromkeys(session.specs.values())
    )
    return [_passage(spec, prompt.text if prompt else "") for spec in specs]


def _passage(spec: Spec, prompt: str) -> SpecPassage:
    candidates = [section for section in spec.sections if _names(prompt, section)]
    if candidates:
        section = max(candidates, key=lambda section: len(section.path[-1]))
        because = "the prompt names this heading"
    else:
        section = next((section for section in spec.sections if section.text), spec.sections[0])
        because = "the prompt names no heading of the spec; this is its first section"
    return SpecPassage(spec.title, " / ".join(section.path), section.text, because)


def _names(prompt: str, section: Section) -> bool:
    """Whether the prompt holds the heading as whole words; the document's own title does not count."""
    heading = section.path[-1] if section.path else ""
    return bool(heading) and re.search(rf"(?<!\w){re.escape(heading)}(?!\w)", prompt, re.IGNORECASE) is not None


def document_lists(session: Session) -> list[DocumentList]:
    """The documents that the arms have read; arms that have read the same ones share one."""
    labels: dict[str, list[str]] = {}
    for label, path in session.documents.items():
        labels.setdefault(str(path), []).append(label)
    paths = {str(path): path for path in session.documents.values()}
    return [
        DocumentList(
            tuple(names),
            tuple(
                ListedDocument(*(str(row.get(key, "")) for key in ("id", "type", "section", "text")))
                for row in read_jsonl(paths[key_path])
            ),
        )
        for key_path, names in labels.items()
    ]


@dataclass(frozen=True)
class TrainingCurve:
    """What an arm's last training did: the loss of every update, those on rows that were held out, and its seconds."""

    losses: tuple[float, ...]
    held_out: tuple[float, ...]
    seconds: float


def training_curves(session: Session) -> dict[str, TrainingCurve]:
    """The training of each arm that has its metrics on file."""
    curves: dict[str, TrainingCurve] = {}
    for arm in session.arms:
        if arm.adapter and (arm.adapter / METRICS).is_file():
            rows = read_jsonl(arm.adapter / METRICS)
            losses, held_out, seconds = (_numbers(rows, key) for key in ("loss", "validation_loss", "seconds"))
            curves[arm.label] = TrainingCurve(losses, held_out, sum(seconds))
    return curves


def _numbers(rows: Sequence[dict[str, object]], key: str) -> tuple[float, ...]:
    return tuple(float(value) for row in rows if isinstance(value := row.get(key), (int, float)))
