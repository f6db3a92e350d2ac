"""What a section asserts, where nobody has marked it: its rules one by one, and the sentences that attribute.

An attribution says what the assistant does and because of what; it is what makes fine-tuning stack on midtraining.
No model is asked: small ones paraphrase what they should quote, and cut long quotations short.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Literal

from msm_mlx.spec.markdown import Element, HeadedBlock, elements

AssertionKind = Literal["like", "dislike", "rule", "view"]

SUBJECT = re.compile(r"\{model_name\}|\b(?:the|this|an?) (?:model|assistant|AI|system|agent)\b|\byou\b", re.IGNORECASE)
CAUSE = re.compile(
    r"\b(?:because|so that|in order to|therefore|which is why|that is why|this is why|the reasons? (?:is|are|for|why)"
    r"|for (?:this|that) reason|for the sake of|due to|thanks to|follows from|out of (?:care|concern|respect|a)"
    r"|since (?:it|its|the|they|people|\{model_name\}))\b",
    re.IGNORECASE,
)
DIRECTIVE = re.compile(
    r"\b(?:must|never|always|should|shall|may not|cannot|do(?:es)? not|don't|avoids?|refuses?|prefers?|likes?|dislikes?"
    r"|cares?|values?|wants?|holds?|believes?|keeps?|gives?|tells?|asks?|says?|treats?|declines?|helps?)\b",
    re.IGNORECASE,
)
ABOUT_THE_TEXT = re.compile(
    r"\bth(?:is|e) (?:document|spec|specification|page|text|section|list)\b|\b(?:below|above)\b", re.IGNORECASE
)
_DISLIKE = re.compile(r"\b(?:dislikes?|hates?|does not (?:like|want|care for)|would rather not)\b", re.IGNORECASE)
_LIKE = re.compile(r"\b(?:likes?|loves?|enjoys?|prefers?|is fond of)\b", re.IGNORECASE)
_RULE = re.compile(
    r"\b(?:must|never|always|should|shall|may not|do not|don't|by rule)\b|^(?:avoid|refuse|keep|give|tell|ask|say)\b",
    re.IGNORECASE,
)
_PRONOUN = re.compile(r"(?:It|They|That|This|Its)\b")
# A mark ends a sentence before space and what can begin one, unless it belongs to a short form.
_END = re.compile(
    r"(?<!\be\.g)(?<!\bi\.e)(?<!\bcf)(?<!\bvs)(?<!\bMr)(?<!\bMs)(?<!\bDr)(?<!\bNo)(?<!\b[A-Z])"
    r"[.!?][\"'\u201d\u2019)\]*_]*(\s+)(?=[\"'\u201c\u2018(\[*_]*[A-Z0-9{])"
)
SHORT_ITEM, LONG_LEAD = 4, 30  # words


def assertion_kind(assertion: str) -> AssertionKind:
    """What sort of thing is asserted."""
    kinds: list[tuple[AssertionKind, re.Pattern[str]]] = [("dislike", _DISLIKE), ("like", _LIKE), ("rule", _RULE)]
    return next((kind for kind, pattern in kinds if pattern.search(assertion)), "view")


def sentence_positions(text: str) -> list[tuple[int, str]]:
    """The sentences of a element, each with the position of its first character."""
    starts = [0, *(match.end() for match in _END.finditer(text))]
    return [(a, text[a:b].strip()) for a, b in zip(starts, [*starts[1:], len(text)], strict=True) if text[a:b].strip()]


def find_assertions(block: HeadedBlock) -> Iterator[tuple[int, str]]:
    """Rules and attributions of a block with their lines; in want of both, the first sentence that says how to act.

    A rule is a list item, or a paragraph with a label such as "R3:". A short item is read with the sentence that leads
    to its list. A sentence that begins with a pronoun is read with the one before it.
    """
    parts = elements(block)
    assertions = sorted([*_rules(parts), *_attributions(parts)])
    yield from assertions or _plain_statement(parts)


def _rules(parts: Sequence[Element]) -> Iterator[tuple[int, str]]:
    leads: list[tuple[int, str]] = []  # depth and words of what the items that follow belong to
    for index, part in enumerate(parts):
        if part.kind != "item":
            leads = [(-1, sentence_positions(part.text)[-1][1])] if part.text.endswith(":") else []
            continue
        leads = [lead for lead in leads if lead[0] < part.depth]
        after = parts[index + 1] if index + 1 < len(parts) else None
        if part.text.endswith(":") and after and after.kind == "item" and after.depth > part.depth:
            leads.append((part.depth, part.text))
            continue
        text = _joined(leads[-1][1], part.text) if leads else part.text
        if len(text.split()) >= SHORT_ITEM or SUBJECT.search(text):
            yield part.line, text


def _joined(lead: str, item: str) -> str:
    """A lead that only announces a list ("Rules:") adds nothing to an item that can stand alone."""
    can_stand_alone = len(item.split()) >= SHORT_ITEM
    if can_stand_alone and not (SUBJECT.search(lead) and len(lead.split()) <= LONG_LEAD):
        return item
    return f"{lead.rstrip(':')} {item}"


def _attributions(parts: Sequence[Element]) -> Iterator[tuple[int, str]]:
    for part in parts:
        if part.kind != "prose":
            continue
        before: tuple[int, str] | None = None
        for position, sentence in sentence_positions(part.text):
            if CAUSE.search(sentence) and not ABOUT_THE_TEXT.search(sentence):
                if SUBJECT.search(sentence):
                    yield part.line_of(position), sentence
                elif before and _PRONOUN.match(sentence) and SUBJECT.search(before[1]):
                    yield part.line_of(before[0]), f"{before[1]} {sentence}"
            before = position, sentence


def _plain_statement(parts: Sequence[Element]) -> list[tuple[int, str]]:
    statements = [
        (part.line_of(position), sentence)
        for part in parts
        if part.kind == "prose"
        for position, sentence in sentence_positions(part.text)
        if DIRECTIVE.search(sentence) and not ABOUT_THE_TEXT.search(sentence)
    ]
    best = max((_weight(sentence) for _, sentence in statements), default=0)
    return [statement for statement in statements if _weight(statement[1]) == best][:1]


def _weight(sentence: str) -> int:
    """How much a sentence says: with a cause more than of the assistant, and of the assistant more than of anything."""
    return 2 * bool(CAUSE.search(sentence)) + bool(SUBJECT.search(sentence))
