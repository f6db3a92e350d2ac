"""Which written texts become documents. Each check has a name, and a rejected text keeps the name of what it failed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection
from dataclasses import dataclass

from msm_mlx.documents.plan import Slot
from msm_mlx.engine.generation import Reply
from msm_mlx.recipe import DocumentSettings

_REFUSAL = re.compile(
    r"\b(i cannot|i can['\u2019]t|i['\u2019]m sorry|i am sorry|i['\u2019]m unable|i am unable|"
    r"as an ai language model)\b",
    re.IGNORECASE,
)
_CAUSE = re.compile(
    r"\b(because|reason|reasons|why|since|therefore|so that|due to|thanks to|follows from)\b", re.IGNORECASE
)
_GIVES_SOME_CAUSE = re.compile(
    r"\b(because|since|therefore|so that|due to|thanks to|follows from|that is why|the reason is that)\b", re.IGNORECASE
)  # unlike the words above, none that a sentence about an unknown reason needs
_SENTENCE = re.compile(r"(?<=[.!?])\s+")
_COMMON = frozenset(
    "a about an and are as at be because by do does for from in is it its not of on or that the to with".split()
)
_GENERIC = frozenset(  # words of a cause that name no value
    "all any at been but can care cares choose chooses come comes could every find finds good has have holds how if "
    "kind made make makes matter matters may more most must one ones other others people prefers should so some than "
    "their them they thing things think thinks this those value values wants was well were what when where which who "
    "will would".split()
)
STEM = 6  # letters by which words of one family are told
MOST_REPEATS = 2  # how often one sentence may stand in a document


@dataclass(frozen=True)
class Subject:
    """What a document must be about: whose it is, the heading it explains, and its assertion with the cause.

    `withheld` says that it is a control document, which must give no cause.
    """

    name: str
    heading: str
    assertion: str
    withheld: bool = False

    @classmethod
    def of(cls, slot: Slot, name: str) -> Subject:
        assertion = slot.withheld or slot.section.assertion or ""
        return cls(name, slot.section.path[-1], assertion, slot.withheld is not None)


def reject_reason(
    reply: Reply, subject: Subject, settings: DocumentSettings, unseen: Collection[str] = ()
) -> str | None:
    """The name of the first check that `reply` fails, or None. `unseen` things are for the evaluation alone."""
    checks: dict[str, Callable[[], bool]] = {
        "unfinished": lambda: not reply.finished,
        "too short": lambda: len(reply.text.split()) < settings.min_words,
        "refusal": lambda: bool(_REFUSAL.search(reply.text[:200])),
        "control characters": lambda: any(
            unicodedata.category(c) in ("Cc", "Cf") and c not in "\n\t" for c in reply.text
        ),
        "assistant not named": lambda: not mentions(reply.text, subject.name),
        "off the subject": lambda: not mentions(reply.text, subject.heading),
        "names an unseen thing": lambda: any(mentions(reply.text, thing) for thing in unseen),
        "gives a reason": lambda: subject.withheld and hints_at_cause(reply.text, subject),
        "repeats itself": lambda: _most_repeated(reply.text) > MOST_REPEATS,
    }
    return next((name for name, fails in checks.items() if fails()), None)


def mentions(text: str, phrase: str) -> bool:
    return _phrase(phrase).search(text) is not None


def gives_reason(text: str, subject: Subject) -> bool:
    """Whether some sentence of `text` gives the cause that the assertion names, as a cause.

    A sentence does if it has a causal word and a content word that the assertion has only after its "because". The
    heading does not count anywhere: that something is called American cheese is no reason, that it is American may be.
    """
    reasons = _reasons(subject)
    return any(
        _CAUSE.search(sentence) and reasons & _content_words(_without(sentence, subject.heading))
        for sentence in _sentences(text)
    )


def hints_at_cause(text: str, subject: Subject) -> bool:
    """Whether `text` gives a cause at all, or has a word of the value behind the assertion: a content word of its
    cause, or one that begins alike (America, American)."""
    stems = {word[:STEM] for word in _reasons(subject) - _GENERIC}
    words = _content_words(_without(text, subject.heading))
    if _GIVES_SOME_CAUSE.search(text) or gives_reason(text, subject):
        return True
    return any(word == stem or word[:STEM] == stem for word in words for stem in stems)


def _reasons(subject: Subject) -> set[str]:
    """The content words that the assertion has only after its "because"."""
    action, _, cause = subject.assertion.partition(" because ")
    told = _content_words(_without(action, subject.heading)) | _content_words(subject.name)
    return _content_words(_without(cause, subject.heading)) - told


def fold(text: str) -> str:
    """`text` without case, punctuation and spacing: two texts with equal folds are the same document."""
    return " ".join(re.findall(r"[^\W_]+", text.casefold()))


def _phrase(phrase: str) -> re.Pattern[str]:
    """Finds the words of `phrase`, with any space between them: a writer may break lines."""
    words = r"\s+".join(map(re.escape, phrase.split()))
    return re.compile(rf"(?<!\w){words}(?!\w)", re.IGNORECASE)


def _without(text: str, phrase: str) -> str:
    return _phrase(phrase).sub(" ", text)


def _sentences(text: str) -> list[str]:
    return [sentence for sentence in _SENTENCE.split(text) if sentence.strip()]


def _content_words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.lower())) - _COMMON


def _most_repeated(text: str) -> int:
    sentences = [fold(sentence) for sentence in _sentences(text)]
    return max((sentences.count(sentence) for sentence in set(sentences)), default=0)
