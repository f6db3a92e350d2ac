"""What a plan will cost: tokens from the lengths that it asks for, and time from a short probe on this machine."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from msm_mlx.documents.document import read_documents
from msm_mlx.documents.plan import Slot
from msm_mlx.documents.write import Attempt, by_section, document_seed, writer_sampling
from msm_mlx.documents.writer_prompts import writer_messages
from msm_mlx.engine.chat_model import ChatModel, replies_in_order
from msm_mlx.engine.model_pool import choose_by_seed
from msm_mlx.prompting.prompts import Message
from msm_mlx.recipe.schema import DocumentSettings
from msm_mlx.spec import Spec
from msm_mlx.text.words import TOKENS_PER_WORD

USED_SHARE = 0.7  # of max_tokens, by documents whose length nobody has asked for
PROBE_TOKENS = (5, 33)  # of a reply: few tell where a writer is slow, and more where it is fast
PROBE_WORDS = 600  # of a prompt
PROBE_SECONDS = 25.0  # that the probe may take, as far as each step tells of the next one
LEAST_SECONDS = 5.0  # of it, after a warm-up that took all of the time
PROBE_STEPS = 4  # that the time is shared out to, as a multiple of reading a batch
LEAST_WRITING = 0.05  # of the time of a reply: on a machine that is busy now and then, the shorter one may take as long
_RANGE = re.compile(r"([\d,]+) to ([\d,]+) words")


@dataclass(frozen=True)
class Outline:
    """A plan in numbers: documents by section and by type, what is still to be written, and the tokens of that."""

    documents: int
    written: int
    by_section: dict[str, dict[str, int]]
    ideas: int
    tokens: int
    tokens_from: str
    by_writer: dict[str, int] = field(default_factory=dict)
    """Of several writers, how many of the documents that are left each is the first to try."""

    @property
    def left(self) -> int:
        return self.documents - self.written

    def part_of(self, writer: str) -> Outline:
        """What is left to one of several writers; all of it where there is one alone."""
        if not self.by_writer:
            return self
        count = self.by_writer.get(writer, 0)
        return replace(self, documents=count, written=0, tokens=round(self.tokens * count / max(self.left, 1)))


@dataclass(frozen=True)
class Pace:
    """How fast a batch is read and written here."""

    batch: int
    reading: float  # seconds, for the prompts of a batch
    tokens_per_second: float
    tokens: int = PROBE_TOKENS[-1]
    """How many of each document were written to measure it."""

    @property
    def measured_on(self) -> str:
        """What it is extrapolated from, in words."""
        beside = f"{self.batch} documents side by side" if self.batch > 1 else "1 document"
        return f"from {beside}, {self.tokens} {'token' if self.tokens == 1 else 'tokens'}"

    def seconds(self, outline: Outline) -> float:
        """For what is left, if every document passes the checks at once."""
        return -(-outline.left // self.batch) * self.reading + outline.tokens / self.tokens_per_second


def outline_plan(slots: Sequence[Slot], settings: DocumentSettings, documents: Path) -> Outline:
    """The outline of a plan; `documents` is the file of those that are written already, if there is one."""
    written = read_documents(documents) if documents.exists() else []
    done = {document.id for document in written}
    open_slots = [slot for slot in slots if slot.id not in done]
    by_section: dict[str, Counter[str]] = {}
    for slot in slots:
        by_section.setdefault(slot.section.id, Counter())[slot.type] += 1
    if written:
        mean = sum(document.tokens for document in written) / len(written)
        tokens, source = mean * len(open_slots), f"measured on the {len(written)} documents that are written"
    else:
        tokens, source = (
            sum(_expected_tokens(slot, settings) for slot in open_slots),
            "expected from the lengths that are asked for",
        )
    return Outline(
        documents=len(slots),
        written=len(slots) - len(open_slots),
        by_section={section: dict(types) for section, types in by_section.items()},
        ideas=sum(bool(slot.idea) for slot in slots),
        tokens=round(tokens),
        tokens_from=source,
        by_writer={writer: len(part) for writer, part in slots_by_writer(open_slots, settings).items() if writer},
    )


def slots_by_writer(slots: Sequence[Slot], settings: DocumentSettings) -> dict[str, list[Slot]]:
    """The slots by who is the first to try them; all under an empty name where nobody shares them."""
    names = [writer.name for writer in settings.writers]
    if len(names) < 2:
        return {"": list(slots)}
    parts: dict[str, list[Slot]] = {name: [] for name in names}
    for slot in slots:
        parts[choose_by_seed(names, document_seed(settings, Attempt(slot)))].append(slot)
    return parts


def measure_pace(
    model: ChatModel,
    slots: Sequence[Slot],
    spec: Spec,
    settings: DocumentSettings,
    clock: Callable[[], float] = time.perf_counter,
    seconds: float = PROBE_SECONDS,
) -> Pace:
    """Puts the first batch to the writer, once for one token and once for a few more: less of it where that takes long.

    One document is asked for first: once to warm up, when a model is also probed, and once more. As many are then asked
    for side by side, and for as many tokens, as fit into what is left of `seconds`; where nothing is left, that one
    document is all there is to go by. Of a long prompt the beginning is read, and the time is made that of all.
    """
    attempts = by_section([Attempt(slot) for slot in slots])[: settings.batch_size]
    prompts = [writer_messages(attempt.slot, spec, settings) for attempt in attempts]
    chats = [_beginning(chat) for chat in prompts]
    seeds = [document_seed(settings, attempt) for attempt in attempts]
    start = clock()

    def timed(rows: int, max_tokens: int) -> tuple[float, int]:
        begun = clock()
        sampling = replace(writer_sampling(settings), max_tokens=max_tokens)
        replies = replies_in_order(model, chats[:rows], sampling, seeds[:rows])
        return clock() - begun, sum(max(reply.tokens, 1) for reply in replies)

    timed(1, 1)
    first, _ = timed(1, 1)
    seconds = max(seconds, clock() - start + LEAST_SECONDS)
    left = seconds - (clock() - start)
    if left < 2 * first:
        return Pace(1, first * _words(prompts[0]) / max(_words(chats[0]), 1), 1 / first, 1)
    rows = min(len(chats), max(1, int(left / PROBE_STEPS / max(first, 1e-6))))
    short, few = timed(rows, 1)
    long, many, written = short, 0, 1
    for tokens in PROBE_TOKENS:
        # reading a prompt takes longer than writing the first few tokens
        expected = short + (short if written == 1 else (long - short) / (written - 1) * tokens)
        if many and clock() - start + expected > seconds:
            break
        written = min(tokens, settings.max_tokens)
        long, many = timed(rows, written)
    longer = sum(map(_words, prompts[:rows])) / max(sum(map(_words, chats[:rows])), 1)
    writing = max(long - short, LEAST_WRITING * long, 1e-6)
    return Pace(rows, short * longer, max(many - few, 1) / writing, written)


def _beginning(chat: Sequence[Message]) -> list[Message]:
    """The chat with the first words alone of its last turn."""
    *before, last = chat
    words = last["content"].split(" ")
    return [*before, {**last, "content": " ".join(words[:PROBE_WORDS])}] if len(words) > PROBE_WORDS else list(chat)


def _words(chat: Sequence[Message]) -> int:
    return sum(len(message["content"].split(" ")) for message in chat)


def _expected_tokens(slot: Slot, settings: DocumentSettings) -> float:
    match = _RANGE.search(slot.length)
    if not match:
        return USED_SHARE * settings.max_tokens
    low, high = (int(part.replace(",", "")) for part in match.groups())
    return min(TOKENS_PER_WORD * (low + high) / 2, settings.max_tokens)
