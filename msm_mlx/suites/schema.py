"""What a suite file of any kind may say. What each kind adds stands with it, in `msm_mlx.suites.kinds`."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from msm_mlx.settings_file.base import AnyLength, NonEmpty, Settings
from msm_mlx.settings_file.tree import Loc
from msm_mlx.suites.items import Item, Turn
from msm_mlx.text.wording import describe, did_you_mean

_EVERYWHERE = ("noun", "model_name", "provider_name")
_PLACEHOLDER = re.compile(r"\{(\w+)\}")
Problems = Iterator[tuple[Loc, str]]
"""What is wrong beyond the types, with the place of each."""


def _regular_expression(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"is no regular expression: {error}") from error
    return pattern


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be blank")
    return text


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


NotBlank = Annotated[str, Field(min_length=1), AfterValidator(_not_blank)]
Phrase = Annotated[NotBlank, AfterValidator(str.strip)]
"""What is scored or put into a sentence: white space around it would be scored too."""
Pattern = Annotated[str, Field(min_length=1), AfterValidator(_regular_expression)]
Texts = Annotated[tuple[Phrase, ...], NonEmpty]
TextOrTexts = Annotated[Texts, BeforeValidator(_as_list)]
MaybeTexts = Annotated[tuple[Phrase, ...], AnyLength, BeforeValidator(_as_list)]
MaybePatterns = Annotated[tuple[Pattern, ...], AnyLength, BeforeValidator(_as_list)]


class TurnEntry(Settings):
    """An earlier exchange. Without `assistant`, the variant's own greedy reply stands there."""

    user: NotBlank
    assistant: NotBlank | None = None


class ItemEntry(Settings):
    """What an item that is asked as one prompt may say, whatever its kind."""

    prompt: NotBlank
    turns: Annotated[tuple[TurnEntry, ...], AnyLength] = ()
    system: Phrase | None = None
    """In place of the suite's own."""
    prefill: Phrase | None = None
    """In place of the suite's own."""
    spec: NotBlank | None = None
    """The stem of a spec: the item then counts for the variants that have read it, and for those that read none."""

    def common(self, suite: str, number: int, domain: str | None) -> dict[str, Any]:
        """The fields that items of all kinds have. `number` is the item's place in the suite, from 1."""
        return {
            "id": f"{suite}/{domain or 'item'}-{number}",
            "suite": suite,
            "domain": domain,
            "question": self.prompt,
            "spec": self.spec,
            "turns": tuple(Turn(turn.user, turn.assistant) for turn in self.turns),
            "system": self.system or "",
            "prefill": self.prefill or "",
        }


class SuiteFile(Settings, ABC):
    """What a suite file of any kind says."""

    kind: str = "pairs"
    measures: NotBlank
    """What the share of the suite is of, in words."""
    system: Phrase | None = None
    """What the system line says after `You are NAME.`, in training of no arm."""
    prefill: Phrase | None = None
    """The beginning of every reply, for which a variant writes the rest. Options are scored after it too, and what a
    written reply says is read from the rest alone."""
    licence: NotBlank | None = None
    """The terms on which the items may be used elsewhere."""

    @abstractmethod
    def make_items(self, suite: str) -> Iterator[Item]:
        """The items, in the order of the file. `suite` is what their suite is called."""

    def problems(self) -> Problems:
        """What is wrong beyond the types, with the place of each."""
        yield from ()


def folded(text: str) -> str:
    """The text without what two options must not differ in alone: white space and the case of letters."""
    return " ".join(text.casefold().split())


def missing_placeholders(loc: Loc, template: str, names: tuple[str, ...]) -> Problems:
    """The `names` that do not stand as `{name}` in the template at `loc`."""
    for name in names:
        if f"{{{name}}}" not in template:
            yield loc, f"{{{name}}} is missing in {describe(template)}"


def wrong_placeholders(loc: Loc, template: str, names: tuple[str, ...]) -> Problems:
    """The `names` that are missing, and what stands as a placeholder and is neither of them nor allowed everywhere."""
    yield from missing_placeholders(loc, template, names)
    yield from unknown_placeholders(loc, template, names)


def unknown_placeholders(
    loc: Loc, template: str, names: tuple[str, ...], everywhere: tuple[str, ...] = _EVERYWHERE
) -> Problems:
    """What stands as a placeholder in the template at `loc` and is neither of the `names` nor allowed everywhere."""
    known = (*names, *everywhere)
    for name in sorted(set(_PLACEHOLDER.findall(template)) - set(known)):
        choices = ", ".join(f"{{{each}}}" for each in known)
        yield loc, f"unknown placeholder {{{name}}} in {describe(template)}; there are {choices}"


def unknown_name(loc: Loc, name: str, kind: str, choices: Mapping[str, object]) -> Problems:
    """The problem of a `name` that is not among the `choices`, if it is not; `kind` says what it should name."""
    if name not in choices:
        yield loc, f"no {kind} is called {describe(name)}{did_you_mean(name, choices)}"
