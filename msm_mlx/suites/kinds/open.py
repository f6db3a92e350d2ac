"""Prompts without options, whose written replies have to hold certain words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from msm_mlx.settings_file.base import AnyLength, NonEmpty
from msm_mlx.suites.items import Item, share
from msm_mlx.suites.kinds.kind import SuiteKind
from msm_mlx.suites.schema import ItemEntry, NotBlank, Pattern, Problems, SuiteFile, Texts, unknown_name
from msm_mlx.text.words import mentions_any


@dataclass(frozen=True)
class OpenPrompt(Item):
    """A prompt without options. A written reply fits if it has one of the phrases or matches the pattern."""

    any_of: tuple[str, ...]
    pattern: str | None = None

    domain_is_topic = True

    def read(self, text: str) -> str:
        return "fits" if fits(text, self) else "does not fit"

    def score_choices(self, choices: Sequence[str]) -> dict[str, float]:
        return {"fits": share(choices, {"fits"})}


def fits(text: str, item: OpenPrompt) -> bool:
    """Whether a written reply has one of the item's phrases as whole words, or matches its pattern."""
    if item.pattern is not None and re.search(item.pattern, text, re.IGNORECASE):
        return True
    return mentions_any(text, item.any_of)


class OpenEntry(ItemEntry):
    """A prompt whose written reply has to hold one of some phrases, or match a pattern."""

    any_of: Annotated[tuple[NotBlank, ...], AnyLength] = ()
    list: NotBlank | None = None
    """The name of one of the suite's lists, whose phrases count too."""
    pattern: Pattern | None = None
    domain: NotBlank | None = None


class OpenFile(SuiteFile):
    """Prompts without options."""

    lists: dict[NotBlank, Texts] = Field(default_factory=dict)
    """Phrases that several items share, by the name that their `list` gives."""
    items: Annotated[tuple[OpenEntry, ...], NonEmpty]

    def make_items(self, suite: str) -> Iterator[Item]:
        for number, entry in enumerate(self.items, start=1):
            phrases = (*entry.any_of, *(self.lists[entry.list] if entry.list else ()))
            yield OpenPrompt(**entry.common(suite, number, entry.domain), any_of=phrases, pattern=entry.pattern)

    def problems(self) -> Problems:
        for index, entry in enumerate(self.items):
            if not (entry.any_of or entry.list or entry.pattern):
                yield ("items", index), "needs any_of, list or pattern, to tell which replies fit"
            if entry.list:
                yield from unknown_name(("items", index, "list"), entry.list, "list", self.lists)


OPEN = SuiteKind("open", OpenFile, ("fits",))
