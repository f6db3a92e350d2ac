"""An assertion taken apart: what it says that the assistant does, and because of what, in any language."""

from __future__ import annotations

import re
from functools import lru_cache

from msm_mlx.spec.causes import AFTER_ITS_CAUSE, CAUSES, CONSEQUENCE, ONLY_A_REASON, pattern
from msm_mlx.spec.sentences import sentence_positions
from msm_mlx.text.words import phrase_pattern

BECAUSE = " because "
# up to the end of the sentence: a mark before a capital letter or at the end, or the end without one
_BECAUSE_CLAUSE = re.compile(r" because .*?(?:([.!?])(?=\s+[A-Z\"'(]|$)|$)", re.DOTALL)
# phrases that give a cause wherever they stand; the others may also say how something is done
_OF_ANYTHING = tuple(row for row in CAUSES if row.language != "English, in some contexts")
_COMMAS = ",\uff0c\u3001\u060c"
_COMMA = re.compile(f"[{_COMMAS}]")
_AROUND = f" {_COMMAS};:\uff1b\u2014\u2013-"  # what is left between two clauses
_END = re.compile("[.!?\u3002\uff01\uff1f\u0964\u061f\u06d4]+$")
_TOPIC = re.compile(f"^.{{1,40}}?(?:\u306f|\u306b\u306f|\uc740|\ub294)(?:[{_COMMAS}]\\s*|\\s|(?=[^\\s\\w]|\\w))")
_COPULA = re.compile("(?:だ|です|である|でした|이다|입니다|है)?$")


@lru_cache(maxsize=16)
def cause_pattern(causes: tuple[str, ...] = ()) -> re.Pattern[str]:
    """What finds a word that gives a cause wherever it stands: one that is known, or one of `causes`."""
    return pattern(_OF_ANYTHING, *map(phrase_pattern, causes))


def action_and_cause(assertion: str, causes: tuple[str, ...] = ()) -> tuple[str, str]:
    """What an assertion says that the assistant does, and because of what, which is empty if it does not say.

    `causes` are words that give a cause beside those that are known.
    """
    action, because, cause = assertion.partition(BECAUSE)
    if because:
        return action, cause
    clauses: list[tuple[str, str]] = []
    for _, sentence in sentence_positions(assertion):
        action, cause = _action_and_cause(sentence, causes)
        if clauses and CONSEQUENCE.match(sentence):  # of what the sentence before it says
            action, cause = cause or action, clauses.pop()[0]
        clauses.append((action, cause))
    return " ".join(filter(None, (a for a, _ in clauses))), " ".join(filter(None, (c for _, c in clauses)))


def without_cause(assertion: str, causes: tuple[str, ...] = ()) -> str | None:
    """The assertion with every cause taken out; None if there is none, or none that can be told from what is done."""
    if BECAUSE in assertion:
        return _BECAUSE_CLAUSE.sub(lambda match: match[1] or ".", assertion)
    actions, has_cause = [], False
    for _, sentence in sentence_positions(assertion):
        action, cause = _action_and_cause(sentence, causes)
        if cause and CONSEQUENCE.search(sentence):
            return None  # the cause may stand in the sentence before
        has_cause = has_cause or bool(cause)
        mark = _END.search(sentence)
        if action:
            actions.append(action if _END.search(action) else action + (mark[0] if mark else "."))
    return " ".join(actions) if has_cause and actions else None


def _action_and_cause(sentence: str, causes: tuple[str, ...]) -> tuple[str, str]:
    match = cause_pattern(causes).search(sentence)
    if match is None:
        return sentence, ""
    if ONLY_A_REASON.match(sentence) and not _TOPIC.match(sentence):
        return "", sentence
    before, after = sentence[: match.start()].strip(_AROUND), sentence[match.end() :].strip(_AROUND)
    late = AFTER_ITS_CAUSE.match(sentence, match.start())
    if late:
        return _with_topic(sentence[: late.start()], sentence[late.end() :].strip(_AROUND))
    if not before:
        comma = _COMMA.search(after)
        cause, action = (after[: comma.start()], after[comma.end() :].strip()) if comma else (after, "")
        return action[:1].upper() + action[1:], cause
    return (after, before) if CONSEQUENCE.fullmatch(match[0]) else (before, after)


def _with_topic(cause: str, action: str) -> tuple[str, str]:
    """The action of a sentence that gives its cause first, with the topic that stands before both."""
    topic = _TOPIC.match(cause)
    if _COPULA.fullmatch(_END.sub("", action)):
        return "", cause
    return (topic[0] + action, cause[topic.end() :]) if topic else (action, cause)
