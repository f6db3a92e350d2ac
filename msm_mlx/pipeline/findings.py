"""What is found out before a run."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Findings:
    """What stands against a run, and what else is worth knowing before it, a line each."""

    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def join(findings: Iterable[Findings]) -> Findings:
    """All of them, each line once."""
    several = list(findings)
    problems = dict.fromkeys(line for one in several for line in one.problems)
    return Findings(list(problems), list(dict.fromkeys(line for one in several for line in one.notes)))
