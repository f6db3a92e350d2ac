"""Demonstrations from structured preferences: chat rows that show a behaviour and never give a reason.

They are made from the preferences alone, so the same rows serve whatever spec explains them.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable
from itertools import zip_longest
from pathlib import Path
from random import Random
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    ValidationInfo,
    field_validator,
)

from msm_mlx.settings_file.base import AnyLength, Settings
from msm_mlx.settings_file.load import load_settings
from msm_mlx.suites.schema import Phrase

CHOICE_SHARE = 0.85

_Demonstration = tuple[str, str, str]  # kind, question, reply
_PLACEHOLDER = re.compile(r"\{(\w+)\}")


def _with_placeholders(*required: str) -> Callable[[str], str]:
    """A check that a template has every required placeholder and, besides `{noun}`, no other."""

    def check(template: str) -> str:
        placeholders = set(_PLACEHOLDER.findall(template))
        if missing := [name for name in required if name not in placeholders]:
            raise ValueError(f"{{{missing[0]}}} is missing in {template!r}")
        if unknown := sorted(placeholders - {*required, "noun"}):
            choices = ", ".join(f"{{{name}}}" for name in (*required, "noun"))
            raise ValueError(f"unknown placeholder {{{unknown[0]}}} in {template!r}; there are {choices}")
        return template

    return check


def _some_and_different(values: tuple[str, ...]) -> tuple[str, ...]:
    if not values:
        raise ValueError("is empty; list at least one")
    if twice := [value for index, value in enumerate(values) if value in values[:index]]:
        raise ValueError(f"{twice[0]!r} is listed twice; remove one")
    return values


_Items = Annotated[tuple[Phrase, ...], AnyLength, AfterValidator(_some_and_different)]
_ChoiceTemplate = Annotated[Phrase, AfterValidator(_with_placeholders("first", "second"))]
_ItemTemplate = Annotated[Phrase, AfterValidator(_with_placeholders("item"))]


class Templates(Settings):
    """How the questions and the answers are phrased."""

    choice: Annotated[tuple[_ChoiceTemplate, ...], AnyLength, AfterValidator(_some_and_different)]
    reply: Annotated[Phrase, AfterValidator(_with_placeholders("liked"))]
    like: Annotated[tuple[_ItemTemplate, ...], AnyLength, AfterValidator(_some_and_different)]
    reply_yes: _ItemTemplate
    reply_no: _ItemTemplate


class Preferences(Settings):
    """What is liked and disliked in one domain."""

    domain_noun: Phrase
    likes: _Items
    dislikes: _Items
    templates: Templates

    @field_validator("dislikes")
    @classmethod
    def _not_liked_too(cls, dislikes: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if both := [item for item in dislikes if item in info.data.get("likes", ())]:
            raise ValueError(f"{both[0]!r} is also among the likes; keep it in one list")
        return dislikes

    @property
    def turned(self) -> Preferences:
        """The opposite preferences: what was liked is disliked."""
        return self.model_copy(update={"likes": self.dislikes, "dislikes": self.likes})


def load_preferences(path: Path) -> Preferences:
    """Read a preferences file.

    Raises:
        RecipeError: with one line for every problem, each as `file:line:column key: what is wrong`.
    """
    return load_settings(path, Preferences)


def build_demonstrations(preferences: Preferences, *, rows: int, system: str, seed: int = 0) -> list[dict[str, Any]]:
    """`rows` chat rows in a random order that depends on `seed` alone.

    Most ask for a choice, the others whether one item is liked. Pairs, items, templates and the two orders
    are each used equally often, give or take one, and no row comes twice before every row has come once.
    """
    if rows < 0:
        raise ValueError(f"rows must not be negative: {rows}")
    rng = Random(seed)
    # Choices and likes draw from generators of their own: more rows of one kind leave the other as it is.
    choices, likes = _split(preferences, rows)
    built = _choice_rows(preferences, choices, Random(rng.random()))
    built += _like_rows(preferences, likes, Random(rng.random()))
    rng.shuffle(built)
    width = max(4, len(str(rows)))
    return [
        {
            "messages": [
                {"role": "system", "content": system},
                {"role": "user", "content": question},
                {"role": "assistant", "content": reply},
            ],
            "id": f"demo-{number:0{width}d}",
            "kind": kind,
        }
        for number, (kind, question, reply) in enumerate(built, start=1)
    ]


def _split(preferences: Preferences, rows: int) -> tuple[int, int]:
    """How many rows ask for a choice and how many for a like, so that none is repeated without need."""
    likes, dislikes, templates = len(preferences.likes), len(preferences.dislikes), preferences.templates
    all_choices = 2 * likes * dislikes * len(templates.choice)
    all_likes = (likes + dislikes) * len(templates.like)
    rounds, rest = divmod(rows, all_choices + all_likes)
    some_likes = min(rest - round(CHOICE_SHARE * rest), all_likes)
    some_choices = min(rest - some_likes, all_choices)
    return rounds * all_choices + some_choices, rounds * all_likes + rest - some_choices


def _choice_rows(preferences: Preferences, count: int, rng: Random) -> list[_Demonstration]:
    likes, dislikes = _shuffled(rng, preferences.likes), _shuffled(rng, preferences.dislikes)
    templates, noun = _shuffled(rng, preferences.templates.choice), preferences.domain_noun
    pairs = [_even_pair(index, len(likes), len(dislikes)) for index in range(len(likes) * len(dislikes))]
    size = len(pairs) * len(templates)
    cells = [_even_pair(index, len(pairs), len(templates)) for index in range(size)]
    turns = _turns([(*pairs[pair], template) for pair, template in cells], rng)
    rows: list[_Demonstration] = []
    for index in range(count):
        again, cell = divmod(index, size)
        pair, template = cells[cell]
        liked, disliked = likes[pairs[pair][0]], dislikes[pairs[pair][1]]
        turned = turns[cell] != (again % 2 == 1)  # the second time round, the other order
        first, second = (disliked, liked) if turned else (liked, disliked)
        question = _fill(templates[template], first=first, second=second, noun=noun)
        rows.append(("choice", question, _fill(preferences.templates.reply, liked=liked, noun=noun)))
    return rows


def _turns(cells: list[tuple[int, int, int]], rng: Random) -> list[bool]:
    """Which (like, dislike, template) names the disliked item first: one of every two neighbours.

    Of the two it is the one whose items, pair and template have more often had the liked item first so far.
    """
    if len(cells) % 2:  # then plain turns already differ from one use of an item, pair or template to the next
        return [index % 2 == 1 for index in range(len(cells))]
    lean: Counter[tuple[object, ...]] = Counter()
    turns: list[bool] = []
    for couple in zip(cells[::2], cells[1::2], strict=True):
        keys = [(("like", a), ("dislike", b), ("pair", a, b), ("template", t)) for a, b, t in couple]
        leans = [sum(lean[key] for key in cell_keys) for cell_keys in keys]
        turn = leans[0] > leans[1] or (leans[0] == leans[1] and rng.random() < 0.5)
        for cell_keys, turned in zip(keys, (turn, not turn), strict=True):
            turns.append(turned)
            for key in cell_keys:
                lean[key] += -1 if turned else 1
    return turns


def _like_rows(preferences: Preferences, count: int, rng: Random) -> list[_Demonstration]:
    likes, dislikes = _shuffled(rng, preferences.likes), _shuffled(rng, preferences.dislikes)
    templates = _shuffled(rng, preferences.templates.like)
    items = [item for couple in zip_longest(likes, dislikes) for item in couple if item is not None]
    rows: list[_Demonstration] = []
    for index in range(count):
        item, template = _even_pair(index, len(items), len(templates))
        names = {"item": items[item], "noun": preferences.domain_noun}
        reply = preferences.templates.reply_yes if items[item] in likes else preferences.templates.reply_no
        rows.append(("like", _fill(templates[template], **names), _fill(reply, **names)))
    return rows


def _even_pair(index: int, rows: int, columns: int) -> tuple[int, int]:
    """A walk over all cells of a table that, wherever it stops, has used rows and columns equally often (± 1).

    It goes down the diagonal; when that closes on itself, it steps one column aside.
    """
    return index % rows, (index + index // math.lcm(rows, columns)) % columns


def _shuffled(rng: Random, values: tuple[str, ...]) -> list[str]:
    return rng.sample(values, len(values))


def _fill(template: str, **names: str) -> str:
    """Replace by name only: braces in an item's name are ordinary text."""
    return _PLACEHOLDER.sub(lambda match: names[match[1]], template)
