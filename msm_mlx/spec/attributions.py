"""What a spec asserts where nobody has marked it. It claims little, and tells what it leaves as background.

Asserted is what says by itself what the assistant does (`conduct.py`): a sentence of a paragraph, a list item with the
words that lead to it, a row of a table of rules, a heading that is an order. Nothing is asserted in sections about
other things, in examples, or in the introduction. A reason belongs to an assertion where a causal word or a label such
as "Why:" says so. No model is asked: small ones paraphrase what they should quote.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Literal

from msm_mlx.spec.causes import (
    CAUSE,
    ONLY_A_REASON,
    OPENS_WITH_CAUSE,
    REASON_LABEL,
    SUBJECT,
    as_cause,
    gives_reason,
)
from msm_mlx.spec.conduct import LIMIT, Strength, Voice, depends, is_scene, is_title, voice_of
from msm_mlx.spec.elements import Element
from msm_mlx.spec.markdown import HeadedBlock
from msm_mlx.spec.rules import COLON, is_naming, row, under, under_case
from msm_mlx.spec.sentences import sentence_positions
from msm_mlx.spec.standing import Standing, standings, without_number

AssertionKind = Literal["like", "dislike", "rule", "view"]

_DISLIKE = re.compile(r"\b(?:dislikes?|hates?|does not (?:like|want|care for)|would rather not)\b", re.IGNORECASE)
_LIKE = re.compile(
    r"(?<!sound )(?<!sounds )(?<!look )(?<!looks )\b(?:likes?|loves?|enjoys?|prefers?|is fond of)\b", re.IGNORECASE
)
_RULE = re.compile(
    r"\b(?:must|never|always|should|shall|may not|do not|don['\u2019]t|by rule)\b"
    r"|^(?:avoid|refuse|keep|give|tell|ask|say)\b",
    re.IGNORECASE,
)
_GOES_ON = re.compile(r"(?:then|and|or|else|otherwise|but)\b", re.IGNORECASE)  # from the item above it
_END_OF_ITEM = re.compile(r"[;,](?: (?:and|or))?$")
_YES_OR_NO = re.compile(r"(?:A[.:] )?(?:yes|no|never|always)\b", re.IGNORECASE)
_IT = re.compile(r"\bit\b", re.IGNORECASE)
_QUESTION = ("?", "\uff1f", '?"', "?*")
# what a person who marks an assertion leaves out before it
_OWN_LABEL = re.compile(
    r"^(?:statement|what|rule|policy|principle|requirement|commitment|guideline): (?=[{A-Z])", re.IGNORECASE
)
_TERM = re.compile(r"([^.:!?]{1,50}): ")
_TITLE_LENGTH = 6  # words at most of a paragraph that is the title of the list below it
_HEADING_WORDS = 3  # least of a heading that is an order


def assertion_kind(assertion: str) -> AssertionKind:
    """What sort of thing is asserted."""
    kinds: list[tuple[AssertionKind, re.Pattern[str]]] = [("dislike", _DISLIKE), ("like", _LIKE), ("rule", _RULE)]
    return next((kind for kind, pattern in kinds if pattern.search(assertion)), "view")


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


@dataclass
class Reading:
    """What a block asserts, and the lines of what in it is read as background."""

    assertions: list[tuple[int, str]] = field(default_factory=list)
    background: set[int] = field(default_factory=set)


def read_blocks(blocks: Sequence[HeadedBlock]) -> list[Reading]:
    """A reading for each block. The introduction asserts something only where nothing else does."""
    parts = [part for block in blocks for part in block.elements]
    voice = voice_of(
        _title(blocks),
        *([s for part in parts if part.kind == kind for s in _of_text(part)] for kind in ("prose", "item")),
    )
    places = standings(blocks)
    title = next((index for index, block in enumerate(blocks) if block.heading), 0)
    readings = [
        _BlockReader(block, voice, place, is_title=index == title).read()
        for index, (block, place) in enumerate(zip(blocks, places, strict=True))
    ]
    if any(reading.assertions for reading in readings):
        return readings
    return [
        reading if place == "aside" else _BlockReader(block, voice, "body", is_title=index == title, is_all=True).read()
        for index, (block, place, reading) in enumerate(zip(blocks, places, readings, strict=True))
    ]


def _title(blocks: Sequence[HeadedBlock]) -> str:
    return " ".join(block.heading.text for block in blocks[:2] if block.heading)


def _of_text(part: Element) -> list[str]:
    return [sentence for _, sentence in sentence_positions(part.text)] if part.kind in ("prose", "item") else []


class _BlockReader:
    """Reads one block, element by element."""

    def __init__(
        self, block: HeadedBlock, voice: Voice, place: Standing, *, is_title: bool, is_all: bool = False
    ) -> None:
        self.block, self.voice, self.place = block, voice, place
        self.is_title = is_title  # so that its heading is of all the text, and no case
        self.title = without_number(block.heading.text) if block.heading else ""
        self.index = 0  # of the element that is being read
        self.statements: list[Statement] = []
        self.statements_of: dict[int, list[Statement]] = defaultdict(list)  # by the index of their element
        self.background: set[int] = set()
        self.first_owner = 0  # of the statements that a labelled paragraph may give the reason of
        self.question: tuple[int, str] | None = None
        self.leads: list[tuple[int, str]] = []  # depth and words of what the items that follow belong to
        listed = [part.kind in ("item", "row") for part in block.elements]
        self.is_list = any(listed)
        # what stands at the head of a text tells what the assistant is for, and only then what it does
        self.head = (
            block.elements[: max(1, listed.index(True) if self.is_list else 1)] if is_title and not is_all else []
        )

    def read(self) -> Reading:
        if self.title.endswith("?") and self.place == "body":
            self.question = (self.block.line, self.title)
        for index, part in enumerate(self.block.elements):
            self.index = index
            self._element(part, self.block.elements[index + 1 : index + 2])
        whole = [one for one in self.statements if one.is_whole]
        for one in self.statements:
            if not one.is_whole:
                self.background.add(one.line)
        assertions = [(one.line, one.text) for one in whole]
        if self._is_heading_an_assertion(whole):
            assertions.insert(0, (self.block.line, self.title))
        elif len(self.title.split()) >= _HEADING_WORDS and self.place == "body":
            self.background.add(self.block.line)
        return Reading(sorted(assertions, key=lambda assertion: assertion[0]), self.background)

    def add(self, statement: Statement) -> None:
        self.statements.append(statement)
        self.statements_of[self.index].append(statement)

    def _is_heading_an_assertion(self, statements: Sequence[Statement]) -> bool:
        """A heading that is an order or names the assistant, over a text that does not say the same in a sentence."""
        if (
            self.place != "body"
            or self.is_title
            or self.is_list
            or not any(part.kind == "prose" for part in self.block.elements)
        ):
            return False
        if any(self.voice.names_it(one.text) or self.voice.refers_to_it(one.text) for one in statements):
            return False
        is_sentence = len(self.title.split()) >= _HEADING_WORDS or self.voice.names_it(self.title)
        return is_sentence and self.voice.of(self.title, is_item=False) is not None

    def _element(self, part: Element, after: Sequence[Element]) -> None:
        if part.kind in ("quote", "citation", "row"):
            self.question = None
        if part.kind not in ("prose", "item", "row") or self.place == "aside":
            if part.kind in ("prose", "item", "row"):
                self._leave(part)
        elif part.kind == "row":
            text, is_rule = row(part, self.voice)
            if is_rule:
                self.add(Statement(part.line, [text]))
            else:
                self._leave(part)
        elif self._goes_on(part):
            self._belongs(part)
        elif part.kind == "item":
            self._item(part, after)
        else:
            self._paragraph(part, after)

    def _goes_on(self, part: Element) -> bool:
        """Whether a paragraph or item is the reason or the exception of another one, or the rest of its sentence."""
        if REASON_LABEL.match(part.text):
            return True
        if LIMIT.match(part.text):
            return not any(self.voice.of(sentence, is_item=True) for sentence in _of_text(part)[:1])
        is_rest = OPENS_WITH_CAUSE.match(part.text) or (part.kind == "prose" and part.text[:1].islower())
        return part.depth >= 0 and bool(is_rest)

    def _leave(self, part: Element) -> None:
        self.background.update(number for number, _ in part.parts)

    def _belongs(self, part: Element) -> None:
        """A reason, an exception or the rest of a sentence: of the one statement that it can belong to, or of none."""
        owners = self._owners(part)
        if len(owners) != 1 or len(part.text.split()) == 1:
            self._leave(part)
        elif REASON_LABEL.match(part.text):
            owners[0].reasons.append(as_cause(part.text))
        elif part.text[:1].isupper() and LIMIT.match(part.text):
            owners[0].limits.append(part.text)
        else:
            owners[0].reasons.append(part.text[:1].lower() + part.text[1:])
        if part.depth < 0 and REASON_LABEL.match(part.text):
            self.first_owner = len(self.statements)

    def _owners(self, part: Element) -> list[Statement]:
        """The statements that a reason can belong to: of the item above it, else of the items beside it."""
        if part.depth < 0:
            return self.statements[self.first_owner :]
        beside: list[Statement] = []
        for index in range(self.index - 1, -1, -1):
            element = self.block.elements[index]
            own = self.statements_of.get(index, [])
            if element.kind == "item" and (
                element.depth < part.depth or (part.kind, element.depth) == ("prose", part.depth)
            ):
                return own or beside
            if element.depth == part.depth:
                beside += own
        return beside

    def _paragraph(self, part: Element, after: Sequence[Element]) -> None:
        is_bare = len(part.text.split()) <= _TITLE_LENGTH and part.text[-1:].isalnum()
        if part.text.endswith(COLON) or (is_bare and after and after[0].kind == "item"):
            if part.depth < 0:
                self.leads = [(-1, sentence_positions(part.text)[-1][1])]
            self.background.add(part.line_of(len(part.text) - 1))
            return
        if part.depth < 0:
            self.leads = []
        if self.place == "introduction" and not self.voice.is_preference(part.text):
            self._leave(part)
        else:
            self._sentences(part, _sentences(part), "" if self.is_title else under_case(self.title))

    def _item(self, part: Element, after: Sequence[Element]) -> None:
        self.leads = [lead for lead in self.leads if lead[0] < part.depth]
        sentences = _sentences(part)
        first = sentences[0][2] if sentences else ""
        has_items = bool(after) and after[0].kind == "item" and after[0].depth > part.depth
        is_lead = part.text.endswith((*COLON, "?")) or is_naming(part.text) or not self._says(part)
        if has_items and is_lead and not gives_reason(after[0].text):
            self.leads.append((part.depth, part.text))
            self.background.add(part.line)
            return
        lead = self.leads[-1][1] if self.leads else self.title
        stands = under(lead, first.rstrip(" ;,"), self.voice) if first else None
        if stands is None:
            self._leave(part)
            return
        text, is_rule = stands
        sentences[0] = (*sentences[0][:2], _END_OF_ITEM.sub("", text))
        self._sentences(part, sentences, "" if self.is_title and not self.leads else under_case(lead), is_rule=is_rule)

    def _says(self, part: Element) -> bool:
        return any(self.voice.of(sentence, is_item=True) for sentence in _of_text(part))

    def _sentences(
        self, part: Element, sentences: Sequence[tuple[int, int, str]], case: str, *, is_rule: bool = False
    ) -> None:
        """Read the sentences of a paragraph or an item: those that say what is done, and those that go on from them."""
        if is_scene(part.text):
            self._leave(part)
            return
        reader = _SentenceReader(self, part, case, is_rule=is_rule)
        for first, last, sentence in sentences:
            if not reader.take(first, sentence):
                self.background.update(range(first, last + 1))
        reader.end()


class _SentenceReader:
    """Takes the sentences of one paragraph or item, in their order."""

    def __init__(self, block: _BlockReader, part: Element, case: str, *, is_rule: bool) -> None:
        self.block, self.part, self.text, self.case = block, part, part.text, case
        self.is_rule = is_rule  # whatever the form of its first sentence
        self.is_item = part.kind == "item"
        self.open: Statement | None = None  # that the sentence before belongs to
        self.own: list[Statement] = []
        self.is_first = True
        self.is_titled = False
        self.question = block.question
        self.term = ""
        block.question = None

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
        if sentence.endswith(_QUESTION):
            self.end()
            self.question, self.open = (line, sentence), None
            return True
        claim = self.block.voice.of(sentence, is_item=self.is_item)
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

    def end(self) -> None:
        """A question that has no answer is the next paragraph's, if it stands alone."""
        if self.question and not self.own and not self.is_item and self.text.endswith(self.question[1]):
            self.block.question, self.question = self.question, None
        if self.question:
            self.block.background.add(self.question[0])
            self.question = None

    def _answer(self, line: int, sentence: str, claim: Strength | None) -> bool:
        question, self.question = self.question, None
        assert question is not None
        self.is_first = False
        is_named = SUBJECT.search(question[1]) or _IT.search(question[1])
        is_answer = claim or (is_named and (_YES_OR_NO.match(sentence) or CAUSE.search(sentence)))
        if not is_answer:
            self.block.background.add(question[0])
            return False
        self._add(question[0], [question[1], sentence], is_whole=bool(claim or CAUSE.search(sentence)))
        return True

    def _goes_on(self, sentence: str, claim: Strength | None) -> bool:
        if self.open is None:
            return False
        is_reason = CAUSE.search(sentence) and any(form.match(sentence) for form in (OPENS_WITH_CAUSE, ONLY_A_REASON))
        if not (is_reason or LIMIT.match(sentence) or (claim and (self.is_item or depends(sentence)))):
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
        if claim == "weak" and not (is_close and (self.is_item or self.is_titled or self.part not in self.block.head)):
            return False
        start = f"{self.term}: {sentence}" if self.term else sentence
        self._add(line, [f"{self.case}: {start}" if self.case else start])
        return True

    def _add(self, line: int, sentences: list[str], *, is_whole: bool = True) -> None:
        self.open = Statement(line, sentences, is_whole=is_whole)
        self.own.append(self.open)
        self.block.add(self.open)


def _sentences(part: Element) -> list[tuple[int, int, str]]:
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
            for at, sentence in sentence_positions(piece.text)
        ]
    return found
