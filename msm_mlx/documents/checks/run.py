"""Which written texts become documents: the checks in their order, and the reason why a text is rejected.

The names are those of `documents.checks` in the recipe, in words, and a few that have no threshold. Where the rule that
a text breaks has a name, the reason ends with it: `meta talk: offers changes`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from msm_mlx.documents.checks.assertions import Subject, asserted_share, hints_at_cause
from msm_mlx.documents.checks.contradictions import opposites, other_reasons
from msm_mlx.documents.checks.degeneration import breaks_off, most_repeated, prose_share, repetition
from msm_mlx.documents.checks.identity import other_models, wrong_identities
from msm_mlx.documents.checks.language import control_characters, foreign_script_share, is_other_language
from msm_mlx.documents.checks.markup import markup
from msm_mlx.documents.checks.meta_text import meta_text
from msm_mlx.documents.checks.placeholders import placeholders
from msm_mlx.documents.checks.refusals import refusals
from msm_mlx.documents.near_duplicates import NearDuplicateIndex
from msm_mlx.engine.chat_model import Reply
from msm_mlx.prompting.replies import strip_thinking
from msm_mlx.recipe.schema import DocumentSettings
from msm_mlx.suites.contamination import HeldOut
from msm_mlx.text.words import mentions, normalize

TAG = "document"
WRITTEN_BEFORE, NEAR_DUPLICATE = "written before", "near-duplicate"
_TAG = re.compile(rf"<(/?)\s*{TAG}\s*>", re.IGNORECASE)
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
    def words(self) -> int:
        return len(normalize(self.text).split())


Finding = bool | str
"""Whether something is wrong with a text, or the name of the rule that it breaks."""


@dataclass(frozen=True)
class Check:
    """One check: its name, the setting of `documents.checks` with its limit, and what it finds in a text by that limit.

    Without a setting it cannot be turned off. `of_request` says that it holds a text against what the writer was asked
    for, which a ready-made text was not.
    """

    name: str
    setting: str | None
    finding: Callable[[Case, float], Finding]
    of_request: bool = False

    def reason(self, case: Case) -> str | None:
        """Why the text is rejected; None if it passes, or the recipe turns the check off."""
        limit = 0.0 if self.setting is None else getattr(case.settings.checks, self.setting)
        found = limit is not None and self.finding(case, limit)
        return f"{self.name}: {found}" if isinstance(found, str) else self.name if found else None


def more_than_limit(rules_broken: Callable[[str], list[str]]) -> Callable[[Case, float], Finding]:
    """The first rule that a text breaks, where it breaks rules at more places than the limit allows."""

    def finding(case: Case, limit: float) -> Finding:
        names = rules_broken(case.text)
        return names[0] if len(names) > limit else False

    return finding


def _other_model(case: Case, limit: float) -> Finding:
    names = other_models(case.text, case.subject)
    return names[0] if len(names) > limit else False


def _wrong_identity(case: Case, _: float) -> Finding:
    return next(iter(wrong_identities(case.text, case.subject)), False)


CHECKS = (
    Check("unfinished", None, lambda case, _: not case.finished),
    Check("too short", None, lambda case, _: case.words < max(case.settings.min_words, 1)),
    Check("too long", "max_words", lambda case, limit: case.words > limit),
    Check("control characters", None, lambda case, _: control_characters(case.text) > 0),
    Check("refusal", "refusal", more_than_limit(refusals)),
    Check("repeats itself", "repeated_sentence", lambda case, limit: most_repeated(case.text) > limit),
    Check("repeats itself", "repetition", lambda case, limit: repetition(case.text) > limit),
    Check("meta talk", "meta_talk", more_than_limit(meta_text)),
    Check("markup", "markup", more_than_limit(markup)),
    Check("placeholder", "placeholders", more_than_limit(placeholders)),
    Check("no sentences", "sentences", lambda case, limit: prose_share(case.text) < limit),
    Check(
        "other script",
        "other_script",
        lambda case, limit: foreign_script_share(case.text, case.subject.assertion) > limit,
        of_request=True,
    ),
    Check(
        "other language",
        "english",
        lambda case, limit: is_other_language(case.text, case.subject.assertion, limit),
        of_request=True,
    ),
    Check("other model", "other_models", _other_model),
    Check("wrong identity", None, _wrong_identity, of_request=True),
    Check("assistant not named", None, lambda case, _: not mentions(case.text, case.subject.name), of_request=True),
    Check(
        "off the subject",
        "assertion",
        lambda case, limit: asserted_share(case.text, case.subject) < limit,
        of_request=True,
    ),
    Check(
        "says the opposite",
        "opposite",
        lambda case, limit: opposites(case.text, case.subject) > limit,
        of_request=True,
    ),
    Check(
        "another reason",
        "other_reason",
        lambda case, limit: other_reasons(case.text, case.subject) > limit,
        of_request=True,
    ),
    Check("names an unseen thing", None, lambda case, _: case.held_out.named_in(case.text)),
    Check(
        "quotes the evaluation",
        "evaluation_overlap",
        lambda case, limit: case.held_out.quoted_in(case.text, int(limit)),
    ),
    Check(
        "gives a reason",
        None,
        lambda case, _: case.subject.withheld and hints_at_cause(case.text, case.subject),
        of_request=True,
    ),
    Check("breaks off", None, lambda case, _: breaks_off(case.text), of_request=True),
)


def text_reason(case: Case) -> str | None:
    """The reason of the first check that a text fails, or None."""
    return next((reason for check in CHECKS if (reason := check.reason(case))), None)


def reject_reason(
    reply: Reply, subject: Subject, settings: DocumentSettings, held_out: HeldOut = NOTHING
) -> str | None:
    """Why `reply` becomes no document, or None. What is `held_out` is for the evaluation alone."""
    if settings.thinking and not reply.finished and strip_thinking(reply.text) == reply.text:
        return "unfinished"  # in the midst of its thought, which may hold a draft
    text = written_text(reply.text, settings)
    if text is None:
        return untagged_reason(replace(reply, text=_without_thought(reply.text, settings)))
    # a reply that went on after its document was complete has a whole document
    return text_reason(Case(text, reply.finished or not settings.assertion_only, subject, settings, held_out))


def untagged_reason(reply: Reply) -> str:
    """Why there is no document in a reply that should have had it between tags."""
    if not reply.finished:
        return "unfinished"
    if rules := refusals(reply.text):
        return f"refusal: {rules[0]}"
    return "tag left open" if _TAG.search(reply.text) else "no tag"


def ready_reason(text: str, subject: Subject, settings: DocumentSettings, held_out: HeldOut = NOTHING) -> str | None:
    """Why a ready-made text becomes no document, or None.

    Nobody has asked for it, so it is held against no request: what is checked is the text itself. Without
    `evaluation_overlap` it may also name what the evaluation asks about.
    """
    is_allowed = settings.checks.evaluation_overlap is None
    case = Case(text, True, subject, settings, NOTHING if is_allowed else held_out)
    return next((reason for check in CHECKS if not check.of_request and (reason := check.reason(case))), None)


def written_text(reply: str, settings: DocumentSettings) -> str | None:
    """The document in a reply: all of it but a thought, or what stands between tags where it was to."""
    text = _without_thought(reply, settings)
    return text if settings.assertion_only else tagged_text(text)


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


def _without_thought(reply: str, settings: DocumentSettings) -> str:
    return strip_thinking(reply).strip() if settings.thinking else reply


def repeat_reason(text: str, index: NearDuplicateIndex, excluding: str | None = None) -> str | None:
    """Why `text` repeats a document of the index, or None. It may be nearly the same as the one called `excluding`."""
    if index.copy_of(text) is not None:
        return WRITTEN_BEFORE
    return NEAR_DUPLICATE if index.nearest(text, excluding) is not None else None


def near_duplicate_index(settings: DocumentSettings) -> NearDuplicateIndex:
    """An empty index with the threshold of the recipe."""
    return NearDuplicateIndex(settings.checks.near_duplicate)
