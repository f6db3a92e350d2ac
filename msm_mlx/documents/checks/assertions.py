"""What a text claims: whom and what it mentions, whether it states the assertion, its value and its cause."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from msm_mlx.documents.checks.language import OTHER_FUNCTION_WORDS, is_english
from msm_mlx.documents.checks.languages.table import wording_of
from msm_mlx.documents.checks.reasons import gives_a_reason, gives_any_reason, names_a_reason
from msm_mlx.spec.clauses import action_and_cause
from msm_mlx.text.scripts import letters_per_word, word_tokens
from msm_mlx.text.words import mentions, mentions_any, sentences, without_phrase

_COMMON = frozenset(
    "a about an and are as at be because by do does for from in is it its not of on or that the to with".split()
)
_GENERIC = frozenset(  # words of a cause that name no value
    "all any at been but can care cares choose chooses come comes could every find finds good has have holds how if "
    "kind made make makes matter matters may more most must one ones other others people prefers should so some than "
    "their them they thing things think thinks this those value values wants was well were what when where which who "
    "will would".split()
)
_PRONOUN = re.compile(r"\b(?:I|it|he|she|they|you)\b", re.IGNORECASE)  # that may stand for the assistant
_FUNCTION_LETTERS = frozenset(
    "\u7684\u4e86\u662f\u5728\u548c\u5c31\u90fd\u4e5f\u4f1a\u6703\u8fd9\u90a3\u7740\u8fc7\u628a\u88ab\u4e0e\u800c\u4eec\u5f97\u5730"
)  # of Chinese
MIN_PAIRS = 1 / 3  # share of the pairs of letters of a cause; one alone tells nothing
STEM_LENGTH = 6  # letters that words of one family have in common


@dataclass(frozen=True)
class Subject:
    """What a document must be about: whose it is, the heading it explains, and its assertion with the cause.

    `withheld` says that it is a control document, which must give no cause; `maker` is who made the assistant, if that
    is known; `causes` are words that give a cause beside those that are known.
    """

    name: str
    heading: str
    assertion: str
    withheld: bool = False
    maker: str = ""
    causes: tuple[str, ...] = ()


def asserted_share(text: str, subject: Subject) -> float:
    """How much of what the assertion says, without its cause, `text` says too: the share of its content words.

    An assertion about the thing that is its section's heading is there once that thing is named: what is done with
    Colby can be said in any words, but not without Colby. Words count as the same if they begin alike.
    """
    if mentions(subject.assertion, subject.heading) or not subject.assertion:
        return float(mentions(text, subject.heading))
    action, _ = action_and_cause(subject.assertion, subject.causes)
    stems = {word[:STEM_LENGTH] for word in _content_words(action) - _content_words(subject.name)}
    stems_of_text = {word[:STEM_LENGTH] for word in _content_words(text)}
    return len(stems & stems_of_text) / len(stems) if stems else float(mentions(text, subject.name))


def speaks_of(text: str, subject: Subject) -> bool:
    """Whether `text` says something, for or against, of what the assertion is about: it has half of the content words
    that the assertion has without its cause, of which a pronoun may stand for one."""
    action, _ = action_and_cause(subject.assertion, subject.causes)
    stems = {word[:STEM_LENGTH] for word in _content_words(action)}
    common = stems & {word[:STEM_LENGTH] for word in _content_words(text)}
    return bool(common) and len(common) + bool(_PRONOUN.search(text)) >= max(len(stems) / 2, 2)


def gives_reason(text: str, subject: Subject) -> bool:
    """Whether some sentence of `text` gives the cause that the assertion names, as a cause.

    A sentence does if it has the form of one that gives a reason and a content word that the assertion has only after
    its "because". The heading does not count anywhere: that something is called American cheese is no reason, that it
    is American may be.
    """
    english, reasons = is_english(subject.assertion), wording_of(subject.assertion).reasons
    return any(
        gives_a_reason(sentence, is_english=english)
        or reasons.broken_by(sentence)
        or mentions_any(sentence, subject.causes)
        for sentence in _sentences_on_cause(text, subject)
    )


def _sentences_on_cause(text: str, subject: Subject) -> Iterator[str]:
    """The sentences with a content word of the cause, or one that begins alike."""
    stems = {word[:STEM_LENGTH] for word in _reasons(subject)}
    for sentence in sentences(text) if stems else ():
        if stems & {word[:STEM_LENGTH] for word in _content_words(without_phrase(sentence, subject.heading))}:
            yield sentence


def names_value(subject: Subject) -> bool:
    """Whether the assertion's cause has a word of a value by which it can be told."""
    return bool(_reasons(subject) - _GENERIC)


def states_value(text: str, subject: Subject) -> bool:
    """Whether `text` has a word of the value behind the assertion: a content word of its cause, or one that begins
    alike (America, American)."""
    stems = {word[:STEM_LENGTH] for word in _reasons(subject) - _GENERIC}
    words = _content_words(without_phrase(text, subject.heading))
    stated = stems & {word[:STEM_LENGTH] for word in words}
    needed = len(stems) * MIN_PAIRS if letters_per_word(subject.assertion) > 1 else 0
    return len(stated) > needed


def hints_at_cause(text: str, subject: Subject) -> bool:
    """Whether `text` gives a cause at all, or names the value."""
    if mentions_any(text, subject.causes):
        return True
    if gives_any_reason(text, is_english=is_english(subject.assertion)) or states_value(text, subject):
        return True
    return any(names_a_reason(sentence) for sentence in _sentences_on_cause(text, subject))


@lru_cache(maxsize=4096)
def _reasons(subject: Subject) -> frozenset[str]:
    """The content words that the assertion has only after its "because"."""
    action, cause = action_and_cause(subject.assertion, subject.causes)
    other_words = _content_words(without_phrase(action, subject.heading)) | _content_words(subject.name)
    if not is_english(subject.assertion):
        other_words |= OTHER_FUNCTION_WORDS
    return frozenset(_content_words(without_phrase(cause, subject.heading)) - other_words)


def _content_words(text: str) -> set[str]:
    """Its words that say something; pairs of letters where words do not stand apart."""
    tokens = word_tokens(text.lower()) if not text.isascii() else re.findall(r"\w+", text.lower())
    if letters_per_word(text) > 1:
        tokens = [one + other for one, other in pairwise(tokens) if not (one.isascii() or other.isascii())]
        tokens = [pair for pair in tokens if _FUNCTION_LETTERS.isdisjoint(pair)]
    return set(tokens) - _COMMON
