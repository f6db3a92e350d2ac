"""What a spec calls its assistant where it does not say `{model_name}`: "Pip, our bot", "the Claims Agent (CA)"."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from msm_mlx.spec.wording import OPENING

_NAME = r"[A-Z][\w'-]*\w"
_ACTS = re.compile(
    rf"(?i:{OPENING})(?P<article>[Tt]he )?(?P<name>[A-Z][\w'-]+(?: [A-Z][\w'-]+)?) "
    r"(?i:must|should|shall|may|never|always|doesn['\u2019]t|does|will|[a-z]+[^\Ws]s)\b"
)
# that no person can be
_MACHINE = (
    r"(?i:AI|(?:chat)?bot|co-?pilot|(?:AI|virtual|digital|chat|automated|voice|software) (?:\w+ )?(?:assistant|agent))"
)
_ROLE = rf"(?:{_MACHINE}|(?i:assistant|companion|model))"
_END = r"(?= (?:on|in|at|for|of|to|that|who|which|here)\b|[,.;:!?)]|$)"
_INTRODUCED = (
    re.compile(rf"\b({_NAME}),? (?:is )?(?i:the|our|your|an?) (?:[\w-]+ ){{0,3}}{_MACHINE}{_END}"),
    re.compile(rf"\b{_ROLE},? (?:is )?(?:called|named) [\"\u201c'*_]?({_NAME})"),
    re.compile(rf"\b(?:{_ROLE}|(?i:agent|tutor|helper)) \([\"\u201c'*_]?(?:the )?({_NAME})[\"\u201d'*_]?\)"),
)
_IS_NAME = re.compile(r"The ([A-Z]\w+(?: [A-Z]\w+)?)")  # a title that is nothing else
_NO_NAMES = frozenset("this that it he she there here who what we they you meet our the an where so and".split())
_TEXTS = frozenset("charter policy standard spec handbook rules document constitution agreement code manual".split())
_ENOUGH = 2  # sentences in which it acts, for a name of the title to be the assistant's


def names_of(title: str, sentences: Sequence[str], count: Callable[[tuple[str, ...]], int]) -> tuple[str, ...]:
    """The assistant's names in a text with this title, in which it acts `count(names)` times.

    Each acts in the text. The text introduces it as the assistant's, or it stands in the title, or is its initials.
    """
    least = count(())
    introduced = dict.fromkeys(name for sentence in (title, *sentences) for name in _introduced(sentence))
    acting = Counter((match["name"], bool(match["article"])) for one in sentences if (match := _ACTS.match(one)))
    words = set(re.findall(r"[\w'-]+", title.casefold())) - _TEXTS
    speaks_of_it = sum(one.startswith("It ") for one in sentences) >= _ENOUGH
    if (whole := _IS_NAME.fullmatch(title)) and speaks_of_it and not least and count((whole[1],)):
        return (whole[1],)
    initials = "".join(word[0] for word in re.findall(r"[^\W\d_]+", title.casefold()))
    of_title = [
        name
        for (name, has_article), n in acting.items()
        if n >= max(_ENOUGH, least)
        and (set(name.casefold().split()) <= words or (has_article and name.isupper() and name.casefold() in initials))
    ]
    return (*of_title, *(name for name in introduced if name not in of_title and count((name,)) > least))


def _introduced(sentence: str) -> Iterator[str]:
    for form in _INTRODUCED:
        for match in form.finditer(sentence):
            if match[1].casefold() not in _NO_NAMES:
                yield match[1]
