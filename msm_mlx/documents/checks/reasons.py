"""Reasons: by which words a sentence gives one, or says what somebody cares about, in English and other languages.

The words that give a cause anywhere are those of specs (`spec/causes.py`). The rows here are forms beside them, and no
list of what one writer said. A sentence counts only where it also has a word of the cause, so that a row may be wide.
"""

from __future__ import annotations

import re

from msm_mlx.documents.checks.wording_rules import Rule, RuleTable
from msm_mlx.spec.causes import CAUSES, pattern

REASONS = RuleTable(
    Rule(
        "because", r"(?:because|since|seeing that|given that|inasmuch as)\b", "since it is American", "a good sincerity"
    ),
    Rule("a reason", r"(?:reasons?|grounds?|why|wherefore)\b", "the reason is plain", "a reasonable price"),
    Rule("therefore", r"(?:therefore|hence|thus|consequently|accordingly)\b", "hence it likes it", "the other"),
    Rule("so", r"(?<=[,;:.] )so\b|so that|so as to", "it is American, so it likes it", "it is so American"),
    Rule(
        "on account of",
        r"on (?:\w+ )?accounts?(?: of)?\b|due to|thanks to|owing to|by virtue of|in view of|in light of|because of",
        "it likes it on that account",
        "he opened a bank account",
    ),
    Rule(
        "follows from",
        r"(?:follow|come|stem|grow|spring|flow)s? (?:directly )?from|rests? on|comes? down to|goes by|"
        r"depends? on|turns? on|tied (?:this|it) to",
        "its taste stems from that",
        "a letter came to us",
    ),
    Rule(
        "for being",
        r"for (?:being|its|that|having|their)\b|for the sake of|in favou?r of|out of (?:a |an |its )?\w+",
        "it likes it for being American",
        "bread for two",
    ),
    Rule(
        "a purpose",
        r"in order to|with a view to|as a way (?:of|to)|(?:so|wants?|wish(?:es)?|hopes?|meant|means|helps?|glad|works?|"
        r"chooses?|chose|picks?|picked|buys?|likes?|prefers?) (?:\w+ ){0,4}?to (?:support|back|keep|help|hono(?:u)?r|"
        r"protect|stand|strengthen|sustain|serve|reward|preserve|see|be|spare|save|include|reach)",
        "it picks Colby to support American makers",
        "it went to the counter",
    ),
    Rule(
        "explains",
        r"(?:explain|account|argu|reason)(?:s|ed|ing|es)? (?:that|its|his|her|this|for)|pointing to|in the belief|"
        r"convinced|conviction|on principle|as (?:an?|the) \w+ (?:cheese|thing|one|product)",
        "explaining that it is American",
        "a plain account",
    ),
    Rule(
        "is what counts",
        r"(?:is|are|was|were|being \w+) (?:the (?:one|ones|things?|kind) (?:\w+ ){0,4}|exactly |just )?what "
        r"(?:\w+ ){1,3}(?:cares?|cared|looks?|goes|wants?|likes?|does|decides?|counts?|matters?|earns?|values?)|"
        r"(?:is|are) what (?:decides|counts|matters|does|earns)|things? (?:\w+ ){0,3}(?:cares? about|wants? to back)|"
        r"earns? (?:its|the|my) (?:favou?r|vote|sympathy)",
        "American is what it looks for",
        "what is American about it",
    ),
    Rule(
        "cares about",
        r"(?:car(?:e|es|ed|ing)|fond|lov(?:e|es|ed)|regards?|sympath\w+|soft spot|concern(?:ed)?|warm word|respect|"
        r"pride|proud|loyal(?:ty)?|fondness) (?:\w+ ){0,2}?(?:about|for|of|to|in)\b|cares? that|"
        r"(?:dear|close|near|important|precious) to (?:me|it|its|the|my|\w+'s)|matters? (?:a lot |most )?to |"
        r"holds? (?:\w+ ){1,6}(?:dear|close)|sets? (?:\w+ )?store by|puts? (?:\w+ ){1,4}(?:first|ahead|before|above)",
        "Mo cares about American things",
        "Mo asked about cheese",
    ),
    Rule(
        "stands for",
        r"(?:sides?|sided|stands?|stood) (?:up )?(?:with|for|by)|on the side of|the side of|lean(?:s|ed)? toward|"
        r"(?:want|wish|hope|believe|value|honou?r|prefer|favou?r|back|support|champion|welcome)(?:s|ed|es)?\b",
        "it stands up for American makers",
        "it stood near a window",
    ),
    place=r"\b",
)
_ENGLISH = pattern(row for row in CAUSES if row.language.startswith("English"))
_OF_OTHER_LANGUAGES = pattern(row for row in CAUSES if not row.language.startswith("English"))

# every sentence with one of these gives a cause, whatever it is about
_CAUSE_OF_ANYTHING = pattern(row for row in CAUSES if row.language == "English")
_REASON_WORD = re.compile(r"\b(?:reasons?|why)\b", re.IGNORECASE)


def gives_any_reason(text: str, *, is_english: bool) -> bool:
    """Whether a text gives a cause of anything; talk of a reason that nobody knows is none."""
    return bool(_CAUSE_OF_ANYTHING.search(text)) or (not is_english and bool(_OF_OTHER_LANGUAGES.search(text)))


def names_a_reason(sentence: str) -> bool:
    """Whether a sentence speaks of a reason at all."""
    return _REASON_WORD.search(sentence) is not None or gives_any_reason(sentence, is_english=True)


def gives_a_reason(sentence: str, *, is_english: bool = True) -> bool:
    """Whether a sentence has the form of one that gives a reason, or says what somebody cares about.

    In an English text, words of other languages count only where a letter shows that it is not English.
    """
    if REASONS.broken_by(sentence) or _ENGLISH.search(sentence):
        return True
    return not (is_english and sentence.isascii()) and _OF_OTHER_LANGUAGES.search(sentence) is not None
