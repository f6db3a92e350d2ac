"""What weak writers do instead of writing the document: refuse, plan aloud, loop, break off, leave markup behind.

Each function counts or measures; what is too much is said by the recipe. The patterns are general: they look for the
form of a habit, not for what one model once said.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from functools import lru_cache
from itertools import pairwise

from msm_mlx.documents.claims import fold, sentences

OPENING = 200  # characters in which a refusal is the writer's own, and not something that the text tells of
RUN = 6  # the same word or mark this often in a row is a loop
NGRAM = 4  # words
_I_CANNOT = (
    r"i (?:cannot|can not|can't|won't|will not|am unable|am not able|must (?:respectfully )?decline|"
    r"do not feel comfortable|don't feel comfortable|have to decline)|i'm (?:sorry|unable|not able)|i am sorry|"
    r"i apologi[sz]e|sorry, (?:but )?i|unfortunately, i (?:can|am|'m)|as an? (?:ai|large) (?:language )?model|"
    r"my apologies|it would(?: not|n't) be appropriate for me"
)
_REFUSAL = re.compile(rf"\b(?:{_I_CANNOT})\b", re.IGNORECASE)
_REFUSAL_ANYWHERE = re.compile(
    r"\bas an ai language model\b|"
    r"\bi (?:cannot|can't|won't|will not|am unable to|am not able to|must decline to) "
    r"(?:fulfil+|complete|comply with|assist with|help with|continue(?: with)?|proceed with|"
    r"(?:write|create|produce|generate|provide)) (?:this|that|your|such|the requested) "
    r"(?:\w+ )?(?:request|task|prompt|document|text|content|memo|report|post|story|article|piece)\b",
    re.IGNORECASE,
)
_META_OPENING = re.compile(
    r"\W*(?:(?:sure|certainly|of course|absolutely|understood|got it|no problem|great|alright|okay|ok)\b"
    r"\s*[,!.:\u2014-]"
    r"|(?:here(?:'s| is| are)|below is|the following is|this is) [^.!?\n]{0,160}:\s*(?:\n|$)"
    r"|(?:here(?:'s| is)|below is) (?:the|a|an|my|your) (?:\w+ ){0,3}(?:requested|draft|rewritten|revised|final)\b"
    r"|(?:hmm|wait|first|so|now|okay|ok|alright|well)\b,? (?:so )?(?:i|let me|let's|we|the user)\b"
    r"|(?:\*\*|#+ ?)?(?:thinking|thoughts?|thought process|reasoning|analysis|scratch ?pad|my plan|plan|outline|draft|"
    r"first draft|step 1|word count|prompt|response|output|assistant|user|system|instructions?|answer)"
    r"(?:\*\*)?\s*:)",
    re.IGNORECASE,
)
_META = re.compile(
    r"\b(?:the user(?:'s)? (?:wants|asked|asks|is asking|request|prompt|requested|needs me)|"
    r"(?:i|we) (?:need|have|want|was asked|were asked|am asked|are asked|should|must|will|'ll|am going)(?: to)?"
    r"(?: now)? (?:write|draft|produce|generate|compose|craft) (?:a|an|the|this|my|some|about|in)\b|"
    r"let me (?:think|plan|write|draft|start|begin|outline|brainstorm|try|rewrite|re-?read|count|make sure)|"
    r"i (?:should|need to|must|have to) (?:mention|include|avoid|make sure|ensure|keep it|use the|not mention|stay)\b|"
    r"(?:my|the) (?:plan|outline|draft) (?:is|for (?:this|the) (?:text|document|post|memo|report))\b|"
    r"as (?:you )?(?:requested|instructed)\b|per your (?:request|instructions)|(?:this|the|your|above) prompt\b|"
    r"the central claim (?:of (?:the|this|my) (?:text|document)|is)|"
    r"i hope this (?:helps|meets|document|text|is what)|let me know if (?:you(?:'d| would) like|you want|you need|"
    r"i should|this (?:works|meets)|any)\b|"
    r"would you like me to|feel free to (?:modify|adjust|ask|edit|change)|(?:approximately|about|around|total of) \d+ "
    r"words\)|(?:end of|final) (?:document|text|draft|version)\b|my (?:knowledge cutoff|training data|instructions))|"
    r"(?:^|\n)\W*(?:word count|note to self|plan|outline|scratch ?pad|draft(?: \d)?|revised version|"
    r"final (?:version|text|draft|answer)|begin (?:document|text)|end (?:document|text)|title options?)\W*:|"
    r"\(\s*note:",
    re.IGNORECASE,
)
_PLACEHOLDER = re.compile(
    r"\{\{?\s*\w+\s*\}?\}|\[(?:insert|your|my|model|assistant|ai|provider|company|user|author|name|date|link|title|"
    r"person|recipient|sender|topic|city|number|redacted)\b[^\]\n]{0,60}\]|<(?:insert|your|name|date|model)[^>\n]*>|"
    r"\b(?:lorem ipsum|TODO|TBD|XXX+)\b",
    re.IGNORECASE,
)
_MARKUP = re.compile(
    r"</?[a-z][\w:-]*(?:\s[^<>]*)?/?>|</?[a-z][\w-]*$|<!--|<!doctype|<\?xml|&(?:[a-z]{2,8}|#\d{1,7}|#x[\da-f]{1,6});|"
    r"<\|[^<>\n]{0,40}\|?>|\[/?(?:INST|SYS|bold|dim|italic|red|green|link|b|i|u)(?:=[^\]\n]*)?\]|\[/[\w ]*\]|<<SYS>>|"
    r"\[@click=|\]\(\s*\w+:|!\[[^\]\n]*\]\(|javascript:|```|~~~|\\(?:boxed|text|begin|frac)\{|\$\$|"
    r"\\(?:x1b|u001b|033|e)\[|\[\d{1,3}(?:;\d{1,3})*m",
    re.IGNORECASE,
)
_CONTROL = re.compile("[\\x00-\\x08\\x0b-\\x1f\\x7f]")
_LOOP = re.compile(r"([^\W_]{1,12}?)\1{7,}|([^\s\w=*_.~#|\u2014\u2500-])\2{7,}")
_OPEN_END = re.compile(r"[\w,;:(\[\u2014-]\s*$")
_LAST_WORD = re.compile(r"\b(?:the|a|an|and|or|of|to|in|that|because|with|for|is|are|its|as|by)\s*$", re.IGNORECASE)
LONG_LINE = 8  # words from which a last line is no signature


def refusals(text: str) -> int:
    """Sentences in which the writer declines: any at the beginning, and further on those that speak of the request."""
    text = text.replace("\u2019", "'")
    return len(_REFUSAL.findall(text[:OPENING])) + len(_REFUSAL_ANYWHERE.findall(text, OPENING))


def meta_talk(text: str) -> int:
    """Places where the text speaks of its own making: a plan, an answer to the request, an offer to change it."""
    text = text.replace("\u2019", "'")
    return bool(_META_OPENING.match(text)) + len(_META.findall(text))


def placeholders(text: str) -> int:
    """Blanks that somebody was to fill in."""
    return len(_PLACEHOLDER.findall(text))


def markup(text: str) -> int:
    """Tags, entities, code fences, links, chat tokens and console markup: what is for a program to read."""
    return len(_MARKUP.findall(text))


def control_characters(text: str) -> int:
    """Characters that are no text: terminal commands, direction marks, invisible and broken ones."""
    found = len(_CONTROL.findall(text))
    if text.isascii():
        return found
    found += sum(
        ord(c) > 127 and (unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co", "Cn") or c == "\ufffd") for c in text
    )
    return found + len(re.findall("[\u0300-\u036f\u0483-\u0489\u20d0-\u20f0]{3,}", text))


def most_repeated(text: str) -> int:
    """How often the commonest sentence stands in the text."""
    return max(Counter(map(fold, sentences(text))).values(), default=0)


def repetition(text: str) -> float:
    """The share of runs of NGRAM words that were there before; 1 where a word, a part of one or a mark goes round."""
    if _LOOP.search(text):
        return 1.0
    words = [word for word in fold(text).split() if not word.isdigit()]
    in_a_row = 1
    for one, other in pairwise(words):
        in_a_row = in_a_row + 1 if one == other else 1
        if in_a_row >= RUN:
            return 1.0
    runs = list(zip(*(words[place:] for place in range(NGRAM)), strict=False))
    return 1 - len(set(runs)) / len(runs) if runs else 0.0


def breaks_off(text: str) -> bool:
    """Whether the last sentence has no end, unless it is so short that it may be a name or a heading."""
    last = text.rstrip().rpartition("\n")[2]
    if _LAST_WORD.search(last):
        return True
    return bool(_OPEN_END.search(last)) and len(last.split()) >= LONG_LINE


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
