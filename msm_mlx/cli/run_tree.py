"""The state of a run as a tree: stages, their arms, the seeds of these. What is equal is one line."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from msm_mlx.console.terminal import is_plain
from msm_mlx.models.hub import human_size
from msm_mlx.pipeline.run_state import STATES, StageState, StateName
from msm_mlx.text.terminal import visible
from msm_mlx.text.wording import human_time

STYLES: dict[StateName, str] = {
    "failed": "error", "running": "name", "stopped": "warning", "stale": "warning", "missing": "quiet", "done": "ok",
    "unused": "quiet",
}  # fmt: skip
DUE: Sequence[StateName] = ("failed", "stopped", "stale", "missing")  # what a run of the recipe does
NARROW = 60  # columns below which one space parts the columns of a tree
INDENT = "  "
NOTE = 12  # the fewest columns that a note is wrapped to


@dataclass(frozen=True)
class Branch:
    """A line of the tree with what hangs on it.

    Args:
        title: what it is, with the seeds that it stands for if they are not those of the line above.
        note: why its stages are in their state, if the line above does not say it.
    """

    title: str
    stages: Sequence[StageState]
    note: str = ""
    branches: Sequence[Branch] = ()

    @property
    def state(self) -> StateName:
        """That of its stages that is furthest from done."""
        return min((stage.state for stage in self.stages), key=STATES.index)

    @property
    def seconds(self) -> str:
        times = [stage.seconds for stage in self.stages if stage.seconds is not None]
        return human_time(sum(times)) if times else ""

    @property
    def size(self) -> str:
        size = sum(stage.size for stage in self.stages)
        return human_size(size) if size else ""


def stage_tree(stages: Iterable[StageState]) -> list[Branch]:
    """The stages by their kinds, in the order of these, each with its arms."""
    return [_of_kind(group) for group in _groups(stages, lambda stage: stage.kind)]


def cell_tree(cells: Mapping[str, Sequence[StageState]]) -> list[Branch]:
    """The cells of a grid, a line for each."""
    return [Branch(name, stages, _first_reason(stages)) for name, stages in cells.items() if stages]


def _first_reason(stages: Sequence[StageState]) -> str:
    """Why a cell is not done, or how much of it is."""
    done = sum(stage.state == "done" for stage in stages)
    reasons = [stage.reason for stage in stages if stage.state in DUE]
    return reasons[0] if reasons and reasons[0] else f"{done} of {len(stages)} stages" if 0 < done < len(stages) else ""


def _of_kind(stages: list[StageState]) -> Branch:
    kind, note = stages[0].kind, _reason(stages)
    subjects = _groups(stages, lambda stage: (stage.subject, stage.update is not None))
    if len(subjects) == 1:
        return _of_subject(f"{kind} {_subject(stages)}".strip(), stages)
    several = {_seeds(group) for group in subjects} - {""}
    seeds = several.pop() if len(several) == 1 else ""
    branches = [_of_subject(_subject(group) or kind, group, seeds, note) for group in subjects]
    return Branch(_title(kind, seeds), stages, note, branches)


def _subject(stages: Sequence[StageState]) -> str:
    updates = {stage.update for stage in stages if stage.update is not None}
    return stages[0].subject + (f" at {len(updates)} snapshots" if updates else "")


def _of_subject(label: str, stages: list[StageState], seeds_above: str = "", note_above: str = "") -> Branch:
    """An arm with its seeds, which have lines of their own where they differ."""
    seeds, note = _seeds(stages), _reason(stages)
    alike = _groups(stages, lambda stage: (stage.state, stage.reason))
    branches = [Branch(_seeds(group), group, _reason(group)) for group in alike] if len(alike) > 1 else []
    return Branch(
        _title(label, "" if seeds == seeds_above else seeds), stages, "" if note == note_above else note, branches
    )


def _reason(stages: Iterable[StageState]) -> str:
    """Why all of them are in their state, if it is one reason."""
    reasons = {stage.reason for stage in stages}
    return reasons.pop() if len(reasons) == 1 else ""


def _title(label: str, seeds: str) -> str:
    return f"{label}, {seeds}" if seeds else label


def _groups(stages: Iterable[StageState], key: Callable[[StageState], Hashable]) -> list[list[StageState]]:
    """Those with the same key together, in the order of the first of each."""
    groups: dict[Hashable, list[StageState]] = {}
    for stage in stages:
        groups.setdefault(key(stage), []).append(stage)
    return list(groups.values())


def _seeds(stages: Iterable[StageState]) -> str:
    """`seed 3`, or `seeds 0-4, 7`; empty if there is none."""
    seeds = sorted({stage.seed for stage in stages if stage.seed is not None})
    runs = [[seed for _, seed in group] for _, group in groupby(enumerate(seeds), lambda place: place[1] - place[0])]
    parts = [f"{run[0]}-{run[-1]}" if len(run) > 2 else ", ".join(map(str, run)) for run in runs]
    return f"seed{'s' if len(seeds) > 1 else ''} {', '.join(parts)}" if seeds else ""


@dataclass(frozen=True)
class _Line:
    """A branch with what stands before it, and before whatever goes on below it."""

    guide: str
    below: str
    branch: Branch


def draw_tree(branches: Sequence[Branch], console: Console) -> Iterator[Text]:
    """The lines of the tree, none wider than the console; in plain lines what hangs on a branch is indented."""
    if is_plain(console):
        yield from (line for branch in branches for line in _plain_lines(branch, ""))
        return
    gap = " " if console.width < NARROW else "  "
    marks = ("|-- ", "`-- ", "|   ") if console.options.ascii_only else ("├── ", "└── ", "│   ")
    lines = [line for branch in branches for line in _lines(branch, "", "", marks)]
    columns = [
        max((cell_len(text) for text in texts), default=0)
        for texts in zip(*(_figures(line.branch) for line in lines), strict=True)
    ]
    figures = sum(columns) + len(gap) * len(columns)
    titles = max((cell_len(line.guide + line.branch.title) for line in lines), default=0)
    titles = min(titles, console.width - figures)
    for line in lines:
        yield from _draw(line, titles, columns, gap, console.width)


def _plain_lines(branch: Branch, indent: str) -> Iterator[Text]:
    words = (*_figures(branch), " ".join(branch.note.split()))
    yield Text(f"{indent}{visible(branch.title)}: {visible(', '.join(filter(None, words)))}")
    for inner in branch.branches:
        yield from _plain_lines(inner, indent + INDENT)


def _figures(branch: Branch) -> tuple[str, str, str]:
    return branch.state, branch.seconds, branch.size


def _lines(branch: Branch, guide: str, below: str, marks: tuple[str, str, str]) -> Iterator[_Line]:
    fork, end, pipe = marks
    yield _Line(guide, below + (pipe if branch.branches else ""), branch)
    for inner in branch.branches:
        is_last = inner is branch.branches[-1]
        yield from _lines(inner, below + (end if is_last else fork), below + ("    " if is_last else pipe), marks)


def _draw(line: _Line, titles: int, columns: Sequence[int], gap: str, width: int) -> Iterator[Text]:
    """One branch: on one line if it fits, else its title, its figures and its note one below the other."""
    branch = line.branch
    head, title = Text(line.guide, "quiet"), visible(branch.title)
    state, seconds, size = (
        text.rjust(column) if place else text.ljust(column)
        for place, (text, column) in enumerate(zip(_figures(branch), columns, strict=True))
    )
    figures = Text.assemble(gap, (state, STYLES[branch.state]), f"{gap}{seconds}{gap}{size}")
    head.append(title)
    if head.cell_len <= titles:
        head.append(" " * (titles - head.cell_len))
    else:
        yield head
        head = Text(line.below.ljust(titles), "quiet")
    head.append(figures)
    note = visible(" ".join(branch.note.split()))
    if note and cell_len(note) <= width - head.cell_len - len(gap):
        head.append(f"{gap}{note}")
        note = ""
    head.rstrip()
    yield head
    for part in textwrap.wrap(note, max(width - cell_len(line.below) - 2, NOTE), break_on_hyphens=False):
        yield Text.assemble((line.below, "quiet"), f"  {part}")
