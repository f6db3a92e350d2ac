"""What people might ask an assistant with a spec: situations in which it shows, and questions in each of them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from msm_mlx.engine.chat_model import ChatModel, Reply, SamplingParams, replies_in_order, reply_seed
from msm_mlx.models.vendor_names import foreign_names
from msm_mlx.prompting.prompts import Message, chat_from_prompt
from msm_mlx.prompting.replies import extract_list, is_similar
from msm_mlx.recipe.demonstrations_file import DemonstrationSettings
from msm_mlx.spec import Section, Spec

PACKAGE = "msm_mlx.demonstrations"
PER_REPLY = 3  # situations or questions asked for at once
MAX_MISSES = 3  # replies in a row without anything new, after which a section or a situation is left as it is
MAX_SHOWN = 12  # of what there is already, in a prompt
QUESTION_KINDS = (
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
class UserQuestion:
    """A message to the assistant, with the section whose behaviour it tests and the situation it comes from."""

    section: Section
    situation: str
    text: str


@dataclass
class Situation:
    """A situation in which a section shows, and how the writer did when it was asked for questions in it."""

    section: Section
    text: str
    requests: int = 0
    questions: int = 0
    misses: int = 0


@dataclass
class QuestionPool:
    """Questions in stock. More are asked for when they are needed; sections take turns."""

    spec: Spec
    name: str
    written: DemonstrationSettings
    model: ChatModel
    is_held_out: Callable[[str], bool] = lambda text: False
    situations: list[Situation] = field(default_factory=list)
    questions: dict[str, list[str]] = field(default_factory=dict)  # all so far, by section
    stock: list[UserQuestion] = field(default_factory=list)  # those that are not drawn yet
    misses: Counter[str] = field(default_factory=Counter)  # by section, replies in a row without a situation
    barren: Counter[str] = field(default_factory=Counter)  # by section, situations in a row without a question
    repeats: Counter[int] = field(default_factory=Counter)  # by seed of the first time, how often a chat was put

    def draw(self, count: int) -> list[UserQuestion]:
        """`count` questions, or fewer if the writer has no more."""
        while len(self.stock) < count:
            situations, sections = self._open_situations(), self._productive_sections()
            lacking = [section for section in sections if section.id not in situations]
            candidates = sorted(situations.values(), key=lambda situation: self._question_count(situation.section))
            # the section with the fewest questions comes first, even if it has to be given a situation
            if lacking and (not candidates or self._question_count(lacking[0]) == self._question_count(sections[0])):
                self._ask_situations(lacking[: self.written.batch_size])
            elif candidates:
                self._ask_questions(candidates[: self.written.batch_size])
            else:
                break
        drawn, self.stock = self.stock[:count], self.stock[count:]
        return drawn

    def ask(self, chats: Sequence[list[Message]]) -> list[Reply]:
        """The writer's replies, in order. A chat that is put again has another seed."""
        seeds = []
        for chat in chats:
            first = reply_seed(self.written.seed, chat)
            seeds.append(reply_seed(first, self.repeats[first]))
            self.repeats[first] += 1
        return replies_in_order(self.model, chats, self.sampling, seeds)

    @property
    def sampling(self) -> SamplingParams:
        written = self.written
        return SamplingParams.of(written, max_tokens=written.max_tokens, batch_size=written.batch_size)

    def _open_situations(self) -> dict[str, Situation]:
        """By section, the least asked of the situations that may still give questions."""
        least_asked: dict[str, Situation] = {}
        for situation in sorted(self.situations, key=lambda situation: situation.requests, reverse=True):
            if situation.questions < self.written.questions_per_situation and situation.misses < MAX_MISSES:
                least_asked[situation.section.id] = situation
        return least_asked

    def _question_count(self, section: Section) -> int:
        return len(self.questions.get(section.id, ()))

    def _productive_sections(self) -> list[Section]:
        """The sections that have given something lately, those with the fewest questions first."""
        productive = [
            section
            for section in self.spec.assertions
            if self.misses[section.id] < MAX_MISSES and self.barren[section.id] < MAX_MISSES
        ]
        return sorted(productive, key=self._question_count)

    def _ask_situations(self, sections: Sequence[Section]) -> None:
        replies = self.ask([situation_chat(section, self.name, self._situations_of(section)) for section in sections])
        for section, reply in zip(sections, replies, strict=True):
            new = self._usable(extract_list(reply.text, "situations"), self._situations_of(section), least=5, most=80)
            self.situations += [Situation(section, text) for text in new]
            self.misses[section.id] = 0 if new else self.misses[section.id] + 1

    def _ask_questions(self, situations: Sequence[Situation]) -> None:
        replies = self.ask([self._question_chat(situation) for situation in situations])
        for situation, reply in zip(situations, replies, strict=True):
            questions = self.questions.setdefault(situation.section.id, [])
            lines = [line for line in extract_list(reply.text, "messages") if not _SPEAKS_OF_THE_TEXT.search(line)]
            new = self._usable(lines, questions, least=3, most=150)
            new = new[: self.written.questions_per_situation - situation.questions]
            questions += new
            self.stock += [UserQuestion(situation.section, situation.text, text) for text in new]
            situation.questions += len(new)
            situation.requests += 1
            situation.misses = 0 if new else situation.misses + 1
            if new:
                self.barren[situation.section.id] = 0
            elif situation.misses == MAX_MISSES and not situation.questions:
                self.barren[situation.section.id] += 1

    def _usable(self, lines: Sequence[str], earlier: Sequence[str], *, least: int, most: int) -> list[str]:
        """The lines of `least` to `most` words that name nothing they may not, and are not like `earlier` ones."""
        new: list[str] = []
        for line in lines:
            fits = least <= len(line.split()) <= most and line.isprintable() and not self.is_held_out(line)
            if not fits or any(foreign_names(line, [self.name])):
                continue
            if not any(is_similar(line, other) for other in [*earlier, *new]):
                new.append(line)
        return new

    def _situations_of(self, section: Section) -> list[str]:
        return [situation.text for situation in self.situations if situation.section.id == section.id]

    def _question_chat(self, situation: Situation) -> list[Message]:
        start = situation.requests * PER_REPLY + self.situations.index(situation)
        kinds = "; ".join(QUESTION_KINDS[(start + step) % len(QUESTION_KINDS)] for step in range(PER_REPLY))
        tone = TONES[(start + situation.requests) % len(TONES)]
        fields = {"name": self.name, "situation": situation.text, "count": str(PER_REPLY), "kinds": kinds, "tone": tone}
        questions = self.questions.get(situation.section.id, [])
        return chat_from_prompt("questions", fields | {"known": _do_not_repeat(questions)}, PACKAGE)


def situation_chat(section: Section, name: str, earlier: Sequence[str] = ()) -> list[Message]:
    """The chat that asks for situations in which a section shows, other than `earlier` ones."""
    fields = {
        "section": section.text,
        "assertion": section.assertion or "",
        "name": name,
        "count": str(PER_REPLY),
        "known": _do_not_repeat(earlier),
    }
    return chat_from_prompt("situations", fields, PACKAGE)


def _do_not_repeat(earlier: Sequence[str]) -> str:
    lines = "".join(f"\n- {text}" for text in earlier[-MAX_SHOWN:])
    return f"\n\nThese are taken, do not repeat them:{lines}" if earlier else ""
