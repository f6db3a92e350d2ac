"""Rules as lists and tables have them: which items and rows are rules, and in what words each can stand alone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile

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
    r"thank|think|translate|treat|trust|try|use|value|verify|wait|warn|work|write)(?:e?s)?\b",
    re.IGNORECASE,
)
# a heading or a lead that is half of each rule under it: "Never", "The assistant must not:"
_HALF_RULE = re.compile(
    r"\b(?:must|shall|should|may|will|can|do|does|never|always|avoid|refuse(?:s)? to)(?: not| never| always)?$"
    r"|\b(?:cannot|(?:do|ca|wo|must|should)n['\u2019]t)$"
    r"|^(?:(?:dis)?likes|loves|hates|enjoys|avoids|refuses|prefers)$",
    re.IGNORECASE,
)
# a heading, or an item above others, that is no sentence: "What {model_name} does not do"
_RELATIVE = re.compile(r"(?:what|how|when|where|things|topics)\b[^.!?:]*$", re.IGNORECASE)
_NAMING = re.compile(r"(?:what|things|topics)\b", re.IGNORECASE)
_NEGATIVE_RELATIVE = re.compile(
    r"(?:what|how|when|where|things|topics)\b[^.!?:]*(?:\b(?:not|never)\b|n['\u2019]t\b)", re.IGNORECASE
)
# a heading or a lead that forbids what stands under it
_FORBIDDING_TITLE = re.compile(
    r"(?:the )?(?:do(?: not|n['\u2019]?t)['\u2019]?s?|nevers?|avoid|no-?nos|prohibited|forbidden|not allowed|taboos?)",
    re.IGNORECASE,
)
_EXAMPLE_LABEL = re.compile(
    r"(?:(?:(?:good|bad|counter-?)?\s*examples?|for (?:example|instance)|exceptions?|anti-?patterns?|\(?sources?|"
    r"see also)\b|e\.g\.)[^:]{0,30}:",
    re.IGNORECASE,
)
_EXAMPLES = re.compile(r"\b(?:examples?|e\.g\.|such as|for instance|includ(?:e|es|ed|ing))\b", re.IGNORECASE)
_RULE_HEADER = re.compile(
    r"\b(?:do|don't|does|rules?|behaviou?rs?|actions?|must|should|responses?|expected|polic(?:y|ies)|principles?|"
    r"guidelines?|instructions?|assistant|model)\b|\{model_name\}",
    re.IGNORECASE,
)
# a column that only orders or files the rows
_FILING_HEADER = re.compile(
    r"(?:\w+ )?(?:id|ref(?:erence)?|no\.?|nr\.?|#|priority|status|owner|severity|level|version|date|author|tags?|"
    r"notes?|comments?|remarks?|weight)",
    re.IGNORECASE,
)
# a section about the text and not about behaviour: its items are rules only where they are clearly meant as such
_ABOUT_THE_TEXT = re.compile(
    r"[\d. ]*(?:references?|bibliography|sources|see also|(?:table of )?contents|toc|links?|further reading|"
    r"licen[cs]e|contributing|contributors|authors?|acknowledge?ments?|credits|metadata|executive summary|summary|"
    r"overview|scope|background|change ?log|(?:revision|version|document)? ?history|document (?:control|information)|"
    r"action items?|next steps|attendees|participants|agenda|open questions|to-?dos?)",
    re.IGNORECASE,
)
# an item that says what the text is, and not what is done
_OF_THE_TEXT = re.compile(
    r"\b(?:these (?:terms|rules|guidelines|principles)|this (?:policy|agreement|document|charter|spec))\b.{0,30}"
    r"\b(?:is|are|means?|appl(?:y|ies)|takes?|comes?)\b",
    re.IGNORECASE,
)
_FORBIDDING_HEADER = re.compile(
    r"(?:do(?:es)? not|do(?:es)?n['\u2019]t|don['\u2019]?ts?|never)",
    re.IGNORECASE,
)
# "Ask first:" with such an item is one sentence
_CONDITION = re.compile(r"(?:before|after|when(?:ever)?|if|while|unless)\b")
_NAME = re.compile(r"[\w ]{1,30}: \{(?:model|provider)_name\}\.?")  # says what somebody is called
_NUMBER = re.compile(r"[#(]?\d+(?:[.,]\d+)?[ %.)]*")
_SIGNS = " \u274c\u2705\u2714\u2716\ufe0f\U0001f6ab"  # before the words of a heading
_END_OF_ITEM = re.compile(r"[;,](?: (?:and|or))?$")
_WIDE = re.compile(f"[{UNSPACED}]")
_COLONS = "".join(COLON)
# the steps of a scenario
_GIVEN, _THEN = re.compile(r"(?:given|when|if)\b", re.IGNORECASE), re.compile(r"then\b", re.IGNORECASE)
_AND = re.compile(r"(?:given|when|then|and|but)\b", re.IGNORECASE)
SHORT_ITEM, LONG_LEAD = 4, 30  # words


@dataclass(frozen=True)
class ListedRule:
    """A list item or a row of a table, read as a rule; `asserts` says whether it is one."""

    line: int
    text: str
    asserts: bool


def join_scenarios(parts: Sequence[Element]) -> list[Element]:
    """The elements, with the items "Given ...", "When ..." and "Then ..." of one scenario as one item."""
    joined: list[Element] = []
    for index, part in enumerate(parts):
        before = joined[-1] if joined else None
        is_step = before is not None and before.kind == part.kind == "item" and before.depth == part.depth
        if is_step and before is not None and _GIVEN.match(before.text) and _AND.match(part.text):
            steps = [step.text for step in takewhile(lambda step: _AND.match(step.text), parts[index:])]
            if any(map(_THEN.match, steps)) and not (_GIVEN.match(part.text) and _THEN.search(before.text)):
                (line, last), first = before.parts[-1], part.parts[0]
                step = (first[0], first[1][:1].lower() + first[1][1:])
                lines = [*before.parts[:-1], (line, f"{last.rstrip(' .,;')},"), step, *part.parts[1:]]
                joined[-1] = Element("item", before.line, before.depth, lines)
                continue
        joined.append(part)
    return joined


def listed_rules(block: HeadedBlock, parts: Sequence[Element]) -> list[ListedRule]:
    """The items and rows among `parts`, the elements of a block with their reasons, but those that only lead to others.

    A short item is read with the sentence that leads to its list. One that nothing but its length makes a rule is none
    among others that are none.
    """
    listed = list(_listed(block, parts))
    is_mixed = not all(rule.asserts for rule in listed)
    return [
        replace(rule, asserts=_says_what_to_do(rule.text)) if is_mixed and rule.asserts else rule for rule in listed
    ]


def _listed(block: HeadedBlock, parts: Sequence[Element]) -> Iterator[ListedRule]:
    title = block.heading.text if block.heading else ""
    forbids = _NEGATIVE_RELATIVE.match(title) or _FORBIDDING_TITLE.fullmatch(title)
    is_half = _is_half_rule(title)
    is_start = is_half and not _NAMING.match(title)
    heading = title if is_start else f"{title}:" if forbids or is_half else None
    is_about_text = _ABOUT_THE_TEXT.fullmatch(title) is not None
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
        if has_items and (part.text.endswith((*COLON, "?")) or _RELATIVE.match(part.text) or not _is_rule(part.text)):
            leads.append((part.depth, part.text))
            continue
        rule = _item(part, leads[-1][1] if leads else None, heading)
        is_beside = is_about_text or bool(leads and _ABOUT_THE_TEXT.fullmatch(leads[-1][1].rstrip(_COLONS)))
        yield replace(rule, asserts=_says_what_to_do(rule.text)) if is_beside and rule.asserts else rule


def _says_what_to_do(text: str) -> bool:
    return bool(SUBJECT.search(text) or DUTY.search(text) or CAUSE.search(text) or ORDER.match(text))


def _item(part: Element, lead: str | None, heading: str | None) -> ListedRule:
    text = _END_OF_ITEM.sub("", part.text)
    if lead is not None and _EXAMPLES.search(lead) and not DUTY.search(lead):
        return ListedRule(part.line, text, bool(SUBJECT.search(text) and DIRECTIVE.search(text)))
    if lead is not None:
        text = _joined(lead, text)
    elif heading is not None and not (SUBJECT.search(text) or DUTY.match(text)):
        text = f"{heading} {text[:1].lower()}{text[1:]}"
    return ListedRule(part.line, text, _is_rule(text))


def _is_rule(text: str) -> bool:
    """Whether a list item says enough to be a rule."""
    if _EXAMPLE_LABEL.match(text) or _NAME.fullmatch(text) or (_OF_THE_TEXT.search(text) and not DUTY.search(text)):
        return False
    size = len(text.split()) + len(_WIDE.findall(text)) // 2
    return bool(size >= SHORT_ITEM or SUBJECT.search(text) or DUTY.search(text) or (size > 1 and ORDER.match(text)))


def _is_half_rule(lead: str) -> bool:
    return _HALF_RULE.search(lead.rstrip(": ")) is not None


def _joined(lead: str, item: str) -> str:
    """A lead that only announces a list ("Rules:") adds nothing to an item that can stand alone."""
    if lead.endswith("?"):
        return f"{lead} {item}"
    if _FORBIDDING_TITLE.fullmatch(lead.rstrip(_COLONS)) and not _is_half_rule(lead):
        return f"{lead.rstrip(_COLONS)}: {item}"
    if ORDER.match(lead) and _CONDITION.match(item):
        return f"{lead.rstrip(_COLONS)} {item}"
    can_stand_alone = len(item.split()) >= SHORT_ITEM and not _is_half_rule(lead)
    if can_stand_alone and not (SUBJECT.search(lead) and len(lead.split()) <= LONG_LEAD):
        return item
    goes_on = lead.endswith(COLON) and not (_NAMING.match(lead) and _is_half_rule(lead))
    return f"{lead.rstrip(_COLONS)} {item}" if goes_on else f"{lead.rstrip(_COLONS)}: {item}"


def _row(part: Element) -> ListedRule:
    """A row as a sentence: its cells in their order, and last the one under a heading such as "Why"."""
    cells = [
        (header, _forbidden(text) if _FORBIDDING_HEADER.fullmatch(header.strip(_SIGNS)) else text)
        for header, text in part.cells
        if text
    ]
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


def _forbidden(cell: str) -> str:
    """What stands under "Don't", so that it still forbids without its heading."""
    if SUBJECT.search(cell) or DUTY.search(cell):
        return cell
    return f"do not {cell[0].lower()}{cell[1:]}"


def _is_beside_the_rule(header: str, cell: str) -> bool:
    """Whether a cell only counts or files the rows, or gives an example."""
    return (
        _FILING_HEADER.fullmatch(header) is not None
        or _NUMBER.fullmatch(cell) is not None
        or _EXAMPLES.search(header) is not None
    )
