"""What a section asserts, where nobody has marked it: its rules one by one, and the sentences that attribute.

An attribution says what the assistant does and because of what; it is what makes fine-tuning stack on midtraining.
No model is asked: small ones paraphrase what they should quote, and cut long quotations short.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Literal

from msm_mlx.spec.causes import (
    CAUSE,
    DIRECTIVE,
    ONLY_A_REASON,
    OPENS_WITH_CAUSE,
    REASON_LABEL,
    SUBJECT,
    as_cause,
    gives_reason,
)
from msm_mlx.spec.elements import Element
from msm_mlx.spec.markdown import HeadedBlock
from msm_mlx.spec.rules import COLON, ORDER, SHORT_ITEM, join_scenarios, listed_rules
from msm_mlx.spec.sentences import sentence_positions

AssertionKind = Literal["like", "dislike", "rule", "view"]

ABOUT_THE_TEXT = re.compile(
    r"\bth(?:is|e) (?:document|spec|specification|page|text|section|list)\b"
    r"|\bwr(?:ite|ote) this\b"
    r"|^(?:this|here) is (?:how|what)\b"
    r"|^this (?:policy|standard|guide(?:lines?)?|handbook|charter|constitution|repo(?:sitory)?|file|readme|appendix)\b"
    r"|\b(?:the|see|as|listed|described|mentioned|stated|given|shown|explained|rules?|principles?|sections?|table|list)"
    r" (?:below|above)\b|\b(?:below|above)(?=[.,:;)]|$)",
    re.IGNORECASE,
)
_DISLIKE = re.compile(r"\b(?:dislikes?|hates?|does not (?:like|want|care for)|would rather not)\b", re.IGNORECASE)
_LIKE = re.compile(
    r"(?<!sound )(?<!sounds )(?<!look )(?<!looks )\b(?:likes?|loves?|enjoys?|prefers?|is fond of)\b", re.IGNORECASE
)
_RULE = re.compile(
    r"\b(?:must|never|always|should|shall|may not|do not|don['\u2019]t|by rule)\b"
    r"|^(?:avoid|refuse|keep|give|tell|ask|say)\b",
    re.IGNORECASE,
)
_NAMED = re.compile(r"\{model_name\}")
_FIRST_PERSON = re.compile(r"\bI\b|\b[Mm]y\b")
_PREFERENCE_LABEL = re.compile(r"(?:dis)?likes|loves|hates|enjoys|prefers|values|wants|avoids|fears", re.IGNORECASE)
# what a person who marks an assertion leaves out before it
_OWN_LABEL = re.compile(
    r"^(?:statement|what|rule|policy|principle|requirement|commitment|guideline): (?=[{A-Z])", re.IGNORECASE
)
# what a section without a rule says of the assistant, but for what it is
_ACTS = re.compile(r"(?:[^.!?:]{1,80}, )?\{model_name\} (?!is\b|was\b|has been\b|\()\w+ \w")
_THIS = re.compile(r"(?:This|That) (?!assistant\b|model\b)")
_PRONOUN = re.compile(r"(?:It|They|That|This|Its)\b")
# a sentence that is one: it begins with such a verb, and with none that is also a noun
_ORDER_SENTENCE = re.compile(
    r"(?:[\w ]{1,30}: )?(?:please )?(?:never|always|do(?: not|n['\u2019]t)|must not|avoid|be|ask|tell|keep|give|say|"
    r"decline|refuse|admit|follow|explain|remember|prefer|ensure|make|let|write|put|take|choose|consider|confirm|verify|include|"
    r"provide|treat|assume|acknowledge)\b(?!:)",
    re.IGNORECASE,
)


def assertion_kind(assertion: str) -> AssertionKind:
    """What sort of thing is asserted."""
    kinds: list[tuple[AssertionKind, re.Pattern[str]]] = [("dislike", _DISLIKE), ("like", _LIKE), ("rule", _RULE)]
    return next((kind for kind, pattern in kinds if pattern.search(assertion)), "view")


def find_assertions(block: HeadedBlock) -> Iterator[tuple[int, str]]:
    """Rules and attributions of a block with their lines; in want of both, the first sentence that says how to act.

    A rule is a list item, a row of a table, or a paragraph with a label such as "R3:". A short item is read with the
    sentence that leads to its list, and with what stands below it as its reason. A sentence that begins with a pronoun
    is read with the one before it.
    """
    parts = _with_reasons(block.elements)
    rules = [(item.line, item.text) for item in listed_rules(block, parts) if item.asserts]
    question = (block.line, block.heading.text) if block.heading and block.heading.text.endswith("?") else None
    assertions = sorted([*rules, *_attributions(parts, question)])
    assertions = assertions or _plain_statement(parts) or _maxims(block, parts)
    for line, text in assertions:
        yield line, _OWN_LABEL.sub("", text, count=1)


def is_order(sentence: str) -> bool:
    """Whether a sentence of a paragraph tells the reader what to do: "Never lie", "Rule: avoid what harms"."""
    return _ORDER_SENTENCE.match(sentence) is not None


def unused_sentences(block: HeadedBlock) -> Iterator[tuple[int, str]]:
    """The sentences of paragraphs that speak of the assistant or of a cause and stand in no assertion.

    Each with its line. Of a block without any assertion the whole is told in another way.
    """
    assertions = " ".join(text for _, text in find_assertions(block))
    for part in block.elements if assertions else ():
        for position, sentence in sentence_positions(part.text) if part.kind == "prose" else ():
            says = is_order(sentence) or any(pattern.search(sentence) for pattern in (CAUSE, _NAMED, _FIRST_PERSON))
            says = says or DIRECTIVE.search(sentence) is not None or ORDER.match(sentence) is not None
            is_lead = sentence.endswith(COLON) or ABOUT_THE_TEXT.search(sentence)
            is_reason = REASON_LABEL.match(sentence) and as_cause(sentence).rstrip(" .") in assertions
            if says and not is_lead and not is_reason and _OWN_LABEL.sub("", sentence).rstrip(" .") not in assertions:
                yield part.line_of(position), sentence


def asserting_items(block: HeadedBlock) -> list[int]:
    """The lines of the list items and rows of a block that are assertions where nothing is marked."""
    return [item.line for item in listed_rules(block, _with_reasons(block.elements)) if item.asserts]


def unused_items(block: HeadedBlock) -> Iterator[tuple[int, str]]:
    """The list items and rows of a block that are no assertions, with their lines."""
    for item in listed_rules(block, _with_reasons(block.elements)):
        if not item.asserts:
            yield item.line, item.text


def _with_reasons(parts: Sequence[Element]) -> list[Element]:
    """The elements, with each reason that stands below an item, or below a paragraph, in the item's own text."""
    joined: list[Element] = []
    for part in map(_with_reason_lines, join_scenarios(parts)):
        refers_back = part.kind == "item" and _THIS.match(part.text) is not None
        owner = _owner(joined, part) if gives_reason(part.text) or _goes_on(part) or refers_back else None
        if owner is None:
            joined.append(part)
            continue
        reason = as_cause(part.text) if REASON_LABEL.match(part.text) else part.text
        if OPENS_WITH_CAUSE.match(reason):
            reason = reason[0].lower() + reason[1:]
        line, last = owner.parts[-1]
        parts_of_owner = [*owner.parts[:-1], (line, last.rstrip(" .:;,") + "." * refers_back), (part.line, reason)]
        joined[joined.index(owner)] = Element(owner.kind, owner.line, owner.depth, parts_of_owner)
    return joined


def _with_reason_lines(part: Element) -> Element:
    """The element with each of its lines that begins with a label such as "Why:" as a clause."""
    if part.kind not in ("item", "prose"):
        return part
    parts = [piece for line, text in part.parts for piece in _before_reasons(line, text, part.kind == "item")]
    if not any(REASON_LABEL.match(text) for _, text in parts[1:]):
        return part
    lines = parts[:1]
    for number, text in parts[1:]:
        if REASON_LABEL.match(text):
            lines[-1] = (lines[-1][0], lines[-1][1].rstrip(" .:;,"))
            text = as_cause(text)
        lines.append((number, text))
    return Element(part.kind, part.line, part.depth, lines)


def _before_reasons(line: int, text: str, is_item: bool) -> list[tuple[int, str]]:
    """A line of an item in pieces, of which a sentence that begins with a label such as "Why:" begins a new one."""
    pieces: list[tuple[int, str]] = []
    for _, sentence in sentence_positions(text) if is_item else [(0, text)]:
        if pieces and not REASON_LABEL.match(sentence):
            pieces[-1] = (line, f"{pieces[-1][1]} {sentence}")
        else:
            pieces.append((line, sentence))
    return pieces or [(line, text)]


def _goes_on(part: Element) -> bool:
    """Whether a paragraph of an item is half of its sentence, or the reason of it."""
    is_of_item = part.kind == "prose" and part.depth >= 0
    return is_of_item and (part.text[:1].islower() or bool(CAUSE.search(part.text) and not SUBJECT.search(part.text)))


def _owner(before: Sequence[Element], part: Element) -> Element | None:
    """The item that a reason or a paragraph below it belongs to."""
    if part.kind not in ("item", "prose"):
        return None
    beside = before[-1] if before and (before[-1].kind, before[-1].depth) == ("item", part.depth) else None
    for element in reversed(before):
        if element.kind == "item":
            is_title = len(element.text.split()) < SHORT_ITEM and not SUBJECT.search(element.text)
            if element.depth < part.depth and is_title and beside and REASON_LABEL.match(part.text):
                return beside  # both stand below the title of a group
            is_below = element.depth < part.depth if part.kind == "item" else element.depth <= part.depth
            if is_below:
                return None if element.text.endswith(COLON) else element
    return None


def _attributions(parts: Sequence[Element], question: tuple[int, str] | None) -> Iterator[tuple[int, str]]:
    """Sentences that attribute, the first of them read with the `question` that the heading asks."""
    before = question
    for part in parts:
        if part.kind != "prose":
            before = None
            continue
        for position, sentence in sentence_positions(part.text):
            line = part.line_of(position)
            if sentence.endswith(COLON):
                pass  # it leads to a list, and is read with its items
            elif (
                before
                and before[1].endswith("?")
                and (answer := _with_reason_after(before[1], sentence, is_first=True))
            ):
                yield before[0], answer
            elif CAUSE.search(sentence) and _says_who_or_what(sentence):
                if not ABOUT_THE_TEXT.search(sentence):
                    yield line, sentence
            elif with_reason := _with_reason_after(before[1] if before else "", sentence, is_first=not position):
                yield before[0] if before else line, with_reason
            before = line, sentence


def _says_who_or_what(sentence: str) -> bool:
    """Whether a sentence names the assistant, is an order, or stands in its description ("Likes: ...")."""
    label, colon, _ = sentence.partition(":")
    is_preference = bool(colon) and _PREFERENCE_LABEL.fullmatch(label) is not None
    return is_preference or sentence.startswith("I ") or bool(SUBJECT.search(sentence)) or is_order(sentence)


def _with_reason_after(before: str, sentence: str, *, is_first: bool) -> str | None:
    """Two sentences as one statement, if the second only gives the reason of the first, or answers it.

    They may stand in two paragraphs: `is_first` says that the second begins one.
    """
    if not SUBJECT.search(before) or ABOUT_THE_TEXT.search(sentence):
        return None
    if REASON_LABEL.match(sentence) and len(sentence.split()) > 1:
        return f"{before.rstrip('.')} {as_cause(sentence)}"
    is_pronoun = _PRONOUN.match(sentence) is not None and not is_first
    refers_back = (
        is_pronoun or before.endswith("?") or OPENS_WITH_CAUSE.match(sentence) or ONLY_A_REASON.match(sentence)
    )
    return f"{before} {sentence}" if refers_back and CAUSE.search(sentence) else None


def _plain_statement(parts: Sequence[Element]) -> list[tuple[int, str]]:
    statements = [
        (part.line_of(position), sentence)
        for part in parts
        if part.kind == "prose"
        for position, sentence in sentence_positions(part.text)
        if DIRECTIVE.search(sentence) and not ABOUT_THE_TEXT.search(sentence)
    ]
    best = max((_weight(sentence) for _, sentence in statements), default=0)
    first = next((part for part in parts if part.kind == "prose"), None)
    if first is not None and not best and _ACTS.match(first.text):
        return [(first.line, sentence_positions(first.text)[0][1])]
    return [statement for statement in statements if _weight(statement[1]) == best][:1]


def _maxims(block: HeadedBlock, parts: Sequence[Element]) -> list[tuple[int, str]]:
    """Of a section about the assistant, the sentences that give a reason and leave open whose it is."""
    if not block.heading or not SUBJECT.search(block.heading.text):
        return []
    prose = [(part, *place) for part in parts if part.kind == "prose" for place in sentence_positions(part.text)]
    return [
        (part.line_of(position), sentence)
        for part, position, sentence in prose
        if CAUSE.search(sentence) and not ABOUT_THE_TEXT.search(sentence)
    ]


def _weight(sentence: str) -> int:
    """How much a sentence says: with a cause more than of the assistant, and of the assistant more than of anything."""
    return 2 * bool(CAUSE.search(sentence)) + bool(SUBJECT.search(sentence))
