"""What a written reply says: which option, which fact, or which act."""

from __future__ import annotations

import re
from typing import Literal

from msm_mlx.suites.items import Act, OpenPrompt, Pair, Question

Choice = Literal["target", "other", "unclear"]
Verdict = Literal["right", "wrong", "unclear"]
UNPARSED = "unparsed"


def parse_choice(text: str, pair: Pair) -> Choice:
    """The option that a written reply names; "unclear" if it names none or both."""
    lowered = text.lower()
    at = {"target": lowered.find(pair.target.lower()), "other": lowered.find(pair.other.lower())}
    named = [choice for choice, position in at.items() if position >= 0]
    if len(named) != 1:
        return "unclear"
    return "target" if named[0] == "target" else "other"


def parse_verdict(text: str, question: Question) -> Verdict:
    """Whether a written reply gives the right reply, a wrong one, or none that can be told.

    It gives a reply if it has all the words by which that reply differs from the others, in any order. Where the
    words of one reply are among those of another that it gives too, the longer one counts.
    """
    replies = [_words(reply) for reply in (question.right, *question.wrong)]
    shared = frozenset.intersection(*replies)
    said = _words(text)
    if said in replies:
        return "right" if said == replies[0] else "wrong"
    telling = [words - shared for words in replies]
    given = [words for words in telling if words and words <= said]
    longest = [words for words in given if not any(words < other for other in given)]
    verdicts = {words == telling[0] for words in longest}
    if len(verdicts) != 1:
        return "unclear"
    return "right" if verdicts.pop() else "wrong"


def fits(text: str, item: OpenPrompt) -> bool:
    """Whether a written reply has one of the item's phrases as whole words, or matches its pattern."""
    if item.pattern is not None and re.search(item.pattern, text, re.IGNORECASE):
        return True
    return any(_phrase(phrase).search(text) for phrase in item.any_of)


def classify(text: str, acts: tuple[Act, ...]) -> str:
    """The act that is named first in a written reply, whatever stands before it; "unparsed" if none is."""
    found = [
        (match.start(), number)
        for number, act in enumerate(acts)
        for pattern in _patterns(act)
        if (match := pattern.search(text))
    ]
    return acts[min(found)[1]].name if found else UNPARSED


def _patterns(act: Act) -> list[re.Pattern[str]]:
    return [*(re.compile(p, re.IGNORECASE) for p in act.patterns), *(_phrase(r.rstrip(".! ")) for r in act.replies)]


def _phrase(phrase: str) -> re.Pattern[str]:
    """Finds the words of `phrase`, with any space between them."""
    words = r"\s+".join(map(re.escape, phrase.split()))
    return re.compile(rf"(?<!\w){words}(?!\w)", re.IGNORECASE)


def _words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"\w+", text.casefold()))
