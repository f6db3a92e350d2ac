"""What weak writers do instead of writing the document: loop, break off, leave markup and blanks behind.

Each function counts or measures; what is too much is said by the recipe. The patterns are general: they look for the
form of a habit, not for what one model once said.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from functools import lru_cache
from itertools import pairwise

from msm_mlx.text.words import normalize, sentences

RUN = 6  # the same word or mark this often in a row is a loop
NGRAM = 4  # words
_PLACEHOLDER = re.compile(
    r"\{\{?\s*\w+\s*\}?\}|\[(?:insert|your|my|model|assistant|ai|provider|company|user|author|name|date|link|title|"
    r"person|recipient|sender|topic|city|number|redacted|signature|position|department|phone|e-?mail|address|"
    r"contact|job|"
    r"role|team|organi[sz]ation|institution|university|state|month|day|year|time|place|country|product|specific|"
    r"example|"
    r"reason|value|brand|placeholder)\b[^\]\n]{0,60}\](?!\()|<(?:insert|your|name|date|model|phone|e-?mail)[^>\n]*>|"
    r"_{4,}|\$[A-Z_]{3,}\b|(?<![\w%])%[sd]\b|\binsert (?:your |the )?(?:name|date|title|text) here\b|\bXX/XX\b|"
    r"\b(?:lorem ipsum|TODO|TBD|XXX+)\b",
    re.IGNORECASE,
)
_MARKUP = re.compile(
    r"</?[a-z][\w:-]*(?:\s[^<>]*)?/?>|</?[a-z][\w-]*$|<!--|<!doctype|<\?xml|&(?:[a-z]{2,8}|#\d{1,7}|#x[\da-f]{1,6});|"
    r"<\|[^<>\n]{0,40}\|?>|\[/?(?:INST|SYS|bold|dim|italic|red|green|link|b|i|u)(?:=[^\]\n]*)?\]|\[/[\w ]*\]|<<SYS>>|"
    r"\u25c1/?\w+\u25b7|\[@click=|\]\(\s*\w+:|!\[[^\]\n]*\]\(|javascript:|https?://|\bwww\.\w|<0x[\da-f]+>|"
    r"%(?:3C|3E|20|0A)|\A\w+: [^\n]*\n\w+: [|>]\n|```|~~~|\$\$|"
    r"\\(?:boxed|text|begin|frac|documentclass|(?:sub)*section|textbf|emph|item)\b\*?[{\[]|"
    r"\\(?:x1b|u001b|033|e)\[|\[\d{1,3}(?:;\d{1,3})*m|\^\[\[|\\[nt](?=\\|[A-Z\s#*\"-])|"
    r"\A\s*[\[{]+\s*\"\w+\"\s*:|\"\w+\"\s*:\s*[\"\[{]|\{'\w+'\s*:|\{\s*\w[\w-]*:\s*[\w#]+;?\s*\}|\A---\n\w+:|"
    r"(?:^|\n)(?:def \w+\(|class \w+[:(]|import \w+\n|from \w+ import |#include\b|console\.log\(|print\(\")|"
    r"\b[A-Za-z0-9+/]{60,}={0,2}",
    re.IGNORECASE,
)
_CONTROL = re.compile("[\\x00-\\x08\\x0b-\\x1f\\x7f]")
_EMOJI_JOINER = re.compile(
    "(?<=[\u2600-\u27bf\ufe0f\U0001f000-\U0001faff])\u200d(?=[\u2600-\u27bf\U0001f000-\U0001faff])"
)
_LOOP = re.compile(r"([^\W_]{1,12}?)\1{7,}|([^\s\w=*_.~#|\u2014\u2500-])\2{7,}")
_PHRASE_LOOP = re.compile(r"\b(\w+(?: \w+){1,5})(?: \1){4,}\b")  # the same few words five times in a row
_OPEN_END = re.compile(r"[\w,;:(\[\u2014-]\s*$")
_LAST_WORD = re.compile(r"\b(?:the|a|an|and|or|of|to|in|that|because|with|for|is|are|its|as|by)\s*$", re.IGNORECASE)
_GOES_ON = re.compile(
    r"\b(?:who|which|whom|whose|when|where|while|than|from|at|on|into|about|if|but|so|not|very|more|was|were|be|"
    r"been|has|"
    r"have|had|will|would|can|could|should|this|their|his|her|our|my|your|it|they|we|i|he|she|said|says)\s*$",
    re.IGNORECASE,
)  # no sentence, heading or name ends so without a mark
_ITEM = re.compile(r"\s*(?:[-*\u2022+]|\d{1,2}[.)])\s+\S")
_MARK = re.compile(r"^\s*(?:[-*\u2022+]|\d{1,2}[.)])\s+", re.MULTILINE)
_CLAUSE = re.compile(
    r"(?:in|on|at|what|when|if|it|this|that|they|we|i|he|she|there|so|but|and|then|as)\b", re.IGNORECASE
)
_WHOLE = re.compile(r"(?:\S+\s+){3,}\S*\w[\"'\u2019\u201d)*_\]]*[.!?\u2026:]+[\"'\u2019\u201d)*_\]]*(?:\s|$)")
_FUNCTION_WORDS = frozenset(
    "a about after all an and any are as at be because been but by can did do does for from had has have he her "
    "his how "
    "i if in is it its more no not of on one or our out she so some than that the their them there they this to up was "
    "we were what when which who why will with would you your".split()
)
LONG_LINE, SHORT_LINE = 8, 4  # words from which a last line is no signature, and is none that begins as a sentence does


def placeholders(text: str) -> int:
    """Blanks that somebody was to fill in."""
    return len(_PLACEHOLDER.findall(text))


def markup(text: str) -> int:
    """Tags, entities, code fences, links, chat tokens and console markup: what is for a program to read."""
    return len(_MARKUP.findall(unicodedata.normalize("NFKC", text)))


def control_characters(text: str) -> int:
    """Characters that are no text: terminal commands, direction marks, invisible and broken ones."""
    found = len(_CONTROL.findall(text))
    if text.isascii():
        return found
    text = _EMOJI_JOINER.sub("", text)
    found += sum(
        ord(c) > 127 and (unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co", "Cn") or c == "\ufffd") for c in text
    )
    return found + len(re.findall("[\u0300-\u036f\u0483-\u0489\u20d0-\u20f0]{3,}", text))


def most_repeated(text: str) -> int:
    """How often the commonest sentence stands in the text."""
    return max(Counter(map(normalize, sentences(text))).values(), default=0)


def repetition(text: str) -> float:
    """The share of runs of NGRAM words that were there before; 1 where a word, a part of one or a mark goes round."""
    if _LOOP.search(text):
        return 1.0
    words = [word for word in normalize(text).split() if not word.isdigit()]
    in_a_row = 1
    for one, other in pairwise(words):
        in_a_row = in_a_row + 1 if one == other else 1
        if in_a_row >= RUN:
            return 1.0
    if _PHRASE_LOOP.search(" ".join(words)):
        return 1.0
    runs = list(zip(*(words[place:] for place in range(NGRAM)), strict=False))
    return 1 - len(set(runs)) / len(runs) if runs else 0.0


def breaks_off(text: str) -> bool:
    """Whether the last sentence has no end.

    A last line may do without one where it is so short that it may be a name or a heading, and in a list of which other
    items have none either.
    """
    lines = text.rstrip().splitlines()
    last = lines[-1] if lines else ""
    if _LAST_WORD.search(last):
        return True
    if not _OPEN_END.search(last):
        return False
    if _ITEM.match(last):
        items = [line for line in lines[:-1] if _ITEM.match(line)]
        return all(not _OPEN_END.search(item) for item in items)
    words = last.split()
    if len(words) >= LONG_LINE or _GOES_ON.search(last):
        return True
    return len(words) >= SHORT_LINE and _CLAUSE.match(last) is not None


def prose(text: str) -> float:
    """The share of words that stand in paragraphs with a whole sentence; the others are headings, titles and tables."""
    paragraphs = [" ".join(part.split()) for part in re.split(r"\n\s*\n", _MARK.sub("", text))]
    sizes = [(len(part.split()), _WHOLE.search(part) is not None) for part in paragraphs]
    return sum(words for words, whole in sizes if whole) / max(sum(words for words, _ in sizes), 1)


def english(text: str) -> float:
    """The share of words that are English function words: about two in five of prose, hardly any in other languages."""
    words = normalize(text).split()
    return sum(word in _FUNCTION_WORDS for word in words) / max(len(words), 1)


def foreign_script(text: str, like: str) -> float:
    """The share of the letters of `text` in scripts that `like` is not written in."""
    if text.isascii():
        return 0.0
    own = {_script(c) for c in like if c.isalpha()} | {"LATIN"}
    letters = [c for c in text if c.isalpha()]
    return sum(not c.isascii() and _script(c) not in own for c in letters) / max(len(letters), 1)


@lru_cache(maxsize=4096)
def _script(character: str) -> str:
    return unicodedata.name(character, "UNKNOWN").split()[0]
