"""Ideas for documents, proposed by the writer in small batches, so that texts of one section and type differ.

A small model that is asked for many ideas at once repeats itself: it is asked for a few, is told what there is already,
and what comes again in other words is dropped.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from msm_mlx.documents.plan import PlanCell, plan_documents
from msm_mlx.engine.chat_model import ChatModel, Reply, SamplingParams, replies_in_order, reply_seed
from msm_mlx.errors import MsmError
from msm_mlx.files import append_jsonl, read_whole_lines
from msm_mlx.models.vendor_names import foreign_names
from msm_mlx.prompting.prompts import Message, chat_from_prompt
from msm_mlx.prompting.replies import extract_list, is_similar
from msm_mlx.recipe.schema import DocumentSettings
from msm_mlx.spec import Section, Spec

PER_REPLY = 4  # ideas asked for at once
MAX_MISSES = 3  # replies in a row without anything new, after which a cell is left as it is
MAX_SHOWN = 12  # ideas that the writer is told not to repeat
FEW_REPLIES = 8  # that tell nothing of a writer yet
SHOWN_CHARACTERS = 200  # of a reply, in a message
MIN_WORDS, MAX_WORDS = 5, 80


@dataclass
class IdeaPool:
    """The ideas of each cell, how many replies it had, and how many of the last ones had nothing new for it."""

    ideas: dict[PlanCell, list[str]] = field(default_factory=dict)
    requests: Counter[PlanCell] = field(default_factory=Counter)
    misses: Counter[PlanCell] = field(default_factory=Counter)
    batches: int = 0

    def add(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Take in one batch of replies."""
        self.batches += 1
        for row in rows:
            cell = row["section"], row["type"]
            new = list(row["ideas"])
            self.ideas.setdefault(cell, []).extend(new)
            self.requests[cell] += 1
            self.misses[cell] = 0 if new else self.misses[cell] + 1


def propose_ideas(
    spec: Spec,
    name: str,
    settings: DocumentSettings,
    model: ChatModel,
    progress: Path,
    on_batch: Callable[[int], None] = lambda ideas: None,
) -> dict[PlanCell, list[str]]:
    """Up to `settings.ideas` ideas for each section and type that the plan visits.

    Each batch is on disk, in `progress`, when it is done.

    Raises:
        MsmError: if nothing usable comes at all, or in the first batches that are asked for now.
    """
    sections = {section.id: section for section in spec.assertions}
    visits = Counter((slot.section.id, slot.type) for slot in plan_documents(spec, settings))
    targets = {cell: min(settings.ideas, count) for cell, count in visits.items()}
    sampling = SamplingParams.of(settings, max_tokens=settings.max_tokens, batch_size=settings.batch_size)
    pool, asked = IdeaPool(), 0
    for batch in read_whole_lines(progress):
        pool.add(batch["replies"])
    while cells := _due(targets, pool)[: settings.batch_size]:
        prompts = [
            idea_chat(sections[cell[0]], cell[1], name, _missing(targets, pool, cell), _earlier_ideas(pool, cell))
            for cell in cells
        ]
        seeds = [reply_seed(settings.seed, "ideas", *cell, pool.requests[cell]) for cell in cells]
        replies = replies_in_order(model, prompts, sampling, seeds)
        rows: list[dict[str, Any]] = []
        for cell, reply in zip(cells, replies, strict=True):
            beside = [idea for row in rows if row["section"] == cell[0] for idea in row["ideas"]]
            new = _new(reply.text, name, [*_earlier_ideas(pool, cell), *beside])
            rows.append({"section": cell[0], "type": cell[1], "ideas": new[: _missing(targets, pool, cell)]})
        append_jsonl(progress, [{"batch": pool.batches, "replies": rows}])
        pool.add(rows)
        on_batch(sum(map(len, pool.ideas.values())))
        asked += len(replies)
        if asked >= max(2 * settings.batch_size, FEW_REPLIES) and not any(pool.ideas.values()):
            raise _no_ideas(pool, settings, replies[-1])
    if targets and not any(pool.ideas.values()):
        raise _no_ideas(pool, settings)
    return pool.ideas


def _no_ideas(pool: IdeaPool, settings: DocumentSettings, last: Reply | None = None) -> MsmError:
    """With the last reply, if there is one now, and what may help."""
    shown, longer = "", ""
    if last is not None:
        shown = f"\n  The last reply: {' '.join(last.text.split())[:SHOWN_CHARACTERS]!r}"
        longer = "" if last.finished else f"raise documents.max_tokens (now {settings.max_tokens}), "
    return MsmError(
        f"documents.ideas: the writer proposed none that can be used in {pool.batches} batches; {longer}use a "
        f"better writer, or documents.ideas: 0{shown}"
    )


def _due(targets: Mapping[PlanCell, int], pool: IdeaPool) -> list[PlanCell]:
    """The cells that lack ideas, those with the fewest tries first."""
    open_cells = [cell for cell in targets if _missing(targets, pool, cell) > 0 and pool.misses[cell] < MAX_MISSES]
    return sorted(open_cells, key=lambda cell: len(pool.ideas.get(cell, ())))


def _missing(targets: Mapping[PlanCell, int], pool: IdeaPool, cell: PlanCell) -> int:
    return targets[cell] - len(pool.ideas.get(cell, ()))


def idea_chat(
    section: Section, kind: str, name: str, count: int = PER_REPLY, earlier: Sequence[str] = ()
) -> list[Message]:
    """The chat that asks for `count` ideas for documents of a kind that are not like `earlier` ones."""
    lines = "".join(f"\n- {idea}" for idea in earlier[-MAX_SHOWN:])
    fields = {
        "name": name,
        "type": kind,
        "section": section.text,
        "assertion": section.assertion or "",
        "count": str(min(PER_REPLY, count)),
        "known": f"\n\nThese are taken, do not repeat them:{lines}" if earlier else "",
    }
    return chat_from_prompt("ideas", fields)


def _earlier_ideas(pool: IdeaPool, cell: PlanCell) -> list[str]:
    """The ideas of the section, those of the cell itself last."""
    siblings = [idea for other, ideas in pool.ideas.items() if other[0] == cell[0] and other != cell for idea in ideas]
    return [*siblings, *pool.ideas.get(cell, ())]


def _new(text: str, name: str, earlier: Sequence[str]) -> list[str]:
    """The ideas of a reply that can be used and are not like `earlier` ones."""
    new: list[str] = []
    for idea in extract_list(text, "ideas"):
        usable = MIN_WORDS <= len(idea.split()) <= MAX_WORDS
        named = any(foreign_names(idea, [name]))
        if not (usable and idea.isprintable()) or named:
            continue
        if not any(is_similar(idea, other) for other in [*earlier, *new]):
            new.append(idea)
    return new
