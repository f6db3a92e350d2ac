"""The sentences of a paragraph or an item that make an assertion, and those that go on from one."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from msm_mlx.spec.causes import (
    BARE_REASON_LABEL,
    CAUSE,
    ONLY_A_REASON,
    OPENS_WITH_CAUSE,
    REASON_LABEL,
    SUBJECT,
    as_cause,
)
from msm_mlx.spec.conduct import Strength, Voice, is_case, is_question, is_ruled_out, is_title
from msm_mlx.spec.elements import Element
from msm_mlx.spec.linking import DEGREE, LIMIT, depends
from msm_mlx.spec.sentences import sentence_positions

_YES_OR_NO = re.compile(r"(?:A[.:] )?(?:yes|no|never|always)\b", re.IGNORECASE)
_IT = re.compile(r"\bit\b", re.IGNORECASE)
_TERM = re.compile(r"([^.:!?]{1,50}): ")
_GOES_ON = re.compile(r"(?:then|and|or|else|otherwise|but)\b", re.IGNORECASE)  # from the item above it
# what a person who marks an assertion leaves out before it
_OWN_LABEL = re.compile(
    r"^(?:statement|what|rule|policy|principle|requirement|commitment|guideline): (?=[{A-Z])", re.IGNORECASE
)


@dataclass
class Statement:
    """Sentences of a block that make one assertion, with the reasons that are said to be its own."""

    line: int
    sentences: list[str]
    reasons: list[str] = field(default_factory=list)
    limits: list[str] = field(default_factory=list)
    is_whole: bool = True

    @property
    def text(self) -> str:
        text = _OWN_LABEL.sub("", " ".join(self.sentences), count=1)
        parts = [text, *self.reasons]
        text = " ".join([*(part.rstrip(" .:;,") for part in parts[:-1]), parts[-1]])
        return (
            ". ".join([*(part.rstrip(" .;,") for part in (text, *self.limits[:-1])), self.limits[-1]])
            if self.limits
            else text
        )


class SentenceReader:
    """Takes the sentences of one paragraph or item, in their order."""

    def __init__(
        self,
        part: Element,
        voice: Voice,
        *,
        case: str,
        question: tuple[int, str] | None,
        is_head: bool,
        is_rule: bool,
        is_titled: bool = False,
    ) -> None:
        self.text, self.voice, self.case, self.question = part.text, voice, case, question
        self.title = part.title
        self.is_under_title = False  # with nothing but it before
        self.is_head = is_head  # of a text, which tells what the assistant is for
        self.is_rule = is_rule  # whatever the form of its first sentence
        self.is_item = part.kind == "item"
        self.open: Statement | None = None  # that the sentence before belongs to
        self.own: list[Statement] = []
        self.is_first = True
        self.is_titled = is_titled  # by a heading that is itself a rule, or by words of its own
        self.term = ""
        self.background: set[int] = set()

    def take(self, line: int, sentence: str) -> bool:
        """Whether the sentence is a part of an assertion."""
        if REASON_LABEL.match(sentence) and self.own:
            self.open = None
            is_of_one = len(self.own) == 1 and len(sentence.split()) > 1
            if is_of_one:
                self.own[0].reasons.append(as_cause(sentence))
            return is_of_one
        if self.is_rule and self.is_first:
            self.is_first = False
            self._add(line, [sentence])
            return True
        if is_question(sentence):
            self.end()
            self.question, self.open = (line, sentence), None
            return True
        # what stands behind a title in bold is as an item of a list
        claim = self.voice.of(sentence, is_item=self.is_item or self.is_under_title)
        is_first, self.is_under_title = self.is_first, False
        if claim is None and is_first and self.title and sentence.rstrip(".:") == self.title.rstrip(".:"):
            self.is_titled = self.is_under_title = True
            return False
        if self.question:
            return self._answer(line, sentence, claim)
        taken = self._goes_on(sentence, claim) or self._begins(line, sentence, claim)
        if not taken:
            self.open = None
        self.term = self.term or (
            match[1] if self.is_item and self.is_first and (match := _TERM.match(sentence)) else ""
        )
        self.is_first = self.is_titled = self.is_first and claim is None and is_title(sentence)
        return taken

    def end(self) -> tuple[int, str] | None:
        """The question that the next paragraph may answer, if this one is nothing else."""
        if self.question and not self.own and not self.is_item and self.text.endswith(self.question[1]):
            return self.question
        if self.question:
            self.background.add(self.question[0])
            self.question = None
        return None

    def _answer(self, line: int, sentence: str, claim: Strength | None) -> bool:
        question, self.question = self.question, None
        assert question is not None
        self.is_first = False
        is_named = SUBJECT.search(question[1]) or _IT.search(question[1])
        is_answer = claim or (is_named and (_YES_OR_NO.match(sentence) or CAUSE.search(sentence)))
        if not is_answer:
            self.background.add(question[0])
            return False
        self._add(question[0], [question[1], sentence], is_whole=bool(claim or CAUSE.search(sentence)))
        return True

    def _goes_on(self, sentence: str, claim: Strength | None) -> bool:
        if self.open is None:
            return False
        is_reason = CAUSE.search(sentence) and any(form.match(sentence) for form in (OPENS_WITH_CAUSE, ONLY_A_REASON))
        is_limit = LIMIT.match(sentence) or DEGREE.match(sentence)
        if not (is_reason or is_limit or (claim and (self.is_item or depends(sentence)))):
            return False
        self.open.sentences.append(sentence)
        self.open.is_whole = self.open.is_whole or bool(claim or is_reason)
        return True

    def _begins(self, line: int, sentence: str, claim: Strength | None) -> bool:
        is_close = self.is_first or self.open is not None
        if (
            claim is None
            or (not self.is_first and depends(sentence, is_beside=self.open is not None))
            or (self.is_item and _GOES_ON.match(sentence))
        ):
            return False
        if claim == "weak" and is_ruled_out(sentence) and not (self.is_titled or self.open or self.voice.first_person):
            return False
        is_clear = is_close or (is_case(sentence) and self.voice.names_it(sentence))
        if claim == "weak" and not (is_clear and (self.is_item or self.is_titled or not self.is_head)):
            return False
        start = f"{self.term}: {sentence}" if self.term and not _TERM.match(sentence) else sentence
        self._add(line, [f"{self.case}: {start}" if self.case else start])
        return True

    def _add(self, line: int, sentences: list[str], *, is_whole: bool = True) -> None:
        self.open = Statement(line, sentences, is_whole=is_whole)
        self.own.append(self.open)


def sentences_of(part: Element) -> list[tuple[int, int, str]]:
    """The sentences of an element with their first and last line; a line that begins with "Why:" begins one."""
    pieces: list[list[tuple[int, str]]] = []
    for line in part.parts:
        if not pieces or REASON_LABEL.match(line[1]):
            pieces.append([])
        pieces[-1].append(line)
    found = []
    for lines in pieces:
        piece = Element(part.kind, lines[0][0], part.depth, lines)
        ends = list(accumulate(len(" ".join(text.split())) + bool(text.strip()) for _, text in lines))
        found += [
            (lines[bisect_right(ends, at)][0], lines[bisect_right(ends, at + len(sentence) - 1)][0], sentence)
            for at, sentence in _with_labels(sentence_positions(piece.text))
        ]
    return found


def _with_labels(sentences: Sequence[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """Sentences with their positions; "Because." is the label of the sentence after it."""
    label: tuple[int, str] | None = None
    for at, sentence in sentences:
        if label:
            yield label[0], f"{label[1]} {sentence}"
            label = None
        elif BARE_REASON_LABEL.fullmatch(sentence):
            label = at, sentence
        else:
            yield at, sentence
    if label:
        yield label
