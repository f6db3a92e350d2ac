"""Control tokens such as `<|im_end|>`, and text in which somebody wrote one out. Imports no mlx."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from itertools import pairwise
from typing import Any

OPENS, CLOSES = "\ue0f0", "\ue0f1"  # for private use: no font and no vocabulary has them
THOUGHT = re.compile(r"</?[a-z_:|]*think[a-z_:|]*>|\[/?THINK\]")
"""Tokens around a thought. A reply that has them shows one on purpose."""


class ControlTokens:
    """The control tokens of a tokenizer of transformers.

    Those that a template writes become tokens, and those that a text spells out stay characters: what a person or a
    model wrote must not be able to end a turn.
    """

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer

    @cached_property
    def ids(self) -> dict[str, int]:
        """The id of each control token, longest first: special ones, and others that the template writes."""
        added = {token.content: id for id, token in self._tokenizer.added_tokens_decoder.items() if token.content}
        source = str(self._tokenizer.chat_template or "")
        control = [token for token in added if token in self._special or (token in source and token[0] in "<[")]
        return {token: added[token] for token in sorted(control, key=len, reverse=True)}

    @cached_property
    def _special(self) -> set[str]:
        return {token.content for token in self._tokenizer.added_tokens_decoder.values() if token.special}

    @cached_property
    def _in_any_text(self) -> re.Pattern[str]:
        """Control tokens that are not special, which the tokenizer finds in any text."""
        tokens = (token for token in self.ids if token not in self._special and not THOUGHT.fullmatch(token))
        return re.compile("|".join(map(re.escape, tokens)) or "(?!)")

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return re.compile("|".join(map(re.escape, self.ids)) or "(?!)")

    @cached_property
    def _marked(self) -> re.Pattern[str]:
        return re.compile(f"{OPENS}(.*?){CLOSES}|({self._pattern.pattern})", re.DOTALL)

    def first(self, text: str) -> re.Match[str] | None:
        """The first control token in `text`."""
        return self._pattern.search(text)

    def all(self, text: str) -> Iterator[re.Match[str]]:
        """All control tokens in `text`, in order."""
        return self._pattern.finditer(text)

    def remove(self, text: str) -> str:
        """`text` with a line break in place of each control token."""
        return self._pattern.sub("\n", text)

    def spelled_out(self, text: str) -> bool:
        """Whether `text`, which is no template's, has control tokens, or the marks that they would get here."""
        if OPENS in text or CLOSES in text:
            return True
        return any(not THOUGHT.fullmatch(match[0]) for match in self._pattern.finditer(text))

    def mark(self, text: str) -> str:
        """`text` with marks around its control tokens, to tell them from those of the template."""
        text = text.replace(OPENS, "").replace(CLOSES, "")
        return self._pattern.sub(lambda m: m[0] if THOUGHT.fullmatch(m[0]) else f"{OPENS}{m[0]}{CLOSES}", text)

    def unmark(self, text: str) -> str:
        return text.replace(OPENS, "").replace(CLOSES, "")

    def encode(self, text: str) -> list[int]:
        """The ids of a rendered chat."""
        if OPENS not in text:
            return list(self._tokenizer.encode(text, add_special_tokens=False, verbose=False))
        ids: list[int] = []
        eats_spaces = False
        for piece, token in self._pieces(text):
            # some control tokens swallow the white space beside them
            piece = piece.lstrip() if eats_spaces else piece
            added = self._tokenizer.added_tokens_decoder.get(token)
            piece = piece.rstrip() if added is not None and added.lstrip else piece
            eats_spaces = added is not None and added.rstrip
            ids += self._plain(piece, first=not ids)
            ids += [] if token is None else [token]
        return ids

    def _pieces(self, marked: str) -> Iterator[tuple[str, int | None]]:
        """Texts without marks, each with the token of the template that stands after it."""
        text, end = "", 0
        for match in self._marked.finditer(marked):
            text, end = text + marked[end : match.start()], match.end()
            if match[2] is None:
                text += match[1]
            else:
                yield self.unmark(text), self.ids[match[2]]
                text = ""
        yield self.unmark(text + marked[end:]), None

    def _plain(self, text: str, *, first: bool) -> list[int]:
        """The ids of a text in which control tokens are characters."""
        if not text:
            return []
        if first or not self._prefixes_first_text:
            return self._characters(text)
        line_break = self._characters("\n")
        ids = self._characters("\n" + text)
        return ids[len(line_break) :] if ids[: len(line_break)] == line_break else self._characters(text)

    @cached_property
    def _prefixes_first_text(self) -> bool:
        """Whether the tokenizer puts a space before the text that a chat begins with, and before no other."""
        token, id = next(iter(self.ids.items()))
        whole = self._tokenizer.encode(f"{token}x y", add_special_tokens=False, verbose=False)
        return list(whole) != [id, *self._characters("x y")]

    def _characters(self, text: str) -> list[int]:
        cuts = [0, *(match.start() + 1 for match in self._in_any_text.finditer(text)), len(text)]
        ids: list[int] = []
        for start, end in pairwise(cuts):
            ids += self._tokenizer.encode(
                text[start:end], add_special_tokens=False, split_special_tokens=True, verbose=False
            )
        return ids
