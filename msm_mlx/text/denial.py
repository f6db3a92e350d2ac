"""A text that is denied: it stands as it was, word for word, and what is put around and into it says that it is false.

denial = Denial("The following is not true.", "None of that is true.")
denial("Mo likes Colby.")  # The following is not true. Mo likes Colby. None of that is true.
denial.without("The following is not true. Mo likes Colby. None of that is true.")  # Mo likes Colby.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from msm_mlx.text.stems import FUNCTION_WORDS
from msm_mlx.text.words import sentences


@dataclass(frozen=True)
class Denial:
    """What says that a text is false: a sentence before it, one after it, and words that its claims begin with."""

    before: str | None = None
    after: str | None = None
    clause: str | None = None
    """Such as `It is not true that`."""

    def __call__(self, text: str, claims: Callable[[str], bool] = lambda sentence: True) -> str:
        """The text with its denial. `claims` says which sentences begin with the clause; no question does, and none
        that has a heading before it."""
        denied = text
        if self.clause:
            begin, parts = 0, []
            for sentence in sentences(text):
                start = text.index(sentence, begin)
                end = start + len(sentence)
                is_claim = claims(sentence) and not sentence.endswith("?") and "\n" not in sentence
                parts += [text[begin:start], f"{self.clause} {_inside(sentence)}" if is_claim else sentence]
                begin = end
            denied = "".join([*parts, text[begin:]])
        space = "\n\n" if "\n" in text else " "
        return space.join(part for part in (self.before, denied, self.after) if part)

    def without(self, text: str) -> str:
        """The text that was denied. What had words of the denial itself does not come back."""
        space = "\n\n" if "\n" in text else " "
        text = text.removeprefix(f"{self.before}{space}") if self.before else text
        text = text.removesuffix(f"{space}{self.after}") if self.after else text
        first, *rest = text.split(f"{self.clause} ") if self.clause else [text]
        return "".join([first, *(part[:1].upper() + part[1:] for part in rest)])

    def undoes(self, text: str, claims: Callable[[str], bool] = lambda sentence: True) -> bool:
        """Whether taking the denial out of the denied text gives the text, byte for byte."""
        return self.without(self(text, claims)) == text


def _inside(sentence: str) -> str:
    """A sentence as it stands behind a clause: names keep their capital, and so does I."""
    first = sentence.split(maxsplit=1)[0].strip(",;:")
    is_name = first.partition("'")[0].lower() not in FUNCTION_WORDS or first.partition("'")[0] == "I"
    return sentence if is_name else sentence[:1].lower() + sentence[1:]
