"""Writing documents in batches, so that a killed job goes on and ends with the same texts."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from msm_mlx.documents.asking import writer_messages
from msm_mlx.documents.checks import NOTHING, originals_for, reject_reason, repeat_reason, written_text
from msm_mlx.documents.claims import Subject, gives_reason
from msm_mlx.documents.duplicates import Originals
from msm_mlx.documents.health import document_health
from msm_mlx.documents.leaks import Unseen
from msm_mlx.documents.plan import Slot
from msm_mlx.documents.topup import earlier_documents
from msm_mlx.engine.batches import generate_each
from msm_mlx.engine.generation import Reply, generate_replies
from msm_mlx.engine.models import LoadedModel
from msm_mlx.errors import MsmError
from msm_mlx.files import append_jsonl, make_folder, read_whole_lines, sha256_json, write_json, write_jsonl
from msm_mlx.machine import this_machine
from msm_mlx.recipe import DocumentSettings
from msm_mlx.spec import Spec

DOCUMENTS, REJECTED, HEALTH, PROGRESS = "documents.jsonl", "rejected.jsonl", "health.json", "progress.jsonl"
Record = dict[str, Any]


@dataclass(frozen=True)
class Attempt:
    """One try at one slot."""

    slot: Slot
    number: int


@dataclass
class Written:
    """What has been written so far: kept and rejected records, and the attempts still to make."""

    waiting: deque[Attempt]
    originals: Originals
    kept: list[Record] = field(default_factory=list)
    rejected: list[Record] = field(default_factory=list)
    batches: int = 0

    def add(self, attempts: list[Attempt], records: list[Record]) -> None:
        """Take in one batch; a rejected slot waits for another try at the end of the line."""
        self.batches += bool(attempts)
        for attempt, record in zip(attempts, records, strict=True):
            if record["rejected"] is None:
                self.kept.append(record)
                self.originals.add(record["id"], record["text"])
            else:
                self.rejected.append(record)
                self.waiting.append(Attempt(attempt.slot, attempt.number + 1))


def write_documents(
    spec: Spec,
    name: str,
    loaded: LoadedModel,
    settings: DocumentSettings,
    folder: Path,
    *,
    slots: Sequence[Slot],
    writer: str,
    unseen: Unseen = NOTHING,
    on_reply: Callable[[Reply], None] = lambda reply: None,
    on_batch: Callable[[int, int], None] = lambda kept, rejected: None,
) -> Record:
    """Write `documents.jsonl`, `rejected.jsonl` and `health.json` into `folder`, and return the health.

    `name` is the assistant's, `writer` what the records say of the model that wrote, and `unseen` what the
    evaluation asks about and no document may show. After an assertion alone, a batch is on disk when it is done,
    and its texts depend on the settings and the batch's number. After more, every reply is on disk when it is done,
    and its text depends on its own slot and attempt.

    Raises:
        MsmError: if the attempts run out before a document is kept for each of `slots`.
    """
    make_folder(folder)
    progress = folder / PROGRESS
    earlier = earlier_documents(folder, slots)
    written = Written(deque(Attempt(slot, 1) for slot in slots if slot.id not in earlier), originals_for(settings))
    there = [slot for slot in slots if slot.id in earlier]
    written.add([Attempt(slot, 1) for slot in there], [earlier[slot.id] | {"rejected": None} for slot in there])
    limit = round(len(slots) * settings.max_attempts_per_document)
    for records in _finished_batches(progress):
        written.add(_next_attempts(written, settings, limit), records)
    while written.waiting and len(written.kept) + len(written.rejected) < limit:
        attempts = _next_attempts(written, settings, limit)
        prompts = [writer_messages(attempt.slot, spec, settings, attempt.number) for attempt in attempts]
        ids = [loaded.render(messages, reply=True) for messages in prompts]
        if written_together(settings):
            replies = generate_replies(
                loaded,
                ids,
                max_tokens=settings.max_tokens,
                batch_size=settings.batch_size,
                temperature=settings.temperature,
                seed=settings.seed * 1_000_003 + written.batches,
                on_reply=on_reply,
            )
        else:
            replies = _write_each(loaded, ids, attempts, settings, progress, written.batches, on_reply)
        asked = [messages[-1]["content"] for messages in prompts]
        rejections = [
            reject_reason(reply, Subject.of(attempt.slot, name), settings, unseen)
            for attempt, reply in zip(attempts, replies, strict=True)
        ]
        records = _record(attempts, asked, replies, rejections, name, settings)
        _reject_repeats(records, written.originals, settings)
        append_jsonl(progress, [{"batch": written.batches, "records": records}])
        written.add(attempts, records)
        on_batch(len(written.kept), len(written.rejected))
    return _finish(folder, written, writer)


def written_together(settings: DocumentSettings) -> bool:
    """Whether the documents of a batch draw from one seed, and are on disk together.

    A prompt of one assertion is what the embedded model reads. It shares no beginning that is worth reading once, and
    its documents stay those that the evidence was made with.
    """
    return settings.prompt == "assertion"


def _next_attempts(written: Written, settings: DocumentSettings, limit: int) -> list[Attempt]:
    """One batch, or all that wait where each document has a seed of its own: the more, the more share a beginning."""
    left = limit - len(written.kept) - len(written.rejected)
    size = settings.batch_size if written_together(settings) else max(left, 0)
    return [written.waiting.popleft() for _ in range(min(size, len(written.waiting)))]


def _write_each(
    loaded: LoadedModel,
    prompts: list[list[int]],
    attempts: list[Attempt],
    settings: DocumentSettings,
    progress: Path,
    batch: int,
    on_reply: Callable[[Reply], None],
) -> list[Reply]:
    """A reply for each attempt, on disk as soon as it is there; those that are on disk are not written again."""
    done = {row["index"]: Reply(**row["reply"]) for row in read_whole_lines(progress) if row.get("batch") == batch}
    left = [i for i in range(len(attempts)) if i not in done]
    replies = generate_each(
        loaded,
        [prompts[i] for i in left],
        [document_seed(settings.seed, attempts[i]) for i in left],
        max_tokens=settings.max_tokens,
        batch_size=settings.batch_size,
        temperature=settings.temperature,
        stop=settings.stop,
        memory=this_machine().memory,
    )
    for place, reply in replies:
        done[left[place]] = reply
        append_jsonl(progress, [{"batch": batch, "index": left[place], "reply": asdict(reply)}])
        on_reply(reply)
    return [done[i] for i in range(len(attempts))]


def document_seed(seed: int, attempt: Attempt) -> int:
    """The seed of one try at one document: of 32 bits, and independent of what else is written."""
    return int(sha256_json([seed, attempt.slot.id, attempt.number])[:8], 16)


def _record(
    attempts: list[Attempt],
    asked: list[str],
    replies: list[Reply],
    rejections: list[str | None],
    name: str,
    settings: DocumentSettings,
) -> list[Record]:
    """One batch's texts with all that is known of where they came from."""
    records: list[Record] = []
    for attempt, prompt, reply, rejected in zip(attempts, asked, replies, rejections, strict=True):
        text = written_text(reply.text, settings)
        records.append(
            {
                "id": attempt.slot.id,
                "text": reply.text if text is None else text,
                "section": attempt.slot.section.id,
                "assertion": attempt.slot.section.assertion,
                "type": attempt.slot.type,
                "voice": attempt.slot.voice,
                "attempt": attempt.number,
                "tokens": reply.tokens,
                "gives_reason": gives_reason(text or "", Subject.of(attempt.slot, name)),
                "rejected": rejected,
                "prompt": prompt,
            }
        )
    return records


def _reject_repeats(records: list[Record], originals: Originals, settings: DocumentSettings) -> None:
    """Mark what was written before: in an earlier batch, or earlier in this one."""
    batch = originals_for(settings)
    for record in records:
        if record["rejected"] is None:
            record["rejected"] = repeat_reason(record["text"], originals) or repeat_reason(record["text"], batch)
        if record["rejected"] is None:
            batch.add(record["id"], record["text"])


def _finished_batches(progress: Path) -> list[list[Record]]:
    """The batches on disk.

    Raises:
        MsmError: with file and line, if a line is damaged.
    """
    batches: list[list[Record]] = []
    for line, row in enumerate(read_whole_lines(progress), start=1):
        if "records" in row:
            batches.append(row["records"])
        elif "index" not in row:  # else one reply of a batch that was not finished, or is further down
            raise MsmError(f"{progress}:{line}: damaged; delete the file to begin anew")
    return batches


def _finish(folder: Path, written: Written, writer: str) -> Record:
    kept = [{**record, "writer": writer} for record in sorted(written.kept, key=lambda record: record["id"])]
    for record in kept:
        del record["rejected"]
    health = document_health(kept, written.rejected)
    write_jsonl(folder / DOCUMENTS, kept)
    write_jsonl(folder / REJECTED, [{**record, "writer": writer} for record in written.rejected])
    write_json(folder / HEALTH, health)
    if written.waiting:
        wanted = len(kept) + len(written.waiting)
        raise MsmError(
            f"only {len(kept)} of {wanted} documents passed the checks; {folder / REJECTED} says why each "
            "other failed. Use a better writer, or raise documents.max_attempts_per_document."
        )
    (folder / PROGRESS).unlink(missing_ok=True)
    return health
