"""What the checks need to know of a language beside English, and which of them know none of it."""

from __future__ import annotations

from dataclasses import dataclass

from msm_mlx.documents.checks.wording_rules import Rule, RuleTable

NO_RULES = RuleTable()


@dataclass(frozen=True)
class Wording:
    """The words of one language, check by check. What is not given, its check does not know.

    `names` and `makers` have a group `name`, as in `identity.py`; `{model}` in `makers` and `{model}` and `{thing}` in
    `liking` and `disliking` are filled in. `hedges` say that a statement is another's, supposed, or denied, and
    `causes` that a reason follows.
    """

    language: str
    refusals: RuleTable = NO_RULES
    openings: RuleTable = NO_RULES
    meta_text: RuleTable = NO_RULES
    placeholders: RuleTable = NO_RULES
    introducing: RuleTable = NO_RULES
    enclosing: RuleTable = NO_RULES
    following: RuleTable = NO_RULES
    reasons: RuleTable = NO_RULES
    names: tuple[Rule, ...] = ()
    makers: tuple[Rule, ...] = ()
    likes: str = ""
    dislikes: str = ""
    liking: str = ""
    disliking: str = ""
    hedges: str = ""
    causes: str = ""
    open_end: str = ""
    """What no text ends with: words that want another after them."""

    @property
    def unknown(self) -> tuple[str, ...]:
        """The checks, as the recipe names them, that know nothing of this language."""
        known = {
            "refusal": self.refusals.rules,
            "meta_talk": self.meta_text.rules,
            "placeholders": self.placeholders.rules,
            "opposite": self.disliking,
            "other_reason": self.liking,
            "denials": self.following.rules,
        }
        return tuple(name for name, words in known.items() if not words)
