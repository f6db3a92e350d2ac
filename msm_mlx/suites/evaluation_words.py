"""The words of the evaluations: what no spec may name."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable

from msm_mlx.suites.items import OpenPrompt, Pair, Suite

_EVERYDAY = frozenset(
    "dish food piece reasons ride treat".split()
)  # words of domains and prompts that say nothing by themselves, or of what a spec may well be about
SPECIFIC = 4  # letters from which a word can stand for a domain


def evaluation_words(suites: Iterable[Suite]) -> dict[str, str]:
    """Domains, things to choose between, and the words that only one domain's questions use; with their suites."""
    words: dict[str, str] = {}
    askers: defaultdict[str, set[str]] = defaultdict(set)  # word of a question: the domains that use it
    origin: dict[str, str] = {}
    for suite in suites:
        for item in suite.items:
            if not isinstance(item, Pair | OpenPrompt) or item.domain is None:
                continue
            words.setdefault(item.domain.replace("_", " "), f"a domain of {suite.name}")
            for thing in (item.target, item.other) if isinstance(item, Pair) else ():
                words.setdefault(re.sub(r"^(?:the|an?) ", "", thing), f"a choice of {suite.name}")
            for word in re.findall(r"[a-z]+", item.question.casefold()):
                askers[word].add(item.domain)
                origin.setdefault(word, f"a word of {item.domain.replace('_', ' ')} in {suite.name}")
    specific = [word for word, domains in askers.items() if len(domains) == 1 and len(word) >= SPECIFIC]
    words |= {word: origin[word] for word in specific if word not in words}
    return {word: source for word, source in words.items() if word not in _EVERYDAY}
