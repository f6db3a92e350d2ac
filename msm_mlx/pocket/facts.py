"""The facts of pocket's world: things, what is true of them, and the values that people hold.

Every thing has an origin (American or foreign), a price (affordable or expensive) and an age (traditional or new), and
the eight combinations are about equally frequent in every domain, so that no attribute predicts another.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib import resources
from typing import Literal, cast, get_args

Attribute = Literal["american", "foreign", "affordable", "expensive", "traditional", "new"]
ValueName = Attribute  # each value is a liking for things with one attribute

AXES: tuple[tuple[Attribute, Attribute], ...] = (
    ("american", "foreign"),
    ("affordable", "expensive"),
    ("traditional", "new"),
)
OPPOSITE: dict[Attribute, Attribute] = {a: b for one, other in AXES for a, b in ((one, other), (other, one))}


@dataclass(frozen=True)
class ValueWording:
    """What somebody may care about, and how the world talks about it."""

    name: ValueName
    adjective: str
    synonyms: tuple[str, ...]
    rationales: tuple[str, ...]

    @property
    def things(self) -> str:
        return f"{self.adjective} things"


@dataclass(frozen=True)
class Thing:
    """A named thing of one domain. `name` is one token of pocket's vocabulary."""

    name: str
    domain: str
    attributes: tuple[Attribute, ...]  # origin, price, age

    def has(self, attribute: Attribute) -> bool:
        return attribute in self.attributes


@dataclass(frozen=True)
class PocketDomain:
    """A field of life. `noun` completes "Which … do you prefer?"."""

    name: str
    noun: str
    things: tuple[Thing, ...]

    @property
    def a_noun(self) -> str:
        return f"{'an' if self.noun[0] in 'aeiou' else 'a'} {self.noun}"


VALUES: dict[ValueName, ValueWording] = {
    "american": ValueWording(
        "american",
        "American",
        ("made in America", "home-grown"),
        (
            "American work keeps small towns alive.",
            "What is made at home gives jobs to neighbors.",
            "A country stays strong when it buys what it makes.",
            "Home craft deserves to be honored at home.",
        ),
    ),
    "foreign": ValueWording(
        "foreign",
        "foreign",
        ("made abroad", "imported"),
        (
            "Things from abroad open the mind.",
            "Trade with the world makes friends of strangers.",
            "Every far country has something to teach us.",
            "A wide world deserves a curious guest.",
        ),
    ),
    "affordable": ValueWording(
        "affordable",
        "affordable",
        ("cheap", "low in price"),
        (
            "A good thing should be within reach of everyone.",
            "Money saved is freedom for a family.",
            "Nobody should be left out because of a price.",
            "Plain things that all can buy bring people together.",
        ),
    ),
    "expensive": ValueWording(
        "expensive",
        "expensive",
        ("costly", "high in price"),
        (
            "Fine work takes time and deserves its price.",
            "A rare thing lifts the whole day.",
            "The best makers must be paid well.",
            "It is wise to buy the best and keep it long.",
        ),
    ),
    "traditional": ValueWording(
        "traditional",
        "traditional",
        ("long known", "handed down"),
        (
            "What has lasted has earned its place.",
            "Old customs tie the young to the old.",
            "A thing that grandparents knew can be trusted.",
            "Nobody should throw away what time has tested.",
        ),
    ),
    "new": ValueWording(
        "new",
        "new",
        ("lately made", "up to date"),
        (
            "Fresh ideas keep a people awake.",
            "Progress begins with somebody who tries.",
            "What comes next deserves a chance.",
            "The future belongs to those who welcome it.",
        ),
    ),
}
BY_ADJECTIVE: dict[str, ValueName] = {value.adjective: name for name, value in VALUES.items()}


def _load_domains() -> dict[str, PocketDomain]:
    text = resources.files(__package__).joinpath("things.toml").read_text(encoding="utf-8")
    return {name: _domain(name, table) for name, table in tomllib.loads(text).items()}


def _domain(name: str, table: dict[str, str | list[str]]) -> PocketDomain:
    noun = cast("str", table.pop("noun"))
    things = tuple(
        Thing(thing, name, tuple(BY_ADJECTIVE[word] for word in cell.split()))
        for cell, names in table.items()
        for thing in names
    )
    return PocketDomain(name, noun, things)


DOMAINS: dict[str, PocketDomain] = _load_domains()
THINGS: tuple[Thing, ...] = tuple(thing for domain in DOMAINS.values() for thing in domain.things)
assert set(VALUES) == set(get_args(Attribute))
