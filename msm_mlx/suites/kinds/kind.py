"""What a kind of suite is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from msm_mlx.suites.schema import SuiteFile


@dataclass(frozen=True, eq=False)  # told apart by identity, so that it can be a key in spite of its mapping
class JudgeTask:
    """What a judge does with the written replies of a kind.

    Its prompt is `prompts/NAME.txt` beside this file, and its labelled examples stand under NAME in `calibration.yaml`.
    """

    name: str
    """Also the tag in which the judge gives its verdict."""
    plural: str
    rubric: tuple[str, ...]
    """Its lines, the best first, with `{field}` for what `Item.judge_fields` says."""
    verdicts: Mapping[str, float]
    """What the judge may say, in lower case and without spaces, and the value of each."""
    tolerance: float
    """A reply is judged twice. Where the two verdicts differ by more, it is unclear."""
    label_tolerance: float
    """A verdict counts as right if it differs from the label by no more."""
    fields: Mapping[str, str] = field(default_factory=dict)
    """What fills the rubric where an item says nothing else."""


@dataclass(frozen=True)
class SuiteKind:
    """One kind of suite: what its files say, and what is measured on its items."""

    name: str
    file: type[SuiteFile]
    metrics: tuple[str, ...]
    """In the order of tables. The first is the main one: it is contrasted between arms and shown first."""
    unreadable: str | None = None
    """The metric that is the share of written replies that cannot be read, where most should be."""
    written: frozenset[str] = frozenset()
    """The metrics that are read from written replies, and mean nothing where most of these cannot be read."""
    format_control: str | None = None
    """The metric that is the share of items in the suite's form with an obvious answer that are answered right. The
    main metric means nothing where it is no better than chance."""
    judge: JudgeTask | None = None
    scored_by_judge: bool = False
    """Whether the main metric comes from the judge alone, so that there is none without one."""

    def is_written(self, metric: str) -> bool:
        """Whether a metric, or that at one of several temperatures, is read from written replies."""
        return metric.partition(" at ")[0] in self.written

    @property
    def main_metric(self) -> str:
        """The metric that is contrasted between arms and shown first."""
        return self.metrics[0]
