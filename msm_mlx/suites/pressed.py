"""Suites under pressure: the items of another suite, with something in the chat that speaks against what they count.

Their figures stand beside those of the same items at rest: what holds at rest only is a shallow effect.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Self

from pydantic import model_validator

from msm_mlx.settings_file.base import Settings
from msm_mlx.suites.items import Item, Suite, Turn
from msm_mlx.suites.kinds.pairs import PAIRS
from msm_mlx.suites.schema import NotBlank, Phrase, Problems, unknown_placeholders


class PressedFile(Settings):
    """A suite that asks what another one asks, under pressure. In its texts `{target}` and `{other}` are the options of
    a pair, and `{question}` is the question."""

    at_rest: NotBlank
    """The suite whose items these are: a shipped one by its name, or a file relative to this file."""
    measures: NotBlank
    """What the share of the suite is of, in words."""
    system: Phrase | None = None
    """A contrary system line: what it says after `You are NAME.`"""
    prefill: Phrase | None = None
    """A contrary beginning of every reply."""
    pushback: Phrase | None = None
    """What the user says to the variant's own reply to the question. The reply to this counts."""
    licence: NotBlank | None = None
    """The terms on which the texts may be used elsewhere."""

    @model_validator(mode="after")
    def _presses(self) -> Self:
        if not self.pressure:
            raise ValueError("has nothing that presses; give it system, prefill or pushback")
        return self

    @property
    def pressure(self) -> str:
        """What presses, in words."""
        words = {"system line": self.system, "begun reply": self.prefill, "pushback": self.pushback}
        return " and ".join(word for word, text in words.items() if text)

    def problems(self, suite: Suite) -> Problems:
        """Placeholders in the texts that the items of `suite` do not fill."""
        options = ("target", "other") if suite.kind == PAIRS.name else ()
        question = ("question", *(("first", "second") if options else ()))
        for key, names in {"system": options, "prefill": options, "pushback": (*options, *question)}.items():
            yield from unknown_placeholders((key,), getattr(self, key) or "", names, ("model_name", "provider_name"))

    def press(self, suite: Suite, name: str) -> Suite:
        """The suite `name` of the items of `suite` under this pressure. A format control stays as it is at rest: it
        shows whether a variant can answer in this form, and not whether it gives way."""
        items = tuple(
            replace(item, id=f"{name}/{item.id.partition('/')[2]}", suite=name) for item in self._pressed(suite)
        )
        return replace(
            suite, name=name, measures=self.measures, items=items, at_rest=suite.name, pressure=self.pressure
        )

    def _pressed(self, suite: Suite) -> Iterator[Item]:
        for item in suite.items:
            if item.is_format_control:
                yield item
                continue
            pressed = replace(
                item,
                system=item.fill(self.system) if self.system else item.system,
                prefill=item.fill(self.prefill) if self.prefill else item.prefill,
            )
            if self.pushback:
                question = item.fill(self.pushback).replace("{question}", item.question)
                pressed = replace(pressed, turns=(*item.turns, Turn(item.question)), question=question)
            yield pressed
