"""Whether a text turns its assertion round: a like into a dislike, or the value behind it into another reason.

Only what can be told for sure is looked at: an assertion that says what the assistant likes or dislikes, and sentences
that say in so many words what it does with that thing. Talk of what others say, of what would be, and questions pass.
"""

from __future__ import annotations

import re
from functools import lru_cache

from msm_mlx.documents.checks.assertions import Subject, names_value, states_value
from msm_mlx.spec.attributions import assertion_kind
from msm_mlx.text.words import mentions, sentences

_FILLER = r"(?:(?:really|truly|simply|quite|very much|always|still|also|openly|plainly|strongly|the|of|eating|any) )*"
_LIKING = r"(?:likes|loves|adores|enjoys|prefers|favou?rs|is fond of)"
_DISLIKING = (
    r"(?:dislikes|hates|detests|despises|loathes|(?:does not|doesn't|did not|didn't) (?:really |at all "
    r")?(?:like|love|enjoy)"
    r"|avoids|rejects|shuns|is no(?:t a)? (?:fan|friend) of|has no (?:liking|love) for|cannot stand|can't stand|"
    r"is not fond of|isn't fond of)"
)
_REPORTED = re.compile(
    r"\b(?:says?|said|saying|claims?|claimed|thinks?|thought|believes?|believed|heard|rumou?rs?|myth|wrong|"
    r"untrue|false|"
    r"mistak\w+|if|whether|would|could|might|unless|until|used to|that|not|contrary)\b|[\"\u201c]",
    re.IGNORECASE,
)  # before the statement: it may be another's, or denied
_CONDITION = re.compile(r"\?|\b(?:if|unless|until|any more|any longer|was (?:a|the) (?:myth|rumou?r))\b", re.IGNORECASE)

_DENIED = re.compile(r"\b(?:not|\w+n't)\b")
_REASON_FOLLOWS = re.compile(
    r",? (?:merely |only |just )?(?:for|because|due|out of|on account)\b"
)  # it alone is denied


def opposites(text: str, subject: Subject) -> int:
    """Sentences that say that the assistant dislikes what it likes, or the other way round."""
    kind = assertion_kind(subject.assertion.partition(" because ")[0])
    if kind not in ("like", "dislike") or not mentions(subject.assertion, subject.heading):
        return 0
    turned = _says(subject.name, _DISLIKING if kind == "like" else _LIKING, subject.heading)
    return _stated(text, turned)


def other_reasons(text: str, subject: Subject) -> int:
    """Sentences that give another reason for the assertion, in a text that never names the value behind it."""
    kind = assertion_kind(subject.assertion.partition(" because ")[0])
    if kind not in ("like", "dislike") or subject.withheld or " because " not in subject.assertion:
        return 0
    if not names_value(subject) or states_value(text, subject) or not mentions(subject.assertion, subject.heading):
        return 0
    verb = _LIKING if kind == "like" else _DISLIKING
    return _stated(text, _says(subject.name, verb, subject.heading, r" (?:because|since|for its|due to|thanks to)\b"))


def _stated(text: str, pattern: re.Pattern[str]) -> int:
    """Sentences that say what `pattern` finds outright."""
    matches = [(one, pattern.search(one)) for one in sentences(" ".join(text.replace("\u2019", "'").split()))]
    return sum(
        not _REPORTED.search(one, 0, match.start())
        and not _CONDITION.search(one, match.end())
        and not (_DENIED.search(match[0]) and _REASON_FOLLOWS.match(one, match.end()))
        for one, match in matches
        if match
    )


@lru_cache(maxsize=1024)
def _says(name: str, verb: str, heading: str, then: str = "") -> re.Pattern[str]:
    parts = [r"\s+".join(map(re.escape, words.split())) for words in (name, heading)]
    return re.compile(rf"\b(?i:{parts[0]})\s+{_FILLER}{verb}\s+{_FILLER}(?i:{parts[1]})\b(?!-){then}")
