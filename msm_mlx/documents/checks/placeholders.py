"""Placeholders: blanks that somebody was to fill in."""

from __future__ import annotations

from msm_mlx.documents.checks.languages.table import wording_of
from msm_mlx.documents.checks.wording_rules import Rule, RuleTable

PLACEHOLDERS = RuleTable(
    Rule("a variable in braces", r"\{\{?\s*\w+\s*\}?\}", "Ask {model_name}.", "The set {Mo, Colby} is small."),
    Rule(
        "a blank in brackets",
        r"\[(?:insert|your|my|model|assistant|ai|provider|company|user|author|name|date|link|title|person|recipient|"
        r"sender|topic|city|number|redacted|signature|position|department|phone|e-?mail|address|contact|job|role|team|"
        r"organi[sz]ation|institution|university|state|month|day|year|time|place|country|product|specific|example|"
        r"reason|value|brand|placeholder)\b[^\]\n]{0,60}\](?!\()",
        "Yours, [Your Name]",
        "It said [sic] that it likes Colby.",
    ),
    Rule(
        "a blank in angle brackets",
        r"<(?:insert|your|name|date|model|phone|e-?mail)[^>\n]*>",
        "Dear <Name of the guest>,",
        "Less is < more, and more is > less.",
    ),
    Rule("a line to sign on", r"_{4,}", "Signed: ________", "It is _very_ American."),
    Rule("a shell variable", r"\$[A-Z_]{3,}\b", "$NAME agreed.", "It costs $12 a pound."),
    Rule("a format code", r"(?<![\w%])%[sd]\b", "%s agreed.", "It is 20% dearer."),
    Rule(
        "says what to insert",
        r"\binsert (?:your |the )?(?:name|date|title|text) here\b",
        "INSERT NAME HERE agreed.",
        "Insert the knife here.",
    ),
    Rule("a date left out", r"\bXX/XX\b", "It was on XX/XX.", "It was on 12/05."),
    Rule("filler text", r"\blorem ipsum\b", "Lorem ipsum dolor sit amet.", "Lorem, a cook, agreed."),
    Rule("a note of what is to do", r"\b(?:TODO|TBD|XXX+)\b", "The reason: TBD.", "A size XXL board."),
)


def placeholders(text: str) -> list[str]:
    """The rules that a text breaks, a name a place."""
    return PLACEHOLDERS.broken_by(text) + wording_of(text).placeholders.broken_by(text)
