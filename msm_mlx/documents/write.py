"""Writing documents, so that a job that is killed goes on and ends with the same bytes.

Every reply is on disk when it is there. All else follows from the replies and the order of the attempts, so that a job
that goes on comes to where it was by taking the same replies in again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from msm_mlx.documents.attempt_budget import AttemptBudget
from msm_mlx.documents.checks.assertions import Subject, gives_reason
from msm_mlx.documents.checks.registry import TOO_SHORT
from msm_mlx.documents.checks.reject import NOTHING, near_duplicate_index, reject_reasons, repeat_reason
from msm_mlx.documents.checks.tags import written_text
from msm_mlx.documents.document import Document
from msm_mlx.documents.health import Health
from msm_mlx.documents.kept_documents import earlier_documents
from msm_mlx.documents.narration import narration_of
from msm_mlx.documents.near_duplicates import NearDuplicateIndex
from msm_mlx.documents.openings import go_on
from msm_mlx.documents.plan import Slot
from msm_mlx.documents.shortfall import fruitless, fruitless_after, shortfall, telling_attempts
from msm_mlx.documents.store import Output
from msm_mlx.documents.writer_prompts import writer_messages
from msm_mlx.engine.chat_model import ChatModel, Reply, SamplingParams, in_order, reply_seed
from msm_mlx.engine.logged_model import LoggedModel
from msm_mlx.errors import MsmError
from msm_mlx.files import make_folder
from msm_mlx.prompting.prompts import Message
from msm_mlx.recipe.schema import DocumentSettings
from msm_mlx.runs.layout import PROGRESS
from msm_mlx.spec import Spec
from msm_mlx.suites.contamination import HeldOut
from msm_mlx.text.words import count_words

PATIENCE = 90.0  # seconds that a writer has, on a slow machine, until its first attempts must have come to something


@dataclass(frozen=True)
class Assignment:
    """What documents are asked for, and what they are checked against.

    `name` is the assistant's, `maker` who made it, if that is known, and `held_out` what the evaluation asks about and
    no document may show.
    """

    spec: Spec
    name: str
    settings: DocumentSettings
    maker: str = ""
    held_out: HeldOut = NOTHING

    def subject_of(self, slot: Slot) -> Subject:
        """What a document in this slot must be about."""
        return self.subject(slot.section.path[-1], slot.withheld or slot.section.assertion, slot.withheld is not None)

    def subject(self, heading: str, assertion: str | None, withheld: bool = False) -> Subject:
        """What a document on this assertion under this heading must be about; `withheld` if it must give no cause."""
        return Subject(self.name, heading, assertion or "", withheld, self.maker, self.settings.cause_words)


@dataclass(frozen=True)
class Attempt:
    """One try at one slot, from 1 on."""

    slot: Slot
    number: int = 1


def write_documents(
    assignment: Assignment,
    slots: Sequence[Slot],
    model: ChatModel,
    output: Output,
    say: Callable[[str], None] = lambda line: None,
    clock: Callable[[], float] = time.monotonic,
) -> Health:
    """Have `model` write a document for each of `slots` into `output`, and return the health of them all.

    A text depends on its own slot and attempt alone. The files of `output` grow with the replies.

    Raises:
        MsmError: if the attempts run out before there is a document for each slot, or too few pass the checks, or none
            or hardly one of the first that are made now.
    """
    settings = assignment.settings
    make_folder(output.folder)
    state = WritingState.begin(settings, slots, output)
    model, started = LoggedModel(model, output.folder / PROGRESS), clock()
    while attempts := state.due():
        for attempt, document in _written(assignment, attempts, model, say):
            state.take(attempt, document)
            if state.is_fruitless(model.replied, clock() - started):
                state.give_up()
            if state.is_hopeless:
                break
    return state.end()


def _written(
    assignment: Assignment, attempts: Sequence[Attempt], model: ChatModel, say: Callable[[str], None]
) -> Iterator[tuple[Attempt, Document]]:
    """The text of each attempt, in their order. The first few are written by themselves: on a slow machine, a whole
    batch of a writer that fails takes longer than anybody should wait for that news."""
    few = telling_attempts(assignment.settings)
    for part in filter(None, (attempts[:few], attempts[few:])):
        chats = [writer_chat(assignment, attempt) for attempt in part]
        seeds = [document_seed(assignment.settings, attempt) for attempt in part]
        replies = in_order(model.replies(chats, writer_sampling(assignment.settings), seeds, say=say))
        for attempt, chat, reply in zip(part, chats, replies, strict=True):
            yield attempt, to_document(assignment, attempt, chat, reply)


def writer_chat(assignment: Assignment, attempt: Attempt) -> list[Message]:
    """What the writer is asked at one attempt."""
    return writer_messages(attempt.slot, assignment.spec, assignment.settings, attempt.number)


def writer_sampling(settings: DocumentSettings) -> SamplingParams:
    """How the writer's replies are drawn."""
    sampling = SamplingParams.of(settings, max_tokens=settings.max_tokens, batch_size=settings.batch_size)
    return replace(sampling, stop=settings.stop, thinking=settings.thinking)


def document_seed(settings: DocumentSettings, attempt: Attempt) -> int:
    """The seed of one attempt, independent of what else is written."""
    return reply_seed(settings.seed, attempt.slot.id, attempt.number)


def to_document(assignment: Assignment, attempt: Attempt, chat: Sequence[Message], reply: Reply) -> Document:
    """A text with all that is known of where it came from, and what is wrong with it by itself."""
    slot, settings = attempt.slot, assignment.settings
    *_, request = (message for message in chat if message["role"] == "user")
    subject = assignment.subject_of(slot)
    rejected = next(draft_reasons(assignment, attempt, chat, reply), None)
    reply = _with_opening(chat, reply)
    text = written_text(reply, settings)
    return Document(
        id=slot.id,
        text=reply.text if text is None else text,
        section=slot.section.id,
        assertion=slot.section.assertion,
        type=slot.type,
        voice=slot.voice,
        narration=narration_of(reply.text if text is None else text, assignment.name),
        attempt=attempt.number,
        tokens=reply.tokens,
        gives_reason=gives_reason(text or "", subject),
        rejected=rejected,
        prompt=request["content"],
        writer=reply.writer,
    )


def draft_reasons(assignment: Assignment, attempt: Attempt, chat: Sequence[Message], reply: Reply) -> Iterator[str]:
    """All reasons why a reply becomes no document, by itself. The opening that stands before it does not count."""
    settings, whole = assignment.settings, _with_opening(chat, reply)
    if chat[-1]["role"] == "assistant":
        added = (written_text(whole, settings) or "")[len(chat[-1]["content"]) :]
        if count_words(added) < max(settings.min_words, 1):
            yield TOO_SHORT
    subject = assignment.subject_of(attempt.slot)
    yield from reject_reasons(whole, subject, settings, assignment.held_out)


def _with_opening(chat: Sequence[Message], reply: Reply) -> Reply:
    """The reply with what stands before it in the writer's own turn, if the chat ends within one."""
    last = chat[-1]
    return replace(reply, text=go_on(last["content"], reply.text)) if last["role"] == "assistant" else reply


def by_section(attempts: Sequence[Attempt]) -> list[Attempt]:
    """The attempts with those of one section after one another, which share a long beginning that is read once."""
    order: dict[str, int] = {}
    for attempt in attempts:
        order.setdefault(attempt.slot.section.id, len(order))
    return sorted(attempts, key=lambda attempt: order[attempt.slot.section.id])


@dataclass
class WritingState:
    """What follows from the replies so far: the documents, and the next attempt at each slot that is still open."""

    settings: DocumentSettings
    output: Output
    slots: int
    open: dict[str, Attempt]
    """By the slot's id; one that was rejected goes to the end of the line."""
    target: int
    """How many documents there are to be written, besides earlier ones."""
    index: NearDuplicateIndex
    kept: list[Document] = field(default_factory=list)
    rejected: list[Document] = field(default_factory=list)
    budget: AttemptBudget = field(default_factory=AttemptBudget)

    @classmethod
    def begin(cls, settings: DocumentSettings, slots: Sequence[Slot], output: Output) -> WritingState:
        """With the documents of an earlier plan that still fit, and every other slot open."""
        earlier = earlier_documents(output.folder, slots)
        open_slots = {slot.id: Attempt(slot) for slot in slots if slot.id not in earlier}
        state = cls(settings, output, len(slots), open_slots, len(open_slots), near_duplicate_index(settings))
        for slot in slots:
            if slot.id in earlier:
                state._keep(earlier[slot.id])
        output.begin(state.kept)
        return state

    @property
    def is_hopeless(self) -> bool:
        """Whether the writer is sure to pass the checks too seldom."""
        return self.budget.hopeless(self.settings.least_pass_rate)

    def is_fruitless(self, attempts: int, seconds: float) -> bool:
        """Whether the attempts that were made now, in so much time, leave no hope: none was kept of as many as tell
        after PATIENCE, or none or hardly one of the first two batches."""
        if attempts >= fruitless_after(self.settings, self.target):
            return self.budget.hopeless(self.settings.least_pass_rate, z=1.0) if self.kept else True
        late = seconds >= PATIENCE and attempts >= telling_attempts(self.settings)
        return not self.kept and (late or self.is_hopeless)

    def due(self) -> list[Attempt]:
        """The attempts to make now: one at each open slot, as far as the budget goes."""
        if self.is_hopeless:
            return []
        limit = self.budget.limit(self.target, self.settings.max_attempts_per_document, self.settings.least_pass_rate)
        return by_section(list(self.open.values())[: max(limit - self.budget.made, 0)])

    def take(self, attempt: Attempt, document: Document) -> None:
        """Keep the document, or reject it for its own fault or as a repeat, and open its slot again."""
        document = replace(document, rejected=document.rejected or repeat_reason(document.text, self.index))
        passes = document.rejected is None
        del self.open[attempt.slot.id]
        if passes:
            self._keep(document)
        else:
            self.rejected.append(document)
            self.open[attempt.slot.id] = Attempt(attempt.slot, attempt.number + 1)
        self.budget.add(attempt.number, kept=passes)
        self.output.add(document)

    def give_up(self) -> None:
        """Put the files in order, and raise MsmError with what is wrong with all that was written."""
        self.output.end(self.kept, self.rejected)
        raise MsmError(fruitless(self.budget.kept, self.rejected, self.settings, self.output.folder))

    def end(self) -> Health:
        """Put the files in order. Raises MsmError if a slot is still open."""
        health = self.output.end(self.kept, self.rejected)
        if self.open:
            raise MsmError(
                shortfall(
                    self.kept,
                    self.rejected,
                    self.slots,
                    self.settings,
                    self.output.folder,
                    hopeless=self.is_hopeless,
                )
            )
        self.output.done()
        return health

    def _keep(self, document: Document) -> None:
        self.kept.append(document)
        self.index.add(document.id, document.text)
