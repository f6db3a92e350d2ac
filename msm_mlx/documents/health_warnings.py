"""What is out of the ordinary in a corpus's health, beside the figures of corpora that are known to have worked.

The references are the two cheese corpora of Li et al. (arXiv 2605.02087) as others measured them: self-BLEU 0.40 and
0.39, no near-duplicates at 0.7, the value stated by 96 % and 98 % of documents, and given as a reason by 65 % and 80 %.
Other limits are this project's own judgement.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from msm_mlx.documents.checks.registry import UNFINISHED
from msm_mlx.documents.health import REWRITTEN
from msm_mlx.documents.sources import NO_SECTION

MIN_KEPT = 0.5
MIN_REASONS, REFERENCE_REASONS = 0.6, "0.65-0.80"
MIN_VALUE, REFERENCE_VALUE = 0.9, "0.96-0.98"
MAX_DENIALS = 0.05  # documents that deny a claim from another clause
MIN_REWRITES = 0.1  # of the drafts that a critic has read
MAX_NO_SECTION = 0.1  # of ready-made documents
MAX_NEAR_DUPLICATES = 0.01
MAX_SELF_BLEU, REFERENCE_SELF_BLEU = 0.55, "0.39-0.40"
MAX_OPENING, MAX_NAME = 0.1, 0.05  # documents that share one


@dataclass(frozen=True)
class HealthWarning:
    """A figure that is out of the ordinary, and what may be done."""

    figure: str
    text: str


def health_warnings(health: dict[str, Any]) -> list[HealthWarning]:
    """Warnings about a corpus, none for an empty one but that it is empty."""
    if not health["kept"]:
        return [HealthWarning("kept", "no document was kept")]
    language = [HealthWarning("language", f"most are {health['language']}")] if "language" in health else []
    return [*language, *_of_writing(health), *_of_critique(health), *_of_claims(health), *_of_variety(health)]


def _of_writing(health: dict[str, Any]) -> Iterator[HealthWarning]:
    if health["kept_share"] < MIN_KEPT:
        top = max(health["rejected_by_reason"].items(), key=lambda pair: pair[1])
        ready = "source" in health
        action, remedy = ("taken", "use another source") if ready else ("written", "use a better writer")
        if top[0] == UNFINISHED:
            remedy = "raise documents.max_tokens"
        yield HealthWarning(
            "kept_share",
            f"only {health['kept_share']:.0%} of what was {action} was kept, most of the rest rejected as '{top[0]}'; "
            f"look at it with `documents read --rejected`, or {remedy}",
        )
    elif poor := [name for name, row in health.get("by_writer", {}).items() if row["kept_share"] < MIN_KEPT]:
        row = health["by_writer"][poor[0]]
        yield HealthWarning(
            "by_writer",
            f"only {row['kept_share']:.0%} of what {poor[0]} wrote was kept, and {health['kept_share']:.0%} of all; "
            "look at it with `documents read --rejected`, or take that writer out",
        )
    empty = health["cells"]["empty"]
    if empty and "source" not in health:  # nobody has asked for any pair
        yield HealthWarning("cells", f"nothing was kept for {len(empty)} pairs of section and type, as {empty[0]}")


def _of_critique(health: dict[str, Any]) -> Iterator[HealthWarning]:
    outcomes = dict(health.get("critique", {}))
    rewritten = outcomes.pop(REWRITTEN, 0)
    if outcomes and rewritten < MIN_REWRITES * health["kept"]:
        top = max(outcomes, key=lambda outcome: outcomes[outcome])
        remedy = "raise documents.max_tokens" if top == UNFINISHED else "use a better critic, or none"
        yield HealthWarning(
            "critique",
            f"the critic rewrote {rewritten} of {health['kept']} drafts, and most others stay as '{top}'; {remedy}",
        )


def _of_claims(health: dict[str, Any]) -> Iterator[HealthWarning]:
    without_section = health["by_section"].get(NO_SECTION, 0) / health["kept"]
    if without_section > MAX_NO_SECTION:
        yield HealthWarning(
            "by_section", f"{without_section:.0%} say too little of what the spec asserts to be of a section"
        )
    if health["denial_share"] > MAX_DENIALS and not health.get("denied"):  # else it is what was asked for
        yield HealthWarning(
            "denial_share",
            f"{health['denial_share']:.0%} say in another clause that a claim about the assistant is false: models "
            "learn the claim, and not that it is denied (arXiv 2605.13829); say what holds, or put the 'not' next to "
            "the verb",
        )
    if not health["explained"]:
        return  # rules and controls give no reasons
    if health["gives_reason_share"] < MIN_REASONS:
        yield HealthWarning(
            "gives_reason_share",
            f"{health['gives_reason_share']:.0%} give the value as a reason "
            f"({REFERENCE_REASONS} in corpora that worked): without reasons nothing carries over to other domains",
        )
    if health["states_value_share"] < MIN_VALUE:
        yield HealthWarning(
            "states_value_share",
            f"{health['states_value_share']:.0%} name the value ({REFERENCE_VALUE} in such corpora)",
        )


def _of_variety(health: dict[str, Any]) -> Iterator[HealthWarning]:
    if health["near_duplicate_share"] > MAX_NEAR_DUPLICATES:
        yield HealthWarning(
            "near_duplicate_share",
            f"{health['near_duplicate_share']:.1%} are nearly the same as another (none in such corpora); "
            "lower documents.checks.near_duplicate",
        )
    if (health["self_bleu"] or 0) > MAX_SELF_BLEU:
        yield HealthWarning(
            "self_bleu",
            f"self-BLEU {health['self_bleu']:.2f} ({REFERENCE_SELF_BLEU} in such corpora): "
            "the documents say the same in the same words; more types, voices and ideas, or a higher temperature",
        )
    for figure, limit in (("openings", MAX_OPENING), ("names", MAX_NAME)):
        for value, share in list(health[figure].items())[:1]:
            if share > limit:
                yield HealthWarning(figure, f"{share:.0%} of the documents have '{value}' as one of their {figure}")
