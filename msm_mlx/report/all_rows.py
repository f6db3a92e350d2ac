"""The rows behind a report's figures: what each arm scored on each item, and where the answers themselves are."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from msm_mlx.report.blocks import Block, Paragraph, Table, TableCell, table
from msm_mlx.report.headlines import finding, of_suite, suites_of
from msm_mlx.runs.answers import AnswerRow
from msm_mlx.runs.finished import FinishedRun
from msm_mlx.runs.layout import ANSWERS, CELLS
from msm_mlx.runs.results import Contrast, Share
from msm_mlx.suites.kinds import KINDS
from msm_mlx.text.wording import cut

MAX_ITEMS = 400  # items of a suite that are in the page
MAX_CELLS = 30_000  # of the tables of items of all suites together, so that the page can be sent
SHARED_WORDS = "shared words"
MAX_CHARACTERS = 140  # characters of what was asked


@dataclass(frozen=True)
class Rows:
    """The answers of a run, and where they are in the page. `prefix` is before every anchor of the run."""

    run: FinishedRun
    answers: Sequence[AnswerRow]
    prefix: str = ""
    place: str = "."
    """The folder of the run, from that of the report."""

    @property
    def is_one_of_several(self) -> bool:
        """Whether the report is of other runs too."""
        return bool(self.prefix)

    def link(self, suite: str, label: str = "") -> str:
        """Where the rows of a suite are, or the column of one of its arms."""
        return f"#{self._anchor(suite, label)}"

    def cell(self, row: Share | Contrast | None, suite: str, label: str = "") -> TableCell:
        """A share or a difference, which leads to its rows if there is one."""
        if row is None:
            return TableCell("-")
        return TableCell(finding(row), self.link(suite, label))

    def sentence(self, text: str) -> TableCell:
        """A sentence that leads to the rows of the first suite that it is about, as in "on american_values"."""
        results = self.run.results
        names = "|".join(map(re.escape, suites_of(results.contrasts if results.grid else results.records)))
        named = re.search(rf"\b[Oo]n ({names})\b", text) if names else None
        return TableCell(text, self.link(named[1]) if named else "")

    def label(self, row: Share | AnswerRow) -> str:
        """What the arm of an answer or a record is called."""
        return row.label(self.run.several_specs)

    def score(self, answer: AnswerRow) -> float | None:
        """What an answer adds to its suite's main metric."""
        return answer.answer.metrics.get(KINDS[answer.kind].main_metric)

    def _anchor(self, suite: str, label: str = "") -> str:
        return re.sub(r"[^\w.@+-]", "_", f"{self.prefix}rows-{suite}{f'-{label}' if label else ''}")

    def file(self, name: str) -> str:
        return name if self.place == "." else f"{self.place}/{name}"

    def blocks(self) -> list[Block]:
        """The seeds apart, then the items."""
        if self.run.results.grid:
            explanation = "Each combination is a run of its own, with its answers in its folder below"
            return [Paragraph(explanation, self.file(CELLS))]
        blocks: list[Block] = []
        for suite in suites_of(self.run.results.records):
            blocks += [self._seeds(suite), self._items(suite)]
        return [*blocks, Paragraph("Every answer with what was asked and written, a line each:", self.file(ANSWERS))]

    def _seeds(self, suite: str) -> Table:
        """Every arm and seed in every metric."""
        rows = of_suite(self.run.results.records, suite)
        metrics = list(dict.fromkeys(row.metric for row in rows))
        by_variant: dict[tuple[str, str], dict[str, Share]] = {}
        for row in rows:
            seed = "-" if row.seed is None else str(row.seed)
            by_variant.setdefault((self.label(row), seed), {})[row.metric] = row
        body: list[list[str | TableCell]] = [
            [label, seed, *(self.cell(by_metric.get(metric), suite, label) for metric in metrics),
             str(next(iter(by_metric.values())).n)]
            for (label, seed), by_metric in by_variant.items()
        ]  # fmt: skip
        return table(f"{suite}: every arm and seed", ("arm", "seed", *metrics, "items"), body)

    def _items(self, suite: str) -> Table:
        """Every item with what each arm scored on it, a figure for each seed."""
        items: dict[str, dict[str, dict[int, float]]] = {}
        prompts: dict[str, str] = {}
        labels = [label for _, label in dict.fromkeys((suite, self.label(r)) for r in self._records(suite))]
        for row in of_suite(self.answers, suite):
            prompts[row.item] = row.prompt
            score = self.score(row)
            if score is not None:
                items.setdefault(row.item, {}).setdefault(self.label(row), {})[row.seed or 0] = score
        words = self._words(suite)
        header = ("item", "asked", *words, *labels)
        room = min(MAX_ITEMS, MAX_CELLS // (len(suites_of(self.run.results.records)) * len(header)))
        body = [
            [
                item.partition("/")[2],
                _short(prompts[item]),
                *(counts.get(item, "-") for counts in words.values()),
                *(_scores(by_arm.get(label, {})) for label in labels),
            ]
            for item, by_arm in list(items.items())[:room]
        ]
        left = f"; {len(items) - room} more are in {ANSWERS}" if len(items) > room else ""
        caption = f"{suite}: what each arm scored on each of {len(items)} items, a figure for each seed{left}"
        cells = tuple(tuple(map(TableCell, row)) for row in body)
        anchors = ("", "", *(self._anchor(suite, name) for name in header[2:]))
        return Table(caption, header, cells, self._anchor(suite), anchors, folded=True)

    def _words(self, suite: str) -> dict[str, dict[str, str]]:
        """How many words of each item were read, as a column for each spec; none where no words were counted."""
        columns: dict[str, dict[str, str]] = {}
        for row in of_suite(self.run.results.word_shares.items, suite):
            spec = f" ({row.spec})" if self.run.several_specs else ""
            columns.setdefault(SHARED_WORDS + spec, {})[row.item] = f"{len(row.shared)} of {row.words}"
        return columns

    def words_link(self, suite: str) -> str:
        """Where it stands how many words of each item were read."""
        return self.link(suite, next(iter(self._words(suite)), ""))

    def _records(self, suite: str) -> list[Share]:
        return of_suite(self.run.results.records, suite)


def _scores(by_seed: Mapping[int, float]) -> str:
    return " ".join(f"{by_seed[seed]:.2f}".rstrip("0").rstrip(".") for seed in sorted(by_seed)) or "-"


def _short(text: str) -> str:
    return cut(" ".join(text.split()), MAX_CHARACTERS)
