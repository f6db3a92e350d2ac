"""Suites of forced choices: pairs of things in domains that neither documents nor demonstrations touch."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources

import yaml
from pydantic import BaseModel, ConfigDict

SUITES = ("values_apart", "american_values", "affordable_values")


@dataclass(frozen=True)
class Item:
    """One pair. `target` is the option that the suite's metric counts."""

    id: str
    suite: str
    domain: str
    question: str
    reply: str
    target: str
    other: str

    def prompt(self, target_first: bool) -> str:
        first, second = (self.target, self.other) if target_first else (self.other, self.target)
        return self.question.replace("{first}", first).replace("{second}", second)

    def replies(self) -> tuple[str, str]:
        """The replies that choose the target and the other option."""
        return self.reply.replace("{item}", self.target), self.reply.replace("{item}", self.other)


@dataclass(frozen=True)
class Suite:
    """`metric` says in words what the share of targets among the choices means."""

    name: str
    metric: str
    items: tuple[Item, ...]


class _Domain(BaseModel):
    model_config = ConfigDict(extra="forbid")
    noun: str
    pairs: list[tuple[str, str]]


class _SuiteFile(BaseModel):
    model_config = ConfigDict(extra="forbid")
    metric: str
    question: str
    reply: str
    domains: dict[str, _Domain]


@cache
def load_suite(name: str) -> Suite:
    """One of `SUITES`, as shipped."""
    text = resources.files(__package__).joinpath("suites", f"{name}.yaml").read_text(encoding="utf-8")
    file = _SuiteFile.model_validate(yaml.safe_load(text))
    items = [
        Item(
            id=f"{name}/{domain}-{number}",
            suite=name,
            domain=domain,
            question=file.question.replace("{noun}", content.noun),
            reply=file.reply,
            target=target,
            other=other,
        )
        for domain, content in file.domains.items()
        for number, (target, other) in enumerate(content.pairs, start=1)
    ]
    return Suite(name, file.metric, tuple(items))
