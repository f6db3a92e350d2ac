"""Rules as lists and tables have them: which items and rows are rules, and in what words each can stand alone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from msm_mlx.spec.causes import CAUSE, DIRECTIVE, DUTY, REASON_HEADER, SUBJECT, as_cause
from msm_mlx.spec.elements import Element
from msm_mlx.spec.markdown import HeadedBlock
from msm_mlx.spec.sentences import sentence_positions
from msm_mlx.text.scripts import UNSPACED

COLON = (":", "\uff1a")
# a list item that is an order: a verb that people begin one with
ORDER = re.compile(
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
    r"|\b(?:cannot|(?:do|ca|wo|must|should)n['\u2019]t)$",
    re.IGNORECASE,
)
_EXAMPLE_LABEL = re.compile(
    r"(?:(?:(?:good|bad|counter-?)?\s*examples?|for (?:example|instance))\b|e\.g\.)[^:]{0,30}:", re.IGNORECASE
)
_EXAMPLES = re.compile(r"\b(?:examples?|e\.g\.|such as|for instance|includ(?:e|es|ed|ing))\b", re.IGNORECASE)
_RULE_HEADER = re.compile(
    r"\b(?:do|don't|does|rules?|behaviou?rs?|actions?|must|should|responses?|expected|polic(?:y|ies)|principles?|"
    r"guidelines?|instructions?|assistant|model)\b|\{model_name\}",
    re.IGNORECASE,
)
_WIDE = re.compile(f"[{UNSPACED}]")
_COLONS = "".join(COLON)
SHORT_ITEM, LONG_LEAD = 4, 30  # words


@dataclass(frozen=True)
class ListedRule:
    """A list item or a row of a table, read as a rule; `asserts` says whether it is one."""

    line: int
    text: str
    asserts: bool


def listed_rules(block: HeadedBlock, parts: Sequence[Element]) -> Iterator[ListedRule]:
    """The items and rows among `parts`, the elements of a block with their reasons, but those that only lead to others.

    A short item is read with the sentence that leads to its list.
    """
    heading = block.heading.text if block.heading and _is_half_rule(block.heading.text) else None
    leads: list[tuple[int, str]] = []  # depth and words of what the items that follow belong to
    for index, part in enumerate(parts):
        if part.kind == "row":
            yield _row(part)
        if part.kind != "item":
            is_lead = part.kind == "prose" and part.text.endswith(COLON)
            if part.depth < 0 and part.kind != "code":
                leads = [(-1, sentence_positions(part.text)[-1][1])] if is_lead else []
            continue
        leads = [lead for lead in leads if lead[0] < part.depth]
        after = parts[index + 1] if index + 1 < len(parts) else None
        has_items = after is not None and after.kind == "item" and after.depth > part.depth
        if has_items and (part.text.endswith(COLON) or not _is_rule(part.text)):
            leads.append((part.depth, part.text))
            continue
        yield _item(part, leads[-1][1] if leads else None, heading)


def _item(part: Element, lead: str | None, heading: str | None) -> ListedRule:
    text = part.text
    if lead is not None and _EXAMPLES.search(lead) and not DUTY.search(lead):
        return ListedRule(part.line, text, bool(SUBJECT.search(text) and DIRECTIVE.search(text)))
    if lead is not None:
        text = _joined(lead, text)
    elif heading is not None and not (SUBJECT.search(text) or DUTY.match(text)):
        text = f"{heading} {text}"
    return ListedRule(part.line, text, _is_rule(text))


def _is_rule(text: str) -> bool:
    """Whether a list item says enough to be a rule."""
    if _EXAMPLE_LABEL.match(text):
        return False
    size = len(text.split()) + len(_WIDE.findall(text)) // 2
    return bool(size >= SHORT_ITEM or SUBJECT.search(text) or DUTY.search(text) or (size > 1 and ORDER.match(text)))


def _is_half_rule(lead: str) -> bool:
    return _HALF_RULE.search(lead.rstrip(": ")) is not None


def _joined(lead: str, item: str) -> str:
    """A lead that only announces a list ("Rules:") adds nothing to an item that can stand alone."""
    can_stand_alone = len(item.split()) >= SHORT_ITEM and not _is_half_rule(lead)
    if can_stand_alone and not (SUBJECT.search(lead) and len(lead.split()) <= LONG_LEAD):
        return item
    return f"{lead.rstrip(_COLONS)} {item}" if lead.endswith(COLON) else f"{lead}: {item}"


def _row(part: Element) -> ListedRule:
    """A row as a sentence: its cells in their order, and last the one under a heading such as "Why"."""
    cells = [(header, text) for header, text in part.cells if text]
    reasons = [text for header, text in cells if REASON_HEADER.fullmatch(header)]
    others = [cell for cell in cells if not (REASON_HEADER.fullmatch(cell[0]) or _is_beside_the_rule(*cell))]
    text = "; ".join(filter(None, [": ".join(cell for _, cell in others[:2]), *(cell for _, cell in others[2:])]))
    if reasons and others:
        text = " ".join([text.rstrip(" ."), *map(as_cause, reasons)])
    asserts = bool(others) and any(
        SUBJECT.search(cell) or DUTY.search(cell) or CAUSE.search(cell) or ORDER.match(cell)
        or _RULE_HEADER.search(header)
        for header, cell in others
    )  # fmt: skip
    return ListedRule(part.line, text, asserts or bool(reasons and others))


def _is_beside_the_rule(header: str, cell: str) -> bool:
    """Whether a cell only counts the rows, or gives an example."""
    return cell.strip("#.)( ").isdigit() or _EXAMPLES.search(header) is not None
