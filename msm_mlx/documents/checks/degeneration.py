"""Degeneration: a text that loops, breaks off in the middle of a sentence, or has hardly a sentence at all."""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise

from msm_mlx.documents.checks.languages.table import wording_of
from msm_mlx.text.scripts import CJK, CLOSING, ENDS, MARKS, SOUTHEAST, letters_per_word
from msm_mlx.text.words import count_words, normalize, sentences

WORD_LOOP = 6  # the same word this often in a row is a loop
NGRAM = 4  # words
LONG_LINE = 8  # words from which a last line is no signature
SHORT_LINE = 4  # words from which it is none that begins as a sentence does
# part of a word eight times in a row, or a mark that is not part of a ruled line
_CHARACTER_LOOP = re.compile(r"([^\W_]{1,12}?)\1{7,}|([^\s\w=*_.~#|\u2014\u2500-])\2{7,}")
_PHRASE_LOOP = re.compile(r"\b(\w+(?: \w+){1,5})(?: \1){4,}\b")  # the same few words five times in a row
_NO_SENTENCE = frozenset("a dr mr mrs ms prof q st".split())  # titles, and the speakers of questions and answers
SENTENCE_LETTERS = 6  # least of a sentence whose words do not stand apart
_OPEN_END = re.compile(r"[\w,;:(\[\u2014\uff0c\u3001\uff1b\uff1a\uff08\u060c-]\s*$")
_FUNCTION_WORD_END = re.compile(
    r"\b(?:the|a|an|and|or|of|to|in|that|because|with|for|is|are|its|as|by)\s*$", re.IGNORECASE
)
_CLAUSE_END = re.compile(
    r"\b(?:who|which|whom|whose|when|where|while|than|from|at|on|into|about|if|but|so|not|very|more|was|were|be|been|"
    r"has|have|had|will|would|can|could|should|this|their|his|her|our|my|your|it|they|we|i|he|she|said|says)\s*$",
    re.IGNORECASE,
)  # no sentence, heading or name ends so without a mark
_CLAUSE_START = re.compile(
    r"(?:in|on|at|what|when|if|it|this|that|they|we|i|he|she|there|so|but|and|then|as)\b", re.IGNORECASE
)
_ITEM = re.compile(r"\s*(?:[-*\u2022+]|\d{1,2}[.)])\s+\S")
_ITEM_MARK = re.compile(r"^\s*(?:[-*\u2022+]|\d{1,2}[.)])\s+", re.MULTILINE)
_SENTENCE = re.compile(
    rf"(?:\S+\s+){{3,}}\S*[\w{MARKS}][{CLOSING}]*[.!?\u2026:{ENDS}]+[{CLOSING}]*(?:\s|$)"
    rf"|[{CJK}][^{ENDS}]{{{SENTENCE_LETTERS},}}[{ENDS}]"
    rf"|(?:[{SOUTHEAST}][^\S\n]*){{{2 * SENTENCE_LETTERS},}}"  # of scripts in which no mark ends a sentence
)


def most_repeated(text: str) -> int:
    """How often the commonest sentence stands in the text. A point after a title ends none."""
    counts = Counter(map(normalize, sentences(text)))
    return max((count for sentence, count in counts.items() if sentence not in _NO_SENTENCE), default=0)


def before_loop(text: str) -> str:
    """What stands before the first sentence that was there before; all of a text that says nothing twice."""
    earlier: set[str] = set()
    position = 0
    for sentence in sentences(text):
        position = text.index(sentence, position)
        words = normalize(sentence)
        if words in earlier and count_words(sentence) >= NGRAM:
            return text[:position].rstrip()
        earlier.add(words)
        position += len(sentence)
    return text


def repetition(text: str) -> float:
    """The share of NGRAM-grams of words that were there before; 1 where a word, a part of one or a mark goes round."""
    if _CHARACTER_LOOP.search(text):
        return 1.0
    letters = letters_per_word(text)
    words = [word for word in normalize(text).split() if not word.isdigit()]
    in_a_row = 1
    for word, following in pairwise(words):
        in_a_row = in_a_row + 1 if word == following else 1
        if in_a_row >= WORD_LOOP * letters:
            return 1.0
    if letters == 1 and _PHRASE_LOOP.search(" ".join(words)):
        return 1.0
    ngrams = list(zip(*(words[start:] for start in range(NGRAM * letters)), strict=False))
    return 1 - len(set(ngrams)) / len(ngrams) if ngrams else 0.0


def breaks_off(text: str) -> bool:
    """Whether the last sentence has no end.

    A last line may do without one where it is so short that it may be a name or a heading, and in a list of which other
    items have none either.
    """
    lines = text.rstrip().splitlines()
    last = lines[-1] if lines else ""
    open_end = wording_of(text).open_end
    if re.search(open_end, last, re.IGNORECASE) if open_end else _FUNCTION_WORD_END.search(last):
        return True
    if not _OPEN_END.search(last):
        return False
    if _ITEM.match(last):
        items = [line for line in lines[:-1] if _ITEM.match(line)]
        return all(not _OPEN_END.search(item) for item in items)
    if re.search(rf"[{SOUTHEAST}]\s*$", last):  # no mark ends a sentence
        return False
    words = last.split() if letters_per_word(last) == 1 else " " * count_words(last)
    if len(words) >= LONG_LINE or (not open_end and _CLAUSE_END.search(last)):
        return True
    if open_end:  # a name or a heading has no sentence before it
        return len(sentences(last)) > 1
    return len(words) >= SHORT_LINE and _CLAUSE_START.match(last) is not None


def prose_share(text: str) -> float:
    """The share of words that stand in paragraphs with a whole sentence; the others are headings, titles and tables."""
    paragraphs = [" ".join(part.split()) for part in re.split(r"\n\s*\n", _ITEM_MARK.sub("", text))]
    sizes = [
        (len(part.split()) if part.isascii() else count_words(part), _SENTENCE.search(part) is not None)
        for part in paragraphs
    ]
    return sum(words for words, whole in sizes if whole) / max(sum(words for words, _ in sizes), 1)
