"""Lists and tables: what the words above an item make of it, and the sentence that a row is."""

from __future__ import annotations

import re
from collections.abc import Sequence

from msm_mlx.spec.causes import DUTY, REASON_HEADER, SUBJECT, as_cause, gives_reason
from msm_mlx.spec.conduct import Voice, is_order
from msm_mlx.spec.elements import Element

_TITLE_WORDS = 3
COLON = (":", "\uff1a")
_COLONS = "".join(COLON)
# what is half of each item under it: "Never", "The assistant must not:", "In a crisis, {model_name}:"
_HALF = re.compile(
    r"\b(?:must|shall|should|may|will|do|does|never|always|refuses? to|declines? to|tries to)(?: not| never| always)?$"
    r"|\b(?:do|wo|must|should)n['\u2019]t$"
    r"|\b(?:(?:dis)?likes|loves|hates|enjoys|avoids?|refuses|declines|prefers|values|uses|mentions|discusses|gives|keeps)$"
    r"|\b(?:care|stand|help|begin|start|deal|talk|speak|write) (?:for|with|about|by|of)$",
    re.IGNORECASE,
)
_NAMING = re.compile(r"(?:what|things|topics|how|when|where)\b[^.!?:]*$", re.IGNORECASE)
_NEGATIVE = re.compile(r"\b(?:not|never)\b|n['\u2019]t\b", re.IGNORECASE)
_FORBIDS = re.compile(
    r"(?:the )?(?:do(?: not|n['\u2019]?t)['\u2019]?s?|nevers?|avoid|no-?nos|prohibited|forbidden|not allowed|taboos?|"
    r"off limits|out of (?:scope|bounds))",
    re.IGNORECASE,
)
_IMPERSONAL = re.compile(
    r"(?:.*\b)?it(?: is|['\u2019]s| was| has been| will be) (?:[\w-]+ )*"
    r"(?:[\w-]+ that|agreed|decided|resolved|settled)",
    re.IGNORECASE,
)
_AGREED = re.compile(
    r"\b(?:agreed|decided|resolved|settled|required|expected|important|essential|vital)(?: that)?$", re.IGNORECASE
)
_TOPIC = re.compile(r"(?:what|things|topics)\b(?!.*\b(?:when|if|to do)\b)[^.!?:]*$", re.IGNORECASE)
_COMMANDS = re.compile(r"(?:the )?(?:do['\u2019]?s?|always)", re.IGNORECASE)
_DENIAL = re.compile(r"(?:DO |must |you |(?:never|not|do not|don['\u2019]?t)\b)", re.IGNORECASE)
_DENIES = re.compile(r"\b(?:not|never|no|refus\w+|declin\w+|avoid\w*)\b|n['\u2019]t\b", re.IGNORECASE)
# may turn what stands under it into its opposite, in words that are no half of a sentence
_DOUBTFUL = re.compile(
    r"\b(?:not|never|no|avoid\w*|forbid\w*|forbidden|prohibited|banned|off[- ]limits|out of|red lines?|no-gos?|limits?|"
    r"boundaries|refus\w+|declin\w+|mistakes?|errors?|taboos?|don['\u2019]?ts?|temptations?|failures?|without)\b"
    r"|n['\u2019]t\b|\u274c|\U0001f6ab",
    re.IGNORECASE,
)
# announces what is no rule
_ASIDE = re.compile(
    r"\b(?:anti-?patterns?|wrong|bad|failed|used to|old|former|rejected|dropped|examples?|e\.g|such as|for instance|"
    r"includ(?:e|es|ing)|ideas|(?:common|typical|frequent|past|known) \w+|notes on|"
    r"not (?:yet|agreed|decided|adopted|approved|accepted|settled|carried)|undecided|voted down|proposed|proposals?|"
    r"under discussion|no longer)\b",
    re.IGNORECASE,
)
_CASE = re.compile(
    r"(?:when|whenever|if|while|during|before|after|in case of|for|with|in|at|audience|towards?)\b"
    r"(?! to\b| \w+ing\b| short\b| general\b| the end\b)",
    re.IGNORECASE,
)
_CONDITION = re.compile(r"(?:before|after|when(?:ever)?|if|while|unless)\b")
_RULE_HEADER = re.compile(
    r"\b(?:dos?|don'ts?|does|rules?|behaviou?rs?|requirements?|actions?|must|should|expected|instructions?|principles?|clause)\b|"
    r"\{model_name\}|\b(?:the )?(?:assistant|model|bot)\b|verhalten",
    re.IGNORECASE,
)
_FORBIDDING_HEADER = re.compile(r"(?:do(?:es)? not|do(?:es)?n['\u2019]t|don['\u2019]?ts?|never|avoid)", re.IGNORECASE)
# of a column that says what is not done, or was
_DENYING_HEADER = re.compile(
    rf"{_DOUBTFUL.pattern}|\b(?:anti-?patterns?|wrong|bad|worse|worst|poor|unwanted|instead of|rather than|before|old|"
    r"former|used to|rejected|exceptions?|except|unless)\b|\u2716",
    re.IGNORECASE,
)
_DENIES_ITSELF = re.compile(r"(?:never|no|not|do not|don['\u2019]t)\b", re.IGNORECASE)
_FILING_HEADER = re.compile(
    r"(?:\w+ )?(?:id|ref(?:erence)?|no\.?|nr\.?|#|priority|status|owner|severity|level|version|date|author|tags?|"
    r"notes?|comments?|remarks?|weight|examples?.*|.* examples?)",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"[#(]?\d+(?:[.,]\d+)?[ %.)]*")
_SIGNS = " \u274c\u2705\u2714\u2716\ufe0f\U0001f6ab"  # before the words of a heading
_QUOTED = re.compile(r"[\"\u201c\u201e\u00ab'\u2018]")


def is_naming(lead: str) -> bool:
    """Whether words name what stands under them: "What {model_name} does not do"."""
    return _NAMING.match(lead) is not None


def announces_reason(title: str) -> bool:
    """Whether the title of a paragraph, or the words before it, say that it is a reason."""
    return re.fullmatch(r"(?:our |the )?reasons?|because|why", title.rstrip(f"{_COLONS}. "), re.IGNORECASE) is not None


def forbids(heading: str) -> bool:
    """Whether a heading says that what stands under it is not done: "Never", "What {model_name} doesn't do"."""
    words = heading.strip(_SIGNS).rstrip(f"{_COLONS}. ")
    return bool(_FORBIDS.fullmatch(words) or (_TOPIC.match(words) and _NEGATIVE.search(words)))


def may_deny(title: str) -> bool:
    """Whether the title of a paragraph, or the words before it, may turn what it says into its opposite."""
    words = title.rstrip(f"{_COLONS}. ")
    is_short = len(words.split()) <= _TITLE_WORDS or is_naming(words)
    return bool(_FORBIDS.fullmatch(words) or (is_short and (_DOUBTFUL.search(words) or _ASIDE.search(words))))


def under_case(heading: str) -> str:
    """The heading where it says in which case the rules under it hold, else nothing."""
    return heading.rstrip(_COLONS) if _CASE.match(heading) else ""


def under(lead: str, item: str, voice: Voice) -> tuple[str, bool] | None:
    """An item in the words in which it can stand alone below `lead`, a heading or what ends with a colon or "?".

    With it, whether the lead makes a rule of it whatever its form. None where what it means cannot be told: the lead
    may deny what stands under it, or announce examples.
    """
    words = lead.rstrip(_COLONS)
    claims = voice.of(item, is_item=True) is not None
    if not words:
        return item, False
    if lead.endswith("?"):
        return (f"{lead} {item}", True) if claims else (item, False)
    is_impersonal = _IMPERSONAL.fullmatch(words) is not None
    if gives_reason(f"{words}:") or _ASIDE.search(words) or (is_impersonal and not _AGREED.search(words)):
        return None
    if _CONDITION.match(item) and is_order(words, is_item=True):
        return f"{words} {item}", True
    joined = _joined(words, item, ends_with_name=lead != words and words.endswith("{model_name}"))
    if joined:
        is_whole = _DENIAL.match(item) or (voice.names_it(item) and _DENIES.search(item))
        return (item, False) if is_whole else (joined, True)
    is_named = voice.names_it(item) or _DENIAL.match(item) is not None
    is_rule_itself = _DENIAL.match(item) or (
        DUTY.search(item) is not None and (voice.names_it(item) or voice.refers_to_it(item))
    )
    is_of_it = (
        lead != words
        and not is_impersonal
        and any(test(words) for test in (voice.is_about_it, voice.names_it, voice.refers_to_it))
    )
    leads = is_of_it and voice.of(words, is_item=True) is not None
    if (_DOUBTFUL.search(words) and not (is_rule_itself or leads)) or (
        is_of_it and not leads and not is_named
    ):  # "Red lines:", "{model_name} can:"
        return None
    return (f"{words}: {item}", True) if leads and not claims else (item, False)


def _joined(words: str, item: str, *, ends_with_name: bool) -> str | None:
    """An item as the other half of the words above it, or behind those that forbid or command it."""
    if _NAMING.match(words):
        return f"{words}: {item}" if _NEGATIVE.search(words) else None
    if _HALF.search(words) or ends_with_name:
        return f"{words} {_small(item, words)}"
    return f"{words}: {item}" if _FORBIDS.fullmatch(words) or _COMMANDS.fullmatch(words) else None


def _small(item: str, lead: str) -> str:
    return item if " " in lead else f"{item[:1].lower()}{item[1:]}"


def row(part: Element, voice: Voice) -> tuple[str, bool]:
    """A row as a sentence, and whether it is a rule: its cells in their order, and last the one under "Why"."""
    cells = [(header, text) for header, text in part.cells if any(map(str.isalnum, text))]
    reasons = [text for header, text in cells if REASON_HEADER.fullmatch(header)]
    others = [cell for cell in cells if not (REASON_HEADER.fullmatch(cell[0]) or _is_beside_the_rule(*cell))]
    text = _joined_cells(others)
    says = [voice.of(cell, is_item=True) is not None for _, cell in others]
    is_rule = any(_RULE_HEADER.search(header) and not _QUOTED.match(cell) for header, cell in others)
    is_rule = is_rule or any(voice.names_it(cell) for _, cell in others) or bool(reasons and any(says))
    if reasons and others:
        text = " ".join([text.rstrip(" ."), *map(as_cause, reasons)])
    return text or part.text, is_rule


def _joined_cells(cells: Sequence[tuple[str, str]]) -> str:
    """Cells in one line: those that their heading denies with it, and so those after them."""
    texts: list[str] = []
    is_with_heading = False
    for header, cell in cells:
        denied = _denied(header, cell)
        if denied == cell and is_with_heading:
            texts.append(f"{header}: {cell}" if header else cell)
        else:
            is_with_heading = is_with_heading or denied.endswith(f": {cell}")
            texts.append(denied)
    if len(texts) > 1 and not texts[0].startswith(f"{cells[0][0].strip(_SIGNS)}: "):
        texts[:2] = [": ".join(texts[:2])]
    return "; ".join(texts)


def _denied(header: str, cell: str) -> str:
    """What stands under "Don't" or "What we avoid", so that it is still denied outside of its column."""
    words = header.strip(_SIGNS)
    if not _DENYING_HEADER.search(header) or _DENIES_ITSELF.match(cell) or (SUBJECT.search(cell) and DUTY.search(cell)):
        return cell
    if _FORBIDDING_HEADER.fullmatch(words) and is_order(cell, is_item=True):
        return f"do not {cell[0].lower()}{cell[1:]}"
    return f"{words or 'Not'}: {cell}"


def _is_beside_the_rule(header: str, cell: str) -> bool:
    """Whether a cell only counts or files the rows, or gives an example."""
    return _FILING_HEADER.fullmatch(header) is not None or _NUMBER.fullmatch(cell) is not None
