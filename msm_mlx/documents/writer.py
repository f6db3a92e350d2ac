"""Writing documents in batches, so that a killed job goes on and ends with the same texts."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from msm_mlx.documents.attempt_budget import AttemptBudget
from msm_mlx.documents.checks.assertions import Subject, gives_reason
from msm_mlx.documents.checks.run import NOTHING, near_duplicate_index, reject_reason, repeat_reason, written_text
from msm_mlx.documents.kept_documents import earlier_documents
from msm_mlx.documents.near_duplicates import NearDuplicateIndex
from msm_mlx.documents.plan import Slot
from msm_mlx.documents.store import Output, Record, short_of
from msm_mlx.documents.writer_prompts import writer_messages
from msm_mlx.engine.chat_model import ChatModel, Reply, SamplingParams
from msm_mlx.errors import MsmError
from msm_mlx.files import make_folder, sha256_json
from msm_mlx.prompting.prompts import Message
from msm_mlx.recipe.schema import DocumentSettings
from msm_mlx.runs.layout import DOCUMENTS, HEALTH, PROGRESS, REJECTED
from msm_mlx.spec import Spec
from msm_mlx.suites.contamination import HeldOut

__all__ = ["DOCUMENTS", "HEALTH", "PROGRESS", "REJECTED", "write_documents"]


@dataclass(frozen=True)
class Attempt:
    """One try at one slot."""

    slot: Slot
    number: int


@dataclass
class Written:
    """What has been written so far: kept and rejected records, and the attempts still to make.

    It follows from the replies and their order alone, so that a job that was stopped comes to the same by reading
    them again.
    """

    waiting: deque[Attempt]
    index: NearDuplicateIndex
    judge: Callable[[Attempt, str, Reply], Record]
    on_record: Callable[[Record], None]
    kept: list[Record] = field(default_factory=list)
    rejected: list[Record] = field(default_factory=list)
    tries: AttemptBudget = field(default_factory=AttemptBudget)
    turns: int = 0

    def keep(self, record: Record) -> None:
        self.kept.append(record)
        self.index.add(record["id"], record["text"])

    def next_turn(self, settings: DocumentSettings, left: int) -> list[Attempt]:
        """Takes out all that wait, or as many as are `left`: the more, the more share a beginning."""
        attempts = [self.waiting.popleft() for _ in range(min(left, len(self.waiting)))]
        return in_turn(attempts, settings)

    def take(self, attempt: Attempt, asked: str, reply: Reply) -> None:
        """Take in a reply to what was asked; a rejected slot waits for another try at the end of the line."""
        record = self.judge(attempt, asked, reply)
        record["rejected"] = record["rejected"] or repeat_reason(record["text"], self.index)
        if record["rejected"] is None:
            self.keep(record)
        else:
            self.rejected.append(record)
            self.waiting.append(Attempt(attempt.slot, attempt.number + 1))
        self.tries.add(attempt.number, kept=record["rejected"] is None)
        self.on_record(record)


def write_documents(
    spec: Spec,
    name: str,
    writer: ChatModel,
    settings: DocumentSettings,
    folder: Path,
    *,
    slots: Sequence[Slot],
    written_by: str,
    maker: str = "",
    held_out: HeldOut = NOTHING,
    on_reply: Callable[[Reply], None] = lambda reply: None,
    on_batch: Callable[[int, int], None] = lambda kept, rejected: None,
    say: Callable[[str], None] = lambda line: None,
) -> Record:
    """Write `documents.jsonl`, `rejected.jsonl` and `health.json` into `folder`, and return the health.

    `name` is the assistant's, `maker` who made it, if that is known, `written_by` what the records say of the writer,
    and `held_out` what the evaluation asks about and no document may show. After an assertion alone, a batch is on
    disk when it is done, and its texts depend on the settings and the batch's number. After more, every reply is on
    disk when it is done, and its text depends on its own slot and attempt. `documents.jsonl` and `rejected.jsonl` grow
    with the replies; `on_batch` is told how many there are of each whenever one is added, `say` when
    fewer rows fit into the memory than were asked for.

    Raises:
        MsmError: if the attempts run out before a document is kept for each of `slots`, or too few pass.
    """
    make_folder(folder)
    least = settings.least_pass_rate
    earlier = earlier_documents(folder, slots)
    output = Output(folder, written_by, on_batch)
    written = Written(
        deque(Attempt(slot, 1) for slot in slots if slot.id not in earlier),
        near_duplicate_index(settings),
        judge=partial(_judge, name=name, maker=maker, settings=settings, held_out=held_out),
        on_record=output.add,
    )
    for slot in slots:
        if slot.id in earlier:
            written.keep(earlier[slot.id] | {"rejected": None})
    output.begin(written.kept)
    turns, tries, wanted = output.saved(), written.tries, len(written.waiting)
    while written.waiting and not tries.hopeless(least):
        left = tries.limit(wanted, settings.max_attempts_per_document, least) - tries.made
        if left <= 0:
            break
        done = turns.get(written.turns, {})
        attempts = written.next_turn(settings, left)
        asked = [writer_messages(attempt.slot, spec, settings, attempt.number) for attempt in attempts]
        turn = Turn(writer, attempts, asked, settings, written.turns, done)
        with closing(turn.replies(output.save, on_reply, say)) as coming:
            for place, reply in enumerate(in_order(coming)):
                written.take(attempts[place], asked[place][-1]["content"], reply)
                if tries.hopeless(least):
                    written.waiting.extendleft(reversed(attempts[place + 1 :]))
                    break
        written.turns += 1
    health = output.end(written.kept, written.rejected)
    if written.waiting:
        hopeless = tries.hopeless(least)
        raise MsmError(short_of(written.kept, written.rejected, len(slots), folder, hopeless=hopeless))
    output.done()
    return health


def in_order(coming: Iterable[tuple[int, Reply]]) -> Iterator[Reply]:
    """Replies in the order of their places, each as soon as those before it are there."""
    early: dict[int, Reply] = {}
    next_place = 0
    for place, reply in coming:
        early[place] = reply
        while next_place in early:
            yield early.pop(next_place)
            next_place += 1


def in_turn(attempts: Sequence[Attempt], settings: DocumentSettings) -> list[Attempt]:
    """The attempts in the order in which the writer is asked.

    Those of one section follow one another: they share a beginning, and each is taken in soon after it is written.
    """
    sections = dict.fromkeys(attempt.slot.section.id for attempt in attempts)
    order = {section: place for place, section in enumerate(sections)}
    return sorted(attempts, key=lambda attempt: order[attempt.slot.section.id])


def document_seed(seed: int, attempt: Attempt) -> int:
    """The seed of one try at one document: of 32 bits, and independent of what else is written."""
    return int(sha256_json([seed, attempt.slot.id, attempt.number])[:8], 16)


@dataclass(frozen=True)
class Turn:
    """Attempts that are put to the writer together. Those that are `done` are not written again."""

    writer: ChatModel
    attempts: Sequence[Attempt]
    asked: Sequence[list[Message]]
    settings: DocumentSettings
    number: int
    done: Mapping[int, Reply]

    def replies(
        self,
        save: Callable[[int, Mapping[int, Reply]], None] = lambda turn, replies: None,
        on_reply: Callable[[Reply], None] = lambda reply: None,
        say: Callable[[str], None] = lambda line: None,
    ) -> Generator[tuple[int, Reply]]:
        """The reply to each attempt with its place, on disk before it is told."""
        yield from self.done.items()
        left = [place for place in range(len(self.attempts)) if place not in self.done]
        if not left:
            return
        chats = [list(self.asked[place]) for place in left]
        settings = self.settings
        sampling = SamplingParams(
            settings.max_tokens, settings.batch_size, settings.temperature, settings.stop, settings.thinking
        )
        seeds = [document_seed(settings.seed, self.attempts[place]) for place in left]
        for index, reply in self.writer.replies(chats, sampling, seeds, say=say):
            save(self.number, {left[index]: reply})
            on_reply(reply)
            yield left[index], reply


def _judge(
    attempt: Attempt, asked: str, reply: Reply, *, name: str, maker: str, settings: DocumentSettings, held_out: HeldOut
) -> Record:
    """A text with all that is known of where it came from, and what is wrong with it by itself."""
    subject = Subject.of(attempt.slot, name, maker)
    text = written_text(reply.text, settings)
    return {
        "id": attempt.slot.id,
        "text": reply.text if text is None else text,
        "section": attempt.slot.section.id,
        "assertion": attempt.slot.section.assertion,
        "type": attempt.slot.type,
        "voice": attempt.slot.voice,
        "attempt": attempt.number,
        "tokens": reply.tokens,
        "gives_reason": gives_reason(text or "", subject),
        "rejected": reject_reason(reply, subject, settings, held_out),
        "prompt": asked,
    }
