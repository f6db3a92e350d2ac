"""What a spec asserts where nobody has marked it. It claims little, and tells what it leaves as background.

Asserted is what says by itself what the assistant does (`conduct.py`): a sentence of a paragraph, a list item with the
words that lead to it, a row of a table of rules, a heading that is an order. Nothing is asserted in sections about
other things, in examples, or in the introduction. A reason belongs to an assertion where a causal word or a label such
as "Why:" says so. No model is asked: small ones paraphrase what they should quote.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from msm_mlx.spec.causes import (
    BARE_REASON_LABEL,
    DUTY,
    OPENS_WITH_CAUSE,
    REASON_LABEL,
    as_cause,
    gives_reason,
)
from msm_mlx.spec.conduct import Voice, is_scene, is_title, voice_of
from msm_mlx.spec.elements import Element
from msm_mlx.spec.linking import LIMIT
from msm_mlx.spec.markdown import HeadedBlock
from msm_mlx.spec.rules import COLON, announces_reason, forbids, is_naming, may_deny, row, under, under_case
from msm_mlx.spec.sentences import sentence_positions
from msm_mlx.spec.standing import Standing, is_of_other_things, standings, without_number
from msm_mlx.spec.statements import SentenceReader, Statement, sentences_of

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
# in the title of a text: "Miller & Sons (there are no sons)"
_REMARK = re.compile(
    r" ?\((?=[^()]*\b(?:is|are|was|were|has|have)\b)(?![^()]*\b(?:this|these|those|that|they|it|all|which)\b)[^()]*\)"
)
_END_OF_ITEM = re.compile(r"[;,](?: (?:and|or))?$")
_TITLE_LENGTH = 6  # words at most of a paragraph that is the title of the list below it
_HEAD = 3  # paragraphs at most that tell what the assistant is for, before a list
_HEADING_WORDS = 3  # least of a heading that is an order


def assertion_kind(assertion: str) -> AssertionKind:
    """What sort of thing is asserted."""
    kinds: list[tuple[AssertionKind, re.Pattern[str]]] = [("dislike", _DISLIKE), ("like", _LIKE), ("rule", _RULE)]
    return next((kind for kind, pattern in kinds if pattern.search(assertion)), "view")


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
        if is_title:
            self.title = _REMARK.sub("", self.title)
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
        before_list = listed.index(True) if self.is_list else 1
        length = before_list if 0 < before_list <= _HEAD else 1
        self.head = block.elements[:length] if is_title and not is_all else []

    def read(self) -> Reading:
        if self.title.endswith("?") and self.place == "body" and not self.is_list:
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
        claim = self.voice.of(self.title, is_item=False)
        is_about_it = self.voice.names_it(self.title) or self.voice.refers_to_it(self.title)
        return is_sentence and (claim == "strong" or (claim is not None and is_about_it))  # "No hidden aims" is a title

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
        if part.depth < 0 and BARE_REASON_LABEL.fullmatch(part.text):
            self.leads = [(-1, part.text)]
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
            *before, (first, last, lead) = sentences_of(part)
            if before:
                self._prose(part, before)
            if part.depth < 0:
                self.leads = [(-1, lead)]
            self.background.update(range(first, last + 1))
            return
        sentences = sentences_of(part)
        opening = sentences[0][2] if sentences else ""
        title = part.title or (opening if is_title(opening) else "")
        titles = [title] if title and self.voice.of(opening, is_item=False) is None else []
        if part.depth < 0:
            titles += [words for _, words in self.leads]
            self.leads = []
        is_reason, may_be_denied = any(map(announces_reason, titles)), any(map(may_deny, titles)) or forbids(self.title)
        read = [one for one in sentences if not is_reason and (not may_be_denied or DUTY.search(one[2]))]
        self.background.update(n for one in sentences if one not in read for n in range(one[0], one[1] + 1))
        self._prose(part, read)

    def _prose(self, part: Element, sentences: Sequence[tuple[int, int, str]]) -> None:
        if self.place == "introduction" and not self.voice.is_preference(part.text):
            self._leave(part)
        else:
            self._sentences(part, sentences, "" if self.is_title else under_case(self.title))

    def _item(self, part: Element, after: Sequence[Element]) -> None:
        self.leads = [lead for lead in self.leads if lead[0] < part.depth]
        sentences = sentences_of(part)
        first = sentences[0][2] if sentences else ""
        has_items = bool(after) and after[0].kind == "item" and after[0].depth > part.depth
        is_lead = part.text.endswith((*COLON, "?")) or is_naming(part.text) or not self._says(part)
        if has_items and is_lead and not gives_reason(after[0].text):
            self.leads.append((part.depth, part.text))
            self.background.add(part.line)
            return
        is_question_of_all = self.is_title and self.title.endswith("?")  # which each item answers a part of
        lead = self.leads[-1][1] if self.leads else "" if is_question_of_all else self.title
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
        is_of_others = is_of_other_things(part.title) and not is_naming(part.title.rstrip(".:"))
        if is_scene(part.text) or (part.title and is_of_others):
            self._leave(part)
            return
        reader = SentenceReader(
            part,
            self.voice,
            case=case,
            question=self.question,
            is_head=part in self.head,
            is_rule=is_rule,
            is_titled=self.index == 0 and not self.is_title and self.voice.of(self.title, is_item=False) is not None,
        )
        for first, last, sentence in sentences:
            if not reader.take(first, sentence):
                self.background.update(range(first, last + 1))
        self.question = reader.end()
        self.background |= reader.background
        for statement in reader.own:
            self.add(statement)
