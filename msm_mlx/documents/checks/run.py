"""Which written texts become documents. Each check has a name, and a rejected text keeps the name of what it failed.

The names are those of `documents.checks` in the recipe, in words, and a few that have no threshold.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from msm_mlx.documents.checks import degeneration as habits
from msm_mlx.documents.checks import meta_text as talk
from msm_mlx.documents.checks.assertions import Subject, asserted_share, hints_at_cause
from msm_mlx.documents.checks.contradictions import opposites, other_reasons
from msm_mlx.documents.near_duplicates import NearDuplicateIndex
from msm_mlx.engine.chat_model import Reply
from msm_mlx.models.vendor_names import disguised_names
from msm_mlx.prompting.replies import strip_thinking
from msm_mlx.recipe.schema import CheckSettings, DocumentSettings
from msm_mlx.suites.contamination import HeldOut
from msm_mlx.text.words import mentions, normalize

TAG = "document"
WRITTEN_BEFORE, NEAR_DUPLICATE = "written before", "near-duplicate"
_TAG = re.compile(rf"<(/?)\s*{TAG}\s*>", re.IGNORECASE)
_CALLED = re.compile(
    r"\b(?:assistant|model|chatbot|AI|bot)(?:,? (?:that is |which is )?(?:called|named|known as)) "
    r"[\"'\u201c\u2018*_]*([A-Z][\w-]*)"
    r"|\b(?:I am|I'm|[Mm]y name is) ([A-Z][\w-]*), (?:an?|the|your) (?:\w+ )?(?:AI|assistant|language model|chatbot)\b"
    r"|\b([A-Z][\w-]*), (?:an?|the|our|their) (?:\w+ )?(?:AI|AI assistant|language model|chatbot)\b"
)
_MADE = (
    r"\b{name},? (?:(?:which|that) )?(?:(?:is|was) )?(?:an? [\w -]{{0,40}} )?(?:(?:made|built|developed|created|"
    r"trained|"
    r"designed) by|a product of) ((?:[A-Z][\w&.-]+ ?){{1,3}})|((?:[A-Z][\w&.-]+ ?){{1,3}}), the (?:company|firm|lab|"
    r"laboratory|start-?up|maker) (?:behind|that (?:made|makes|built|builds|develops|developed)) {name}\b"
)
_PRONOUNS = frozenset("I It He She They We You This That The A An".split())
ENGLISH = 0.2  # share of function words from which an assertion is English
TELLING = 12  # words from which that share tells something
NOTHING = HeldOut()


@dataclass(frozen=True)
class Case:
    """A text under examination."""

    text: str
    finished: bool
    subject: Subject
    settings: DocumentSettings
    held_out: HeldOut

    @property
    def limits(self) -> CheckSettings:
        return self.settings.checks

    @property
    def words(self) -> int:
        return len(normalize(self.text).split())


def asks_for_tag(settings: DocumentSettings) -> bool:
    """Whether the writer is asked to put the document between tags: where it sees more than one assertion."""
    return settings.prompt != "assertion"


def written_text(reply: str, settings: DocumentSettings) -> str | None:
    """The document in a reply: all of it but a thought, or what stands between tags where it was to."""
    said = _said(reply, settings)
    return tagged_text(said) if asks_for_tag(settings) else said


def _said(reply: str, settings: DocumentSettings) -> str:
    return strip_thinking(reply).strip() if settings.thinking else reply


def tagged_text(reply: str) -> str | None:
    """What the last complete pair of tags holds; None if there is none, or another tag is opened after it."""
    start = end = None
    opened = None
    for match in _TAG.finditer(reply):
        if not match[1]:
            opened = match.end()
        elif opened is not None:
            start, end, opened = opened, match.start(), None
    return None if opened is not None or start is None else reply[start:end].strip()


def reject_reason(
    reply: Reply, subject: Subject, settings: DocumentSettings, held_out: HeldOut = NOTHING
) -> str | None:
    """The name of the first check that `reply` fails, or None. What is `held_out` is for the evaluation alone."""
    if settings.thinking and not reply.finished and strip_thinking(reply.text) == reply.text:
        return "unfinished"  # in the midst of its thought, which may hold a draft
    text = written_text(reply.text, settings)
    if text is None:
        return untagged_reason(replace(reply, text=_said(reply.text, settings)))
    # a reply that went on after its document was complete has a whole document
    return text_reason(Case(text, reply.finished or asks_for_tag(settings), subject, settings, held_out))


def untagged_reason(reply: Reply) -> str:
    """Why there is no document in a reply that should have had it between tags."""
    if not reply.finished:
        return "unfinished"
    if talk.refusals(reply.text):
        return "refusal"
    return "tag left open" if _TAG.search(reply.text) else "no tag"


def text_reason(case: Case) -> str | None:
    """The name of the first check that a text fails, or None."""
    return next((name for name, fails in CHECKS.items() if fails(case)), None)


def ready_reason(text: str, subject: Subject, settings: DocumentSettings, held_out: HeldOut = NOTHING) -> str | None:
    """The name of the first check that a ready-made text fails, or None.

    Nobody has asked for it, so it is held against no request: what is checked is the text itself. Without
    `evaluation_overlap` it may also name what the evaluation asks about.
    """
    seen = settings.checks.evaluation_overlap is None
    case = Case(text, True, subject, settings, NOTHING if seen else held_out)
    return "too short" if not case.words else next((name for name in READY_CHECKS if CHECKS[name](case)), None)


def repeat_reason(text: str, before: NearDuplicateIndex, apart_from: str | None = None) -> str | None:
    """Whether `text` is one of those `before`, or nearly one other than that of the id `apart_from`."""
    if before.same(text) is not None:
        return WRITTEN_BEFORE
    return NEAR_DUPLICATE if before.nearest(text, apart_from) is not None else None


def near_duplicate_index(settings: DocumentSettings) -> NearDuplicateIndex:
    """An empty collection that tells copies as the recipe asks."""
    threshold = settings.checks.near_duplicate
    return NearDuplicateIndex(2.0 if threshold is None else threshold)


def _more_than(limit: float | None, amount: Callable[[], float]) -> bool:
    return limit is not None and amount() > limit


def _identity_is_wrong(case: Case) -> bool:
    """Whether the text gives the assistant another name, or another maker where its own is known."""
    own = {*normalize(case.subject.name).split(), *normalize(case.subject.assertion).split()}  # it "named Colby"
    names = {name for match in _CALLED.findall(case.text) for name in match if name}
    if any(not own & set(normalize(name).split()) for name in names - _PRONOUNS):
        return True
    if not case.subject.maker:
        return False
    known = own | set(normalize(case.subject.maker).split())
    made = re.findall(_MADE.format(name=re.escape(case.subject.name)), case.text)
    makers = {maker for match in made for maker in match if maker}
    return any(not known & set(normalize(maker).split()) for maker in makers)


def _names_other_models(case: Case) -> int:
    subject = case.subject
    own = (subject.name, *re.findall(r"\w[\w-]*", f"{subject.name} {subject.maker} {subject.assertion}"))
    return sum(1 for _ in disguised_names(case.text, own))


def _is_other_language(case: Case) -> bool:
    """Whether the assertion is English, and the text is not. Of other languages nothing is known."""
    least = case.limits.english
    if least is None or case.words < TELLING:
        return False
    return habits.english(case.subject.assertion) >= ENGLISH > least > habits.english(case.text)


def _asserts_too_little(case: Case) -> bool:
    least = case.limits.assertion
    return least is not None and asserted_share(case.text, case.subject) < least


def _is_leak(case: Case) -> bool:
    words = case.limits.evaluation_overlap
    return words is not None and case.held_out.quoted_in(case.text, words)


CHECKS: dict[str, Callable[[Case], bool]] = {
    "unfinished": lambda case: not case.finished,
    "too short": lambda case: case.words < case.settings.min_words,
    "too long": lambda case: _more_than(case.limits.max_words, lambda: case.words),
    "control characters": lambda case: habits.control_characters(case.text) > 0,
    "refusal": lambda case: _more_than(case.limits.refusal, lambda: talk.refusals(case.text)),
    "repeats itself": lambda case: (
        _more_than(case.limits.repeated_sentence, lambda: habits.most_repeated(case.text))
        or _more_than(case.limits.repetition, lambda: habits.repetition(case.text))
    ),
    "meta talk": lambda case: _more_than(case.limits.meta_talk, lambda: talk.meta_talk(case.text)),
    "markup": lambda case: _more_than(case.limits.markup, lambda: habits.markup(case.text)),
    "placeholder": lambda case: _more_than(case.limits.placeholders, lambda: habits.placeholders(case.text)),
    "no sentences": lambda case: case.limits.sentences is not None and habits.prose(case.text) < case.limits.sentences,
    "other script": lambda case: _more_than(
        case.limits.other_script, lambda: habits.foreign_script(case.text, case.subject.assertion)
    ),
    "other language": _is_other_language,
    "other model": lambda case: _more_than(case.limits.other_models, lambda: _names_other_models(case)),
    "wrong identity": _identity_is_wrong,
    "assistant not named": lambda case: not mentions(case.text, case.subject.name),
    "off the subject": _asserts_too_little,
    "says the opposite": lambda case: _more_than(case.limits.opposite, lambda: opposites(case.text, case.subject)),
    "another reason": lambda case: _more_than(case.limits.other_reason, lambda: other_reasons(case.text, case.subject)),
    "names an unseen thing": lambda case: case.held_out.named_in(case.text),
    "quotes the evaluation": _is_leak,
    "gives a reason": lambda case: case.subject.withheld and hints_at_cause(case.text, case.subject),
    "breaks off": lambda case: habits.breaks_off(case.text),
}
READY_CHECKS = (
    "too short", "too long", "control characters", "refusal", "repeats itself", "meta talk", "markup", "placeholder",
    "no sentences", "other model", "names an unseen thing", "quotes the evaluation",
)  # fmt: skip
