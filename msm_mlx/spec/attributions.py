"""What a section asserts, where nobody has marked it: its rules one by one, and the sentences that attribute.

An attribution says what the assistant does and because of what; it is what makes fine-tuning stack on midtraining.
No model is asked: small ones paraphrase what they should quote, and cut long quotations short.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from msm_mlx.spec.causes import (
    CAUSE,
    DUTIES,
    OPENS_WITH_CAUSE,
    REASON_HEADER,
    REASON_LABEL,
    SUBJECT,
    as_cause,
    gives_reason,
    pattern,
)
from msm_mlx.spec.elements import Element
from msm_mlx.spec.markdown import HeadedBlock
from msm_mlx.text.scripts import UNSPACED

AssertionKind = Literal["like", "dislike", "rule", "view"]

DIRECTIVE = pattern(
    DUTIES[1:],
    r"\b(?:must|never|always|should|shall|may not|cannot|do(?:es)? not|don't|avoids?|refuses?|prefers?|likes?|dislikes?"
    r"|cares?|values?|wants?|holds?|believes?|keeps?|gives?|tells?|asks?|says?|treats?|declines?|helps?)\b",
)
DUTY = pattern(DUTIES)
ABOUT_THE_TEXT = re.compile(
    r"\bth(?:is|e) (?:document|spec|specification|page|text|section|list)\b"
    r"|\b(?:below|above)\b(?! (?:a|an|the|one|any|all|its|their|that|those|what)\b)",
    re.IGNORECASE,
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
    r"[.!?][\"'\u201d\u2019)\]*_]*(\s+)(?=[\"'\u201c\u2018(\[*_]*[A-Z0-9{\u00c0-\uffff])"
    r"|[\u3002\uff01\uff1f\u0964\u061f\u06d4][\"\u201d\u2019\u300d\u300f\uff09)]*()(?=.)"
)
# a list item that is an order: a verb that people begin one with
_ORDER = re.compile(
    r"(?:accept|acknowledge|act|admit|answer|apologi[sz]e|ask|assume|avoid|be|care|check|choose|cite|clarify|comply|"
    r"confirm|consider|correct|decline|disclose|do|encourage|ensure|explain|express|follow|give|hate|have|help|"
    r"honou?r|ignore|include|keep|let|like|dislike|listen|love|make|maintain|mention|minimi[sz]e|name|obey|offer|prefer|"
    r"prioriti[sz]e|promote|protect|provide|put|question|quote|recommend|refrain|refuse|reject|remain|remember|reply|"
    r"report|respect|respond|say|seek|serve|share|show|speak|state|stay|stop|suggest|summari[sz]e|support|take|tell|"
    r"thank|think|translate|treat|trust|try|use|value|verify|wait|warn|work|write)\b",
    re.IGNORECASE,
)
# a heading or a lead that is half of each rule under it: "Never", "The assistant must not:"
_HALF_RULE = re.compile(
    r"\b(?:must|shall|should|may|will|can|do|does|never|always|avoid|refuse(?:s)? to)(?: not| never| always)?$"
    r"|\b(?:don't|cannot|can't|won't|mustn't|shouldn't)$",
    re.IGNORECASE,
)
_EXAMPLES = re.compile(r"\b(?:examples?|e\.g\.|such as|for instance|includ(?:e|es|ed|ing))\b", re.IGNORECASE)
_RULE_HEADER = re.compile(
    r"\b(?:do|don't|does|rules?|behaviou?rs?|actions?|must|should|responses?|expected|polic(?:y|ies)|principles?|"
    r"guidelines?|instructions?|assistant|model)\b|\{model_name\}",
    re.IGNORECASE,
)
_WIDE = re.compile(f"[{UNSPACED}]")
_COLON = (":", "\uff1a")
_COLONS = "".join(_COLON)
SHORT_ITEM, LONG_LEAD = 4, 30  # words


@dataclass(frozen=True)
class _ListedRule:
    """A list item or a row of a table, read as a rule; `asserts` says whether it is one."""

    line: int
    text: str
    asserts: bool


def assertion_kind(assertion: str) -> AssertionKind:
    """What sort of thing is asserted."""
    kinds: list[tuple[AssertionKind, re.Pattern[str]]] = [("dislike", _DISLIKE), ("like", _LIKE), ("rule", _RULE)]
    return next((kind for kind, pattern in kinds if pattern.search(assertion)), "view")


def sentence_positions(text: str) -> list[tuple[int, str]]:
    """The sentences of an element, each with the position of its first character."""
    starts = [0, *(match.end() for match in _END.finditer(text))]
    return [(a, text[a:b].strip()) for a, b in zip(starts, [*starts[1:], len(text)], strict=True) if text[a:b].strip()]


def find_assertions(block: HeadedBlock) -> Iterator[tuple[int, str]]:
    """Rules and attributions of a block with their lines; in want of both, the first sentence that says how to act.

    A rule is a list item, a row of a table, or a paragraph with a label such as "R3:". A short item is read with the
    sentence that leads to its list, and with what stands below it as its reason. A sentence that begins with a pronoun
    is read with the one before it.
    """
    parts = _with_reasons(block.elements)
    rules = [(item.line, item.text) for item in _items(block, parts) if item.asserts]
    assertions = sorted([*rules, *_attributions(parts)])
    yield from assertions or _plain_statement(parts)


def asserting_items(block: HeadedBlock) -> list[int]:
    """The lines of the list items and rows of a block that are assertions where nothing is marked."""
    return [item.line for item in _items(block, _with_reasons(block.elements)) if item.asserts]


def unused_items(block: HeadedBlock) -> Iterator[tuple[int, str]]:
    """The list items and rows of a block that are no assertions, with their lines."""
    for item in _items(block, _with_reasons(block.elements)):
        if not item.asserts:
            yield item.line, item.text


def _with_reasons(parts: Sequence[Element]) -> list[Element]:
    """The elements, with each reason that stands below an item, or below a paragraph, in the item's own text."""
    joined: list[Element] = []
    for part in map(_with_reason_lines, parts):
        owner = _owner(joined, part) if gives_reason(part.text) or _goes_on(part) else None
        if owner is None:
            joined.append(part)
            continue
        reason = as_cause(part.text) if REASON_LABEL.match(part.text) else part.text
        if OPENS_WITH_CAUSE.match(reason):
            reason = reason[0].lower() + reason[1:]
        line, last = owner.parts[-1]
        parts_of_owner = [*owner.parts[:-1], (line, last.rstrip(" .:;,")), (part.line, reason)]
        joined[joined.index(owner)] = Element(owner.kind, owner.line, owner.depth, parts_of_owner)
    return joined


def _with_reason_lines(part: Element) -> Element:
    """The element with each of its lines that begins with a label such as "Why:" as a clause."""
    if part.kind not in ("item", "prose") or not any(REASON_LABEL.match(text) for _, text in part.parts[1:]):
        return part
    lines = part.parts[:1]
    for number, text in part.parts[1:]:
        if REASON_LABEL.match(text):
            lines[-1] = (lines[-1][0], lines[-1][1].rstrip(" .:;,"))
            text = as_cause(text)
        lines.append((number, text))
    return Element(part.kind, part.line, part.depth, lines)


def _goes_on(part: Element) -> bool:
    """Whether a paragraph of an item is half of its sentence, or the reason of it."""
    is_of_item = part.kind == "prose" and part.depth >= 0
    return is_of_item and (part.text[:1].islower() or bool(CAUSE.search(part.text) and not SUBJECT.search(part.text)))


def _owner(before: Sequence[Element], part: Element) -> Element | None:
    """The item that a reason or a paragraph below it belongs to."""
    if part.kind not in ("item", "prose"):
        return None
    for element in reversed(before):
        if element.kind == "item":
            is_below = element.depth < part.depth if part.kind == "item" else element.depth <= part.depth
            if is_below:
                return None if element.text.endswith(_COLON) else element
    return None


def _items(block: HeadedBlock, parts: Sequence[Element]) -> Iterator[_ListedRule]:
    heading = block.heading.text if block.heading and _is_half_rule(block.heading.text) else None
    leads: list[tuple[int, str]] = []  # depth and words of what the items that follow belong to
    for index, part in enumerate(parts):
        if part.kind == "row":
            yield _row(part)
        if part.kind != "item":
            is_lead = part.kind == "prose" and part.text.endswith(_COLON)
            if part.depth < 0 and part.kind != "code":
                leads = [(-1, sentence_positions(part.text)[-1][1])] if is_lead else []
            continue
        leads = [lead for lead in leads if lead[0] < part.depth]
        after = parts[index + 1] if index + 1 < len(parts) else None
        has_items = after is not None and after.kind == "item" and after.depth > part.depth
        if has_items and (part.text.endswith(_COLON) or not _is_rule(part.text)):
            leads.append((part.depth, part.text))
            continue
        yield _item(part, leads[-1][1] if leads else None, heading)


def _item(part: Element, lead: str | None, heading: str | None) -> _ListedRule:
    text = part.text
    if lead is not None and _EXAMPLES.search(lead) and not DUTY.search(lead):
        return _ListedRule(part.line, text, bool(SUBJECT.search(text) and DIRECTIVE.search(text)))
    if lead is not None:
        text = _joined(lead, text)
    elif heading is not None and not (SUBJECT.search(text) or DUTY.match(text)):
        text = f"{heading} {text}"
    return _ListedRule(part.line, text, _is_rule(text))


def _is_rule(text: str) -> bool:
    """Whether a list item says enough to be a rule."""
    size = len(text.split()) + len(_WIDE.findall(text)) // 2
    return bool(size >= SHORT_ITEM or SUBJECT.search(text) or DUTY.search(text) or _ORDER.match(text))


def _is_half_rule(lead: str) -> bool:
    return _HALF_RULE.search(lead.rstrip(": ")) is not None


def _joined(lead: str, item: str) -> str:
    """A lead that only announces a list ("Rules:") adds nothing to an item that can stand alone."""
    can_stand_alone = len(item.split()) >= SHORT_ITEM and not _is_half_rule(lead)
    if can_stand_alone and not (SUBJECT.search(lead) and len(lead.split()) <= LONG_LEAD):
        return item
    return f"{lead.rstrip(_COLONS)} {item}" if lead.endswith(_COLON) else f"{lead}: {item}"


def _row(part: Element) -> _ListedRule:
    """A row as a sentence: its cells in their order, and last the one under a heading such as "Why"."""
    cells = [(header, text) for header, text in part.cells if text]
    reasons = [text for header, text in cells if REASON_HEADER.fullmatch(header)]
    others = [cell for cell in cells if not (REASON_HEADER.fullmatch(cell[0]) or _is_beside_the_rule(*cell))]
    text = "; ".join(filter(None, [": ".join(cell for _, cell in others[:2]), *(cell for _, cell in others[2:])]))
    if reasons and others:
        text = " ".join([text.rstrip(" ."), *map(as_cause, reasons)])
    asserts = bool(others) and any(
        SUBJECT.search(cell) or DUTY.search(cell) or CAUSE.search(cell) or _ORDER.match(cell)
        or _RULE_HEADER.search(header)
        for header, cell in others
    )  # fmt: skip
    return _ListedRule(part.line, text, asserts or bool(reasons and others))


def _is_beside_the_rule(header: str, cell: str) -> bool:
    """Whether a cell only counts the rows, or gives an example."""
    return cell.strip("#.)( ").isdigit() or _EXAMPLES.search(header) is not None


def _attributions(parts: Sequence[Element]) -> Iterator[tuple[int, str]]:
    before: tuple[int, str] | None = None
    for part in parts:
        if part.kind != "prose":
            before = None
            continue
        for position, sentence in sentence_positions(part.text):
            line = part.line_of(position)
            if CAUSE.search(sentence) and SUBJECT.search(sentence):
                if not ABOUT_THE_TEXT.search(sentence):
                    yield line, sentence
            elif with_reason := _with_reason_after(before[1] if before else "", sentence, is_first=not position):
                yield before[0] if before else line, with_reason
            before = line, sentence


def _with_reason_after(before: str, sentence: str, *, is_first: bool) -> str | None:
    """Two sentences as one statement, if the second only gives the reason of the first, or answers it.

    They may stand in two paragraphs: `is_first` says that the second begins one.
    """
    if not SUBJECT.search(before) or ABOUT_THE_TEXT.search(sentence):
        return None
    if REASON_LABEL.match(sentence) and len(sentence.split()) > 1:
        return f"{before.rstrip('.')} {as_cause(sentence)}"
    is_pronoun = _PRONOUN.match(sentence) is not None and not is_first
    refers_back = is_pronoun or before.endswith("?") or OPENS_WITH_CAUSE.match(sentence)
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
    return [statement for statement in statements if _weight(statement[1]) == best][:1]


def _weight(sentence: str) -> int:
    """How much a sentence says: with a cause more than of the assistant, and of the assistant more than of anything."""
    return 2 * bool(CAUSE.search(sentence)) + bool(SUBJECT.search(sentence))
