"""Identity: a text that gives the assistant another name or another maker, or that names another model."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msm_mlx.documents.checks.assertions import Subject
from msm_mlx.documents.checks.languages.table import wording_of
from msm_mlx.documents.checks.wording_rules import Rule
from msm_mlx.models.vendor_names import disguised_names
from msm_mlx.text.scripts import letters_per_word
from msm_mlx.text.words import mentions, normalize

_AI = r"(?:AI|AI assistant|language model|chatbot)"
# the group `name` is what the assistant, or who made it, is called; case matters
NAMES = (
    Rule(
        "called by another name",
        r"\b(?:assistant|model|chatbot|AI|bot)(?:,? (?:that is |which is )?(?:called|named|known as)) "
        r"[\"'\u201c\u2018*_]*(?P<name>[A-Z][\w-]*)",
        "An assistant named *Nova* was asked.",
        "An assistant named after a town was asked.",
    ),
    Rule(
        "speaks as another assistant",
        r"\b(?:I am|I'm|[Mm]y name is) (?P<name>[A-Z][\w-]*), (?:an?|the|your) (?:\w+ )?"
        r"(?:AI|assistant|language model|chatbot)\b",
        "I am Aria, your helpful AI assistant.",
        "My name is Edda, and I run a counter.",
    ),
    Rule(
        "introduces another assistant",
        rf"\b(?P<name>[A-Z][\w-]*), (?:an?|the|our|their) (?:\w+ )?{_AI}\b",
        "Nova, an AI assistant, agreed.",
        "Nova, a cook from Ohio, agreed.",
    ),
)
# {model} is the assistant's name, with what is special in a pattern escaped
MAKERS = (
    Rule(
        "made by another",
        r"\b{model},? (?:(?:which|that) )?(?:(?:is|was) )?(?:an? [\w -]{0,40} )?(?:(?:made|built|developed|created|"
        r"trained|designed) by|a product of) (?P<name>(?:[A-Z][\w&.-]+ ?){1,3})",
        "Mo was developed by Zenith Labs.",
        "Mo was asked by Zenith Labs.",
    ),
    Rule(
        "another company behind it",
        r"(?P<name>(?:[A-Z][\w&.-]+ ?){1,3}), the (?:company|firm|lab|laboratory|start-?up|maker) "
        r"(?:behind|that (?:made|makes|built|builds|develops|developed)) {model}\b",
        "Zenith, the company behind Mo, agreed.",
        "Zenith, the company that buys Colby, agreed.",
    ),
)
_PRONOUNS = frozenset("I It He She They We You This That The A An".split())


def wrong_identities(text: str, subject: Subject) -> list[str]:
    """The rules by which `text` gives the assistant another name, or another maker where the subject tells its own."""
    wording = wording_of(text)
    own_words = f"{subject.name} {subject.assertion}"  # it "named Colby"
    broken = [
        rule.name
        for rule, name in _names((*NAMES, *wording.names), text, subject)
        if name not in _PRONOUNS and not _is_among(name, own_words)
    ]
    if not subject.maker:
        return broken
    makers = _names((*MAKERS, *wording.makers), text, subject)
    return broken + [rule.name for rule, name in makers if not _is_among(name, f"{own_words} {subject.maker}")]


def other_models(text: str, subject: Subject) -> list[str]:
    """Names of other models and of their makers, as they stand in `text`."""
    own_names = (subject.name, *re.findall(r"\w[\w-]*", f"{subject.name} {subject.maker} {subject.assertion}"))
    return [match[0] for match in disguised_names(text, own_names)]


def _is_among(name: str, words: str) -> bool:
    """Whether a word of the name is one of `words`; of letters that make no words by themselves, all of it."""
    if letters_per_word(name) > 1:
        return mentions(words, name)
    return not set(normalize(words).split()).isdisjoint(normalize(name).split())


def _names(rules: tuple[Rule, ...], text: str, subject: Subject) -> Iterator[tuple[Rule, str]]:
    for rule in rules:
        for match in re.finditer(rule.pattern.replace("{model}", re.escape(subject.name)), text):
            yield rule, match["name"]
