"""What of the evaluation no document and no spec may show: the things it asks about, its prompts, and their words."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from msm_mlx.suites.items import Item, Suite
from msm_mlx.text.scripts import letters_per_word
from msm_mlx.text.words import mentions_any

MIN_PROMPT_WORDS = 5  # of a prompt that can be told from common speech
MIN_WORD_LETTERS = 4  # of a word that can stand for a domain
# words of domains and prompts that say nothing by themselves, or of what a spec may well be about
EVERYDAY_WORDS = frozenset("dish food piece reasons ride treat".split())


@dataclass(frozen=True)
class HeldOut:
    """The `things` that forced choices are between, and the texts of the `prompts`."""

    things: tuple[str, ...] = ()
    prompts: tuple[str, ...] = ()

    @classmethod
    def of(cls, suites: Sequence[Suite]) -> HeldOut:
        """What the items of these suites hold out."""
        items = [item for suite in suites for item in suite.items]
        things = {thing for item in items for thing in item.things()}
        prompts = {text for item in items for text in (item.question, *(turn.user for turn in item.turns))}
        return cls(tuple(sorted(things)), tuple(sorted(prompts)))

    def named_in(self, text: str) -> bool:
        """Whether `text` names one of the things."""
        return mentions_any(text, self.things)

    def shown_in(self, text: str, overlap: int | None) -> bool:
        """Whether the text names what is held out, or has `overlap` words of a prompt in a row; None for any number."""
        return self.named_in(text) or (overlap is not None and self.quoted_in(text, overlap))

    def quoted_in(self, text: str, words: int) -> bool:
        """Whether `text` has `words` words of a prompt in a row, or the whole of a shorter prompt."""
        from msm_mlx.text.ngrams import ngrams, word_hashes  # numpy, which plans do not need

        hashes, words = word_hashes(text), words * letters_per_word(text)
        return any(
            len(hashes) >= n and not prompt_ngrams.isdisjoint(ngrams(hashes, n).tolist())
            for n, prompt_ngrams in _prompt_ngrams(self.prompts, words).items()
        )


@lru_cache(maxsize=8)
def _prompt_ngrams(prompts: tuple[str, ...], words: int) -> Mapping[int, frozenset[int]]:
    """The hashes of the prompts' runs of `words` words, or of all words of a shorter prompt, by their length."""
    from msm_mlx.text.ngrams import ngrams, word_hashes

    by_length: defaultdict[int, set[int]] = defaultdict(set)
    for prompt in prompts:
        hashes = word_hashes(prompt)
        if len(hashes) >= MIN_PROMPT_WORDS * letters_per_word(prompt):
            n = min(len(hashes), words)
            by_length[n].update(ngrams(hashes, n).tolist())
    return {n: frozenset(hashes) for n, hashes in by_length.items()}


def held_out_words(suites: Iterable[Suite]) -> dict[str, str]:
    """What no spec may name, each with where it is from: the domains that are asked about, the things to choose
    between, and the words that only the questions of one domain use."""
    asked = [(suite, item) for suite in suites for item in suite.items if item.domain_is_topic and item.domain]
    topical = [item for _, item in asked]
    at_rest = [item for suite, item in asked if not suite.at_rest]  # what presses is no question of a domain
    sources: dict[str, str] = {}
    for item in topical:
        sources.setdefault(_topic(item), f"a domain of {item.suite}")
        for thing in item.things():
            sources.setdefault(re.sub(r"^(?:the|an?) ", "", thing), f"a choice of {item.suite}")
    for word, item in _words_of_one_domain(at_rest).items():
        sources.setdefault(word, f"a word of {_topic(item)} in {item.suite}")
    return {word: source for word, source in sources.items() if word not in EVERYDAY_WORDS}


def _words_of_one_domain(items: Sequence[Item]) -> dict[str, Item]:
    """The words that are in the questions of one domain only, with the first item that has them."""
    domains: defaultdict[str, set[str | None]] = defaultdict(set)
    first: dict[str, Item] = {}
    for item in items:
        for word in re.findall(r"[a-z]+", item.question.casefold()):
            domains[word].add(item.domain)
            first.setdefault(word, item)
    return {word: item for word, item in first.items() if len(domains[word]) == 1 and len(word) >= MIN_WORD_LETTERS}


def _topic(item: Item) -> str:
    return str(item.domain).replace("_", " ")
