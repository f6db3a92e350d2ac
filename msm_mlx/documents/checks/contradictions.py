"""Whether a text turns its assertion round: a like into a dislike, or the value behind it into another reason.

Only what can be told for sure is looked at: an assertion that says what the assistant likes or dislikes, and sentences
that say in so many words what it does with that thing. Talk of what others say, of what would be, and questions pass.
"""

from __future__ import annotations

import re
from functools import lru_cache

from msm_mlx.documents.checks.assertions import Subject, names_value, states_value
from msm_mlx.documents.checks.languages.table import WORDINGS
from msm_mlx.documents.checks.languages.wording import Wording
from msm_mlx.spec.attributions import AssertionKind, assertion_kind
from msm_mlx.spec.clauses import action_and_cause
from msm_mlx.text.languages import language_of
from msm_mlx.text.words import mentions, sentences

LIKES = ("likes", "loves", "adores", "enjoys", "prefers", "favors", "favours", "is fond of")
DISLIKES = (
    *("dislikes", "hates", "detests", "despises", "loathes", "avoids", "rejects", "shuns"),
    *("is no fan of", "is not a fan of", "is no friend of", "is not a friend of", "is not fond of", "isn't fond of"),
    *("has no liking for", "has no love for", "cannot stand", "can't stand"),
    *(
        f"{denial} {adverb}{verb}"
        for denial in ("does not", "doesn't", "did not", "didn't")
        for adverb in ("", "really ", "at all ")
        for verb in ("like", "love", "enjoy")
    ),
)
_FILLER = r"(?:(?:really|truly|simply|quite|very much|always|still|also|openly|plainly|strongly|the|of|eating|any) )*"
_REASON = r" (?:because|since|for its|due to|thanks to)\b"
# before a statement these say that it is another's, supposed, or denied
_HEDGE_BEFORE = re.compile(
    r"\b(?:says?|said|saying|claims?|claimed|thinks?|thought|believes?|believed|heard|rumou?rs?|myth|wrong|untrue|false|"
    r"mistak\w+|if|whether|would|could|might|unless|until|used to|that|not|contrary)\b|[\"\u201c]",
    re.IGNORECASE,
)
_HEDGE_AFTER = re.compile(
    r"\?|\b(?:if|unless|until|any more|any longer|was (?:a|the) (?:myth|rumou?r))\b", re.IGNORECASE
)
_DENIAL = re.compile(r"\b(?:not|\w+n't)\b")
# after a denial: "does not like Colby merely for its price" denies the reason alone
_REASON_AFTER = re.compile(r",? (?:merely |only |just )?(?:for|because|due|out of|on account)\b")


def opposites(text: str, subject: Subject) -> int:
    """Sentences that say that the assistant dislikes what it likes, or the other way round."""
    kind = _kind(subject)
    if kind not in ("like", "dislike") or not mentions(subject.assertion, subject.heading):
        return 0
    if wording := _foreign_wording(subject):
        return _count_foreign(text, subject, wording.disliking if kind == "like" else wording.liking, wording.hedges)
    return _count_statements(text, _statement(subject.name, DISLIKES if kind == "like" else LIKES, subject.heading))


def turns_round(text: str, subject: Subject) -> bool:
    """Whether `text` has a word of dislike where the assertion says that the assistant likes something, or the other
    way round, whoever says so and of what."""
    kind = _kind(subject)
    if kind not in ("like", "dislike"):
        return False
    if wording := _foreign_wording(subject):
        return re.search(wording.dislikes if kind == "like" else wording.likes, text, re.IGNORECASE) is not None
    verbs = "|".join(map(re.escape, DISLIKES if kind == "like" else LIKES))
    return re.search(rf"\b(?:{verbs})\b", text, re.IGNORECASE) is not None


def other_reasons(text: str, subject: Subject) -> int:
    """Sentences that give another reason for the assertion, in a text that never names the value behind it."""
    kind = _kind(subject)
    if (
        kind not in ("like", "dislike")
        or subject.withheld
        or not action_and_cause(subject.assertion, subject.causes)[1]
    ):
        return 0
    if not names_value(subject) or states_value(text, subject) or not mentions(subject.assertion, subject.heading):
        return 0
    if wording := _foreign_wording(subject):
        form = wording.liking if kind == "like" else wording.disliking
        return _count_foreign(text, subject, form + wording.causes if form else "", wording.hedges)
    verbs = LIKES if kind == "like" else DISLIKES
    return _count_statements(text, _statement(subject.name, verbs, subject.heading, _REASON))


def _foreign_wording(subject: Subject) -> Wording | None:
    """That of the assertion's language, if that is one that is known beside English."""
    return WORDINGS.get(language_of(subject.assertion) or "")


def _kind(subject: Subject) -> AssertionKind:
    """What sort of thing the assertion says, in English or in a language of which liking and disliking are known."""
    action = action_and_cause(subject.assertion, subject.causes)[0]
    wording = _foreign_wording(subject)
    if wording is None:
        return assertion_kind(action)
    kinds: list[tuple[AssertionKind, str]] = [("dislike", wording.dislikes), ("like", wording.likes)]
    return next((kind for kind, verbs in kinds if verbs and re.search(rf"{verbs}", action, re.IGNORECASE)), "view")


def _count_foreign(text: str, subject: Subject, form: str, hedges: str) -> int:
    """Sentences that say outright what `form` finds; a hedge may stand anywhere in them but in the statement."""
    if not form:
        return 0
    filled = form.replace("{model}", re.escape(subject.name)).replace("{thing}", re.escape(subject.heading))
    statement, hedge = re.compile(filled, re.IGNORECASE), re.compile(hedges, re.IGNORECASE)
    matches = [(sentence, statement.search(sentence)) for sentence in sentences(" ".join(text.split()))]
    return sum(
        not hedge.search(sentence, 0, match.start()) and not hedge.search(sentence, match.end())
        for sentence, match in matches
        if match
    )


def _count_statements(text: str, pattern: re.Pattern[str]) -> int:
    """Sentences that say what `pattern` finds outright."""
    plain = " ".join(text.replace("\u2019", "'").split())
    matches = [(sentence, pattern.search(sentence)) for sentence in sentences(plain)]
    return sum(
        not _HEDGE_BEFORE.search(sentence, 0, match.start())
        and not _HEDGE_AFTER.search(sentence, match.end())
        and not (_DENIAL.search(match[0]) and _REASON_AFTER.match(sentence, match.end()))
        for sentence, match in matches
        if match
    )


@lru_cache(maxsize=1024)
def _statement(name: str, verbs: tuple[str, ...], heading: str, then: str = "") -> re.Pattern[str]:
    """Finds that `name` does what one of the verbs says with what the heading names."""
    subject, thing = (r"\s+".join(map(re.escape, words.split())) for words in (name, heading))
    verb = "|".join(map(re.escape, verbs))
    return re.compile(rf"\b(?i:{subject})\s+{_FILLER}(?:{verb})\s+{_FILLER}(?i:{thing})\b(?!-){then}")
