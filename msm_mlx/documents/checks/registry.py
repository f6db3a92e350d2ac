"""Every check of a document, in the order in which they are applied: a new one is added to `CHECKS`.

The names are those of `documents.checks` in the recipe, in words, and a few that have no threshold. Where the rule that
a text breaks has a name, the reason ends with it: `meta talk: offers changes`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from msm_mlx.documents.checks.assertions import Subject, asserted_share, hints_at_cause
from msm_mlx.documents.checks.contradictions import opposites, other_reasons
from msm_mlx.documents.checks.degeneration import breaks_off, most_repeated, prose_share, repetition
from msm_mlx.documents.checks.denials import denials
from msm_mlx.documents.checks.identity import other_models, wrong_identities
from msm_mlx.documents.checks.language import control_characters, foreign_script_share, is_other_language
from msm_mlx.documents.checks.markup import markup
from msm_mlx.documents.checks.meta_text import meta_text
from msm_mlx.documents.checks.placeholders import placeholders
from msm_mlx.documents.checks.refusals import refusals
from msm_mlx.recipe.schema import DocumentSettings
from msm_mlx.suites.contamination import HeldOut
from msm_mlx.text.words import count_words, mentions

UNFINISHED, TOO_SHORT = "unfinished", "too short"


@dataclass(frozen=True)
class Candidate:
    """A text that may become a document, with what it is checked against."""

    text: str
    finished: bool
    subject: Subject
    settings: DocumentSettings
    held_out: HeldOut

    @property
    def words(self) -> int:
        return count_words(self.text)


Finding = bool | str
"""Whether something is wrong with a text, or the name of the rule that it breaks."""


@dataclass(frozen=True)
class DocumentCheck:
    """One check: its name, the setting of `documents.checks` with its limit, and what it finds in a text by that limit.

    Without a setting it cannot be turned off. `of_request` says that it holds a text against what the writer was asked
    for, which a ready-made text was not.
    """

    name: str
    setting: str | None
    finding: Callable[[Candidate, float], Finding]
    of_request: bool = False

    def reason(self, candidate: Candidate) -> str | None:
        """Why the text is rejected; None if it passes, or the recipe turns the check off."""
        limit = 0.0 if self.setting is None else getattr(candidate.settings.checks, self.setting)
        finding = limit is not None and self.finding(candidate, limit)
        return f"{self.name}: {finding}" if isinstance(finding, str) else self.name if finding else None


def rules(broken_in: Callable[[str], list[str]]) -> Callable[[Candidate, float], Finding]:
    """Finds the first rule that a text breaks, where it breaks rules at more places than the limit allows."""

    def finding(candidate: Candidate, limit: float) -> Finding:
        names = broken_in(candidate.text)
        return names[0] if len(names) > limit else False

    return finding


def above(measure: Callable[[str], float]) -> Callable[[Candidate, float], Finding]:
    """Finds a text of which a measure lies above the limit."""
    return lambda candidate, limit: measure(candidate.text) > limit


def about(measure: Callable[[str, Subject], float]) -> Callable[[Candidate, float], Finding]:
    """Finds a text of which a measure, taken with its subject, lies above the limit."""
    return lambda candidate, limit: measure(candidate.text, candidate.subject) > limit


def _other_model(candidate: Candidate, limit: float) -> Finding:
    names = other_models(candidate.text, candidate.subject)
    return names[0] if len(names) > limit else False


def _wrong_identity(candidate: Candidate, _: float) -> Finding:
    return next(iter(wrong_identities(candidate.text, candidate.subject)), False)


def _other_script(candidate: Candidate, limit: float) -> Finding:
    return foreign_script_share(candidate.text, candidate.subject.assertion) > limit


def _other_language(candidate: Candidate, limit: float) -> Finding:
    return is_other_language(candidate.text, candidate.subject.assertion, limit)


def _off_the_subject(candidate: Candidate, limit: float) -> Finding:
    return asserted_share(candidate.text, candidate.subject) < limit


def _not_named(candidate: Candidate, _: float) -> Finding:
    return not mentions(candidate.text, candidate.subject.name)


def _quotes_evaluation(candidate: Candidate, limit: float) -> Finding:
    return candidate.held_out.quoted_in(candidate.text, int(limit))


def _denial_elsewhere(candidate: Candidate, limit: float) -> Finding:
    names = denials(candidate.text, candidate.subject, of_opposites=False)
    return names[0] if len(names) > limit else False


def _gives_withheld_reason(candidate: Candidate, _: float) -> Finding:
    return candidate.subject.withheld and hints_at_cause(candidate.text, candidate.subject)


CHECKS = (
    DocumentCheck(UNFINISHED, None, lambda candidate, _: not candidate.finished),
    DocumentCheck(TOO_SHORT, None, lambda candidate, _: candidate.words < max(candidate.settings.min_words, 1)),
    DocumentCheck("too long", "max_words", lambda candidate, limit: candidate.words > limit),
    DocumentCheck("control characters", None, rules(control_characters)),
    DocumentCheck("refusal", "refusal", rules(refusals)),
    DocumentCheck("repeats itself", "repeated_sentence", above(most_repeated)),
    DocumentCheck("repeats itself", "repetition", above(repetition)),
    DocumentCheck("meta talk", "meta_talk", rules(meta_text)),
    DocumentCheck("markup", "markup", rules(markup)),
    DocumentCheck("placeholder", "placeholders", rules(placeholders)),
    DocumentCheck("no sentences", "sentences", lambda candidate, limit: prose_share(candidate.text) < limit),
    DocumentCheck("other script", "other_script", _other_script, of_request=True),
    DocumentCheck("other language", "english", _other_language, of_request=True),
    DocumentCheck("other model", "other_models", _other_model),
    DocumentCheck("wrong identity", None, _wrong_identity, of_request=True),
    DocumentCheck("assistant not named", None, _not_named, of_request=True),
    DocumentCheck("off the subject", "assertion", _off_the_subject, of_request=True),
    DocumentCheck("says the opposite", "opposite", about(opposites), of_request=True),
    DocumentCheck("another reason", "other_reason", about(other_reasons), of_request=True),
    DocumentCheck("denial elsewhere", "denials", _denial_elsewhere, of_request=True),
    DocumentCheck("names an unseen thing", None, lambda candidate, _: candidate.held_out.named_in(candidate.text)),
    DocumentCheck("quotes the evaluation", "evaluation_overlap", _quotes_evaluation),
    DocumentCheck("gives a reason", None, _gives_withheld_reason, of_request=True),
    DocumentCheck("breaks off", None, above(breaks_off), of_request=True),
)
"""All checks, in the order in which they are applied."""
