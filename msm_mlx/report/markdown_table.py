"""A table in Markdown. What takes a sentence in a cell stands below the table, under a number."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msm_mlx.report.headlines import NO_FINDING


def markdown_table(header: Sequence[str], body: Iterable[Sequence[str]]) -> str:
    """The table, and after it each reason why a figure is no finding, once."""
    notes: dict[str, int] = {}
    lines = [header, ["---"] * len(header), *([number_reasons(cell, notes) for cell in line] for line in body)]
    table = "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
    below = "\n".join(f"{number}. No finding: {reason}." for reason, number in notes.items())
    return f"{table}\n\n{below}" if below else table


def number_reasons(cell: str, notes: dict[str, int]) -> str:
    """`no finding: REASON` as `no finding (1)`; the reason gets a place in `notes`. Other text stays as it is."""
    if not cell.startswith(NO_FINDING):
        return cell
    reasons = cell.removeprefix(NO_FINDING).split("; ")
    numbers = [notes.setdefault(reason, len(notes) + 1) for reason in reasons]
    return f"no finding ({', '.join(map(str, numbers))})"
