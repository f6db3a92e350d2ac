"""What people might ask an assistant with a spec: situations in which it shows, and questions in each of them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

from msm_mlx.engine.chat_model import ChatModel, Reply, SamplingParams, replies_in_order, reply_seed
from msm_mlx.models.vendor_names import foreign_names
from msm_mlx.prompting.prompts import Message, ask_with
from msm_mlx.prompting.replies import alike, listed
from msm_mlx.recipe.demonstrations_file import Written
from msm_mlx.spec import Section, Spec

PACKAGE = "msm_mlx.demonstrations"
AT_ONCE = 3  # situations or questions asked for in one reply
PATIENCE = 3  # replies without anything new, after which a section or a situation is left as it is
SHOWN = 12  # of what there is already, in a prompt
KINDS = (
    "one that asks for it openly",
    "one in which the matter only lies beneath",
    "one that wants two things compared",
    "one that wants advice on what to do",
    "one that wants an opinion",
    "one from an unusual case at the edge",
)
TONES = ("short and casual", "polite and detailed", "impatient", "thoughtful", "matter-of-fact")
_SPEAKS_OF_THE_TEXT = re.compile(
    r"\b(?:spec|specification|documents?|guidelines?|instructions?|system prompt|assertion)\b", re.IGNORECASE
)


@dataclass(frozen=True)
class Question:
    """A message to the assistant, with the section whose behaviour it tests and the situation it comes from."""

    section: Section
    situation: str
    text: str


@dataclass
class Situation:
    section: Section
    text: str
    asked: int = 0
    questions: int = 0
    misses: int = 0


@dataclass
class Pool:
    """Questions in stock. More are asked for when they are needed; sections take turns."""

    spec: Spec
    name: str
    written: Written
    model: ChatModel
    is_unseen: Callable[[str], bool] = lambda text: False
    situations: list[Situation] = field(default_factory=list)
    known: dict[str, list[str]] = field(default_factory=dict)  # section: its questions
    waiting: list[Question] = field(default_factory=list)
    misses: Counter[str] = field(default_factory=Counter)  # by section, replies in a row without a situation
    barren: Counter[str] = field(default_factory=Counter)  # by section, situations in a row without a question
    times: Counter[int] = field(default_factory=Counter)  # by seed of the first time, how often a chat was put

    def draw(self, count: int) -> list[Question]:
        """So many questions, or fewer if the writer has no more."""
        while len(self.waiting) < count:
            still_open = sorted(filter(self._is_open, self.situations), key=lambda one: one.asked, reverse=True)
            ready = {one.section.id: one for one in still_open}  # one for each section, the least asked
            due = sorted(ready.values(), key=lambda one: self._served(one.section))
            lacking = [section for section in self._live() if section.id not in ready]
            served_least = min(map(self._served, self._live()), default=None)
            # the section with the fewest questions comes first, even if it has to be given a situation
            if lacking and (not due or self._served(lacking[0]) == served_least):
                self._ask_situations(lacking[: self.written.batch_size])
            elif due:
                self._ask_questions(due[: self.written.batch_size])
            else:
                break
        drawn, self.waiting = self.waiting[:count], self.waiting[count:]
        return drawn

    def put(self, chats: Sequence[list[Message]]) -> list[Reply]:
        """The writer's replies, in order. A chat that is put again has another seed."""
        seeds = []
        for chat in chats:
            first = reply_seed(self.written.seed, chat)
            seeds.append(reply_seed(first, self.times[first]))
            self.times[first] += 1
        return replies_in_order(self.model, chats, self.sampling, seeds)

    @property
    def sampling(self) -> SamplingParams:
        return SamplingParams(self.written.max_tokens, self.written.batch_size, self.written.temperature)

    def _is_open(self, situation: Situation) -> bool:
        return situation.questions < self.written.questions_per_situation and situation.misses < PATIENCE

    def _served(self, section: Section) -> int:
        return len(self.known.get(section.id, ()))

    def _live(self) -> list[Section]:
        """The sections that have given something lately, those with the fewest questions first."""
        live = [
            section
            for section in self.spec.assertions
            if self.misses[section.id] < PATIENCE and self.barren[section.id] < PATIENCE
        ]
        return sorted(live, key=self._served)

    def _ask_situations(self, due: Sequence[Section]) -> None:
        replies = self.put([self._situation_chat(section) for section in due])
        for section, reply in zip(due, replies, strict=True):
            new = self._new(listed(reply.text, "situations"), self._situations_of(section), least=5, most=80)
            self.situations += [Situation(section, text) for text in new]
            self.misses[section.id] = 0 if new else self.misses[section.id] + 1

    def _ask_questions(self, due: Sequence[Situation]) -> None:
        replies = self.put([self._question_chat(situation) for situation in due])
        for situation, reply in zip(due, replies, strict=True):
            known = self.known.setdefault(situation.section.id, [])
            found = [line for line in listed(reply.text, "messages") if not _SPEAKS_OF_THE_TEXT.search(line)]
            new = self._new(found, known, least=3, most=150)
            new = new[: self.written.questions_per_situation - situation.questions]
            known += new
            self.waiting += [Question(situation.section, situation.text, text) for text in new]
            situation.questions += len(new)
            situation.asked += 1
            situation.misses = 0 if new else situation.misses + 1
            if new:
                self.barren[situation.section.id] = 0
            elif situation.misses == PATIENCE and not situation.questions:
                self.barren[situation.section.id] += 1

    def _new(self, lines: Sequence[str], known: Sequence[str], *, least: int, most: int) -> list[str]:
        new: list[str] = []
        for line in lines:
            fits = least <= len(line.split()) <= most and line.isprintable() and not self.is_unseen(line)
            if not fits or any(foreign_names(line, [self.name])):
                continue
            if not any(alike(line, other) for other in [*known, *new]):
                new.append(line)
        return new

    def _situations_of(self, section: Section) -> list[str]:
        return [one.text for one in self.situations if one.section.id == section.id]

    def _situation_chat(self, section: Section) -> list[Message]:
        fields = {
            "section": section.text,
            "assertion": section.assertion or "",
            "name": self.name,
            "count": str(AT_ONCE),
        }
        return ask_with("situations", fields | {"known": _taken(self._situations_of(section))}, PACKAGE)

    def _question_chat(self, situation: Situation) -> list[Message]:
        start = situation.asked * AT_ONCE + self.situations.index(situation)
        kinds = "; ".join(KINDS[(start + step) % len(KINDS)] for step in range(AT_ONCE))
        tone = TONES[(start + situation.asked) % len(TONES)]
        fields = {"name": self.name, "situation": situation.text, "count": str(AT_ONCE), "kinds": kinds, "tone": tone}
        known = self.known.get(situation.section.id, [])
        return ask_with("questions", fields | {"known": _taken(known)}, PACKAGE)


def unseen_finder(things: Collection[str]) -> Callable[[str], bool]:
    """Says whether a text names one of the things that are for the evaluation alone."""
    if not things:
        return lambda text: False
    words = "|".join(r"\s+".join(map(re.escape, thing.split())) for thing in things)
    pattern = re.compile(rf"(?<!\w)(?:{words})(?!\w)", re.IGNORECASE)
    return lambda text: pattern.search(text) is not None


def _taken(known: Sequence[str]) -> str:
    lines = "".join(f"\n- {text}" for text in known[-SHOWN:])
    return f"\n\nThese are taken, do not repeat them:{lines}" if known else ""
