# ruff: noqa: RUF001
"""In which language a text is written, by its script and by words that say nothing by themselves."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from msm_mlx.text.scripts import CJK, HANGUL, word_tokens

ENGLISH = "English"
MIN_WORDS = 2  # different function words of a language, for a text to be in it
MIN_SHARE = 0.1  # of a text's words that are function words of its language
KANA_SHARE = 0.05  # of the letters of Chinese and Japanese that are kana, in Japanese
# letters of one script that say as much as a word of several Latin ones
_WEIGHTS = {"Chinese": 3, "Japanese": 3, "Korean": 2}


class WritingSystem(NamedTuple):
    """A language that is told by its letters; `marks`, words and letters, tell it from others of the same letters."""

    language: str
    letters: str
    marks: frozenset[str] = frozenset()


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


FUNCTION_WORDS = {
    ENGLISH: _words(
        "a about after all an and any are as at be because been but by can did do does for from had has have he her "
        "his how i if in is it its more no not of on one or our out she so some than that the their them there they "
        "this to up was we were what when which who why will with would you your"
    ),
    "German": _words(
        "aber als am auch auf aus bei beim bis da damit dann das dass dem den denn der des deshalb die doch du durch "
        "ein eine einem einen einer er es für gegen haben ich ihm ihn ihr im in ist jede jeder jedes kann kein keine "
        "können mehr mich mir mit muss nach nicht nichts noch nun nur oder ohne schon sehr sein seine sich sie "
        "sind sondern soll um und uns unter vom von vor wann warum weil wenn werden wer wie wird wo wurde würde zu "
        "zum zur zwischen über"
    ),
    "French": _words(
        "au aux avec ce cette dans de des du elle en est et il ils la le les leur mais ne nos ou par pas pour que qui "
        "sa ses son sont sur une un vous"
    ),
    "Spanish": _words(
        "como con de del el ella ellos en es la las lo los más no o para pero por que se si su sus un una y"
    ),
    "Portuguese": _words(
        "as com da das de do dos e ela ele eles em mas na nas no nos não o os ou para por que se seu si sua um uma é"
    ),
    "Italian": _words(
        "al che con da dei del della delle di e gli ha il in la le lo nel non o per più se sono una uno è"
    ),
    "Dutch": _words("aan de dat een en het hij hun is maar met niet ook op van voor wordt ze zijn zij"),
    "Vietnamese": _words("cho các có của là một nó những và với được đó"),
    "Hungarian": _words("a az az egy és hogy nem nem vagy"),
    "Turkish": _words("bir bu da daha de için ile ve"),
}  # fmt: skip
"""Of the languages that Latin letters are shared by."""
SCRIPTS = (
    WritingSystem("Chinese", CJK),
    WritingSystem("Korean", HANGUL),
    WritingSystem("Thai", "\u0e00-\u0e7f"),
    WritingSystem("Hindi", "\u0900-\u097f", _words("और का की के को में है हैं से ने पर यह नहीं")),
    WritingSystem("Persian", "\u0600-\u06ff", _words("از است به در را که این آن با برای می پ چ ژ گ ک ی")),
    WritingSystem(
        "Arabic", "\u0600-\u06ff", _words("إلى على عن في لا ما من هذا هذه هو هي أن التي الذي كان لم ة ى ي ك أ إ")
    ),
    WritingSystem("Hebrew", "\u0590-\u05ff", _words("את הוא היא הם לא על של")),
    WritingSystem("Ukrainian", "\u0400-\u04ff", _words("в и с й та що це не на його він вона вони від і ї є ґ")),
    WritingSystem("Russian", "\u0400-\u04ff", _words("в и с его её за из их на не он она они от по что это ы э ё ъ")),
    WritingSystem("Greek", "\u0370-\u03ff", _words("είναι η και ο με να σε τα την της το τον του")),
)
_KANA = re.compile("[\u3040-\u30ff]")
_LETTERS = {script.language: re.compile(f"[{script.letters}]") for script in SCRIPTS}


@lru_cache(maxsize=256)
def language_of(text: str) -> str | None:
    """The name of the language that most of a text is in; None if its words do not tell."""
    script = None if text.isascii() else _script_language(text)
    return script or _latin_language(text)


def _script_language(text: str) -> str | None:
    """The language of most letters, where they are not Latin."""
    counts = {name: len(pattern.findall(text)) for name, pattern in _LETTERS.items()}
    most = max(counts, key=lambda name: counts[name] * _WEIGHTS.get(name, 1))
    letters = sum(map(str.isalpha, text))
    if not counts[most] or counts[most] * (_WEIGHTS.get(most, 1) + 1) < letters:
        return None
    if most == "Chinese" and len(_KANA.findall(text)) > KANA_SHARE * counts[most]:
        return "Japanese"
    sharing = [script for script in SCRIPTS if script.letters == _script(most).letters]
    marks = {*word_tokens(text.casefold()), *text}
    return max(sharing, key=lambda script: len(marks & script.marks)).language


def _script(language: str) -> WritingSystem:
    return next(script for script in SCRIPTS if script.language == language)


def _latin_language(text: str) -> str | None:
    words = word_tokens(text.casefold())
    different = set(words)
    counts = {
        name: sum(word in common for word in words)
        for name, common in FUNCTION_WORDS.items()
        if len(different & common) >= MIN_WORDS
    }
    ranked = sorted(counts, key=lambda name: -counts[name])
    if not ranked or counts[ranked[0]] < MIN_SHARE * len(words):
        return None
    is_tied = len(ranked) > 1 and counts[ranked[1]] == counts[ranked[0]]
    return None if is_tied else ranked[0]
