"""The wording of each language that checks know beside English, and what of a text's language they do not know."""

from __future__ import annotations

from msm_mlx.documents.checks.languages.chinese import CHINESE
from msm_mlx.documents.checks.languages.german import GERMAN
from msm_mlx.documents.checks.languages.others import ARABIC, HINDI, JAPANESE
from msm_mlx.documents.checks.languages.wording import Wording
from msm_mlx.text.languages import ENGLISH, language_of
from msm_mlx.text.words import sentences

WORDINGS = {wording.language: wording for wording in (GERMAN, CHINESE, JAPANESE, ARABIC, HINDI)}
NO_WORDING = Wording("")
OPENING = 200  # characters in which the first sentence of a text ends


def wording_of(text: str) -> Wording:
    """The wording of the language of a text; none of English, which every check has itself."""
    return WORDINGS.get(language_of(text) or "", NO_WORDING)


def wordings_of(text: str) -> list[Wording]:
    """The wording of the languages of a text and of its first sentence: writers speak of a request in their own."""
    first = next(iter(sentences(text[:OPENING])), "")
    return list({wording.language: wording for wording in (wording_of(text), wording_of(first))}.values())


def unknown_checks(text: str) -> tuple[str, ...]:
    """The checks, as the recipe names them, that find nothing in the language of a text."""
    return () if language_of(text) in (None, ENGLISH) else wording_of(text).unknown


def language_note(text: str) -> str | None:
    """What is to be said of the checks of documents in the language of a text; None of English and of one not known."""
    language = language_of(text)
    if language in (None, ENGLISH):
        return None
    english_only = "who tells a document and the names of people in it are known in English alone"
    if not (unknown := wording_of(text).unknown):
        return f"in {language}: the checks of documents know its words; {english_only}"
    names = ", ".join(unknown)
    return f"in {language}, of which these checks of documents know no words, so they are off: {names}; {english_only}"
