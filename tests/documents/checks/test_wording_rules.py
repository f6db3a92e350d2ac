"""Every rule is tested by its own examples, and is the one that is named."""

from __future__ import annotations

import re
from dataclasses import fields

import pytest

from msm_mlx.documents.checks import denials, markup, meta_text, placeholders, reasons, refusals
from msm_mlx.documents.checks.languages.table import WORDINGS
from msm_mlx.documents.checks.wording_rules import Rule, RuleTable, check_name, count_checks, without_quotations

TABLES = {
    "refusals in an opening": refusals.IN_OPENING,
    "refusals anywhere": refusals.ANYWHERE,
    "openings": meta_text.OPENINGS,
    "phrases": meta_text.PHRASES,
    "lines": meta_text.LINES,
    "endings": meta_text.ENDINGS,
    "brackets": meta_text.BRACKETS,
    "placeholders": placeholders.PLACEHOLDERS,
    "markup": markup.MARKUP,
    "reasons": reasons.REASONS,
    "denials that introduce": denials.INTRODUCING,
    "denials as headings": denials.HEADING,
    "denials around": denials.ENCLOSING,
    "denials that follow": denials.FOLLOWING,
    **{
        f"{language}: {field.name}": table
        for language, wording in WORDINGS.items()
        for field in fields(wording)
        if isinstance(table := getattr(wording, field.name), RuleTable)
    },
}
RULES = [pytest.param(table, rule, id=f"{name}: {rule.name}") for name, table in TABLES.items() for rule in table.rules]


@pytest.mark.parametrize(("table", "rule"), RULES)
def test_a_rule_finds_its_hit_and_its_table_nothing_in_its_miss(table: RuleTable, rule: Rule) -> None:
    assert rule.name in table.broken_by(rule.hit)
    assert table.broken_by(rule.miss) == []


@pytest.mark.parametrize("rule", [rule for one in WORDINGS.values() for rule in (*one.names, *one.makers)])
def test_a_rule_about_names_finds_one_in_its_hit_alone(rule: Rule) -> None:
    pattern = re.compile(rule.pattern.replace("{model}", "(?:Lotte|\u5c0f\u821f)"))
    match = pattern.search(rule.hit)
    assert match is not None
    assert match["name"]
    assert pattern.search(rule.miss) is None


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_rules_of_a_table_have_names_of_their_own_that_fit_into_a_reason(table: RuleTable) -> None:
    names = [rule.name for rule in table.rules]
    assert len(set(names)) == len(names)
    assert not any(":" in name for name in names)


def test_a_place_counts_once_for_the_first_rule_that_finds_something_there() -> None:
    table = RuleTable(Rule("short", "mo", "Mo", "-"), Rule("long", "mo likes", "Mo likes", "-"), place=r"\b")
    assert table.broken_by("Mo likes it. Limo. mo!") == ["short", "short"]


def test_rules_are_looked_for_between_two_characters() -> None:
    table = RuleTable(Rule("ends", r"mo$", "Mo", "-"))
    assert table.broken_by("Mo Mo", end=2) == ["ends"]
    assert table.broken_by("Mo no", 2) == []


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("Mo said \u201cI can\u2019t\u201d and so went \u2018home\u2019.", 'Mo said "" and so went \u2018home\'.'),
        ('"I cannot," said Mo of it.', '"" said Mo of it.'),
        ('"All of it is a quotation," Mo.', '"All of it is a quotation," Mo.'),
        ('A quotation "goes over\na line" of text.', 'A quotation "goes over\na line" of text.'),
    ],
)
def test_quotations_are_left_out_of_a_text_that_is_not_one(text: str, rest: str) -> None:
    assert without_quotations(text) == rest


def test_the_check_in_a_reason() -> None:
    assert check_name("meta talk: offers changes") == "meta talk"
    assert check_name("too short") == "too short"


def test_the_commonest_checks_come_first_and_what_they_found_is_left_out() -> None:
    reasons = ["too short", "markup: bold", "markup: a link", "language"]
    assert count_checks(reasons) == "2 as 'markup', 1 as 'too short', 1 as 'language'"
    assert count_checks(reasons, most=1) == "2 as 'markup'"
    assert count_checks([]) == ""
