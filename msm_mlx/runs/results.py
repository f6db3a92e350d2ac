"""`results.json`: what each variant scored, arms with their seeds pooled, and the contrasts between trained arms.

Every interval is over seeds and items together, where there are several seeds, items of one domain drawn together.
The results of a grid have the rows of all its cells, each with the settings of its cell.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from msm_mlx.errors import RecipeError
from msm_mlx.files import write_json
from msm_mlx.recipe.arms import Variant
from msm_mlx.runs.estimate import Estimate, difference_text, is_clear_of_zero, share_text
from msm_mlx.runs.layout import PERPLEXITY, RESULTS

SCHEMA: Literal[1] = 1
ASK_AGAIN = "delete the file and run `msm-mlx evaluate` again"


class _ResultsPart(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class _OfVariant(_ResultsPart):
    """Something about one variant, or about an arm with its seeds pooled, whose seed is null."""

    arm: str
    spec: str | None
    seed: int | None

    def label(self, several_specs: bool) -> str:
        """`arm`, or `arm@spec` where the run has several specs."""
        return Variant(self.arm, self.spec, None, several_specs).label


class Share(_OfVariant):
    """One metric of a suite: a share of its items, or a mean between 0 and 1 over them."""

    suite: str
    metric: str
    value: float
    ci_low: float
    ci_high: float
    n: int
    """How many items."""
    seeds: int
    failure: str | None
    """Why the figures are no finding: more written replies than not cannot be read, or the form cannot be answered."""
    log_odds: Estimate | None = None
    """The mean log-odds of the target over the other option (nats), where the metric is what they decide."""
    domain: str | None = None
    """Of which part of the suite, if not of all."""
    cell: dict[str, Any] | None = None
    """The settings of the cell, in a grid."""

    @property
    def text(self) -> str:
        return share_text(self.value, self.ci_low, self.ci_high)


WordGroup = Literal["none", "some", "many", "any", "any less none"]
"""Items by how many of the words in which their options differ stand in what was read: `evaluation/word_share.py`."""


class Contrast(_ResultsPart):
    """The main metric of arm `a` less that of arm `b`, paired by item and seed. Arms are named by their labels."""

    suite: str
    a: str
    b: str
    metric: str
    paired: bool
    difference: float
    ci_low: float
    ci_high: float
    n: int
    """How many items."""
    seeds: int
    clusters: int
    """How many domains, or items where there are too few domains."""
    p: float
    p_holm: float | None = None
    """`p`, corrected for reading all suites of the same two arms."""
    detectable: float
    """The difference that these items and seeds show with a power of 80 %."""
    notes: list[str]
    """What to be careful about."""
    failure: str | None
    log_odds: Estimate | None = None
    """The same difference in the log-odds of the target (nats), where the metric is what they decide."""
    domain: str | None = None
    words: WordGroup | None = None
    """Of which items of the suite by their word share, if not of all."""
    cell: dict[str, Any] | None = None

    @property
    def is_clear(self) -> bool:
        """Whether the interval is clear of zero, and the difference means something."""
        return not self.failure and is_clear_of_zero(self.ci_low, self.ci_high)

    @property
    def text(self) -> str:
        return difference_text(self.difference, self.ci_low, self.ci_high)


class CurvePoint(_OfVariant):
    """The main metric of an arm, its seeds pooled, after some updates of its last stage."""

    suite: str
    metric: str
    stage: str
    """The last stage, as the recipe calls it."""
    share: float | None
    """Of its rows that are contrary, if it is about them."""
    update: int
    """0 is the arm before that stage."""
    rows: int
    """How many rows of the stage were seen by then."""
    contrary: float
    """How many of these were contrary."""
    value: float
    ci_low: float
    ci_high: float
    n: int
    seeds: int
    failure: str | None


class Durability(_ResultsPart):
    """How many contrary rows it takes until an arm is back at its reference. Arms are named by their labels."""

    suite: str
    metric: str
    arm: str
    """The arm before the stage with the contrary rows: `msm+sft`."""
    stage: str
    share: float | None
    """Of contrary rows, along the stage; null for the number over the shares, each at the end of the stage."""
    reference: str
    """The arm with the same training and no documents, before that stage: `sft`."""
    start: Estimate
    """By how much the arm differs from the reference before the stage."""
    rows: float | None = None
    """Null if the arm never comes back, or never was away."""
    ci_low: float | None = None
    ci_high: float | None = None
    """Null if more contrary rows than were tried may be needed."""
    most: float
    """The most contrary rows that were tried."""
    seeds: int
    failure: str | None

    @property
    def is_defined(self) -> bool:
        """Whether the arm differs from its reference to begin with."""
        return is_clear_of_zero(self.start.ci_low, self.start.ci_high)

    @property
    def text(self) -> str:
        """`14 [9, 22]`, or as far as it is known: `more than 64 [at least 38]`."""
        if not self.is_defined or self.ci_low is None:
            return f"undefined: no different from {self.reference} to begin with"
        most, low = f"more than {_count(self.most)}", _count(self.ci_low)
        if self.rows is None:
            return f"{most} [at least {low}]"
        return f"{_count(self.rows)} [{low}, {most if self.ci_high is None else _count(self.ci_high)}]"


def _count(rows: float) -> str:
    return f"{rows:.0f}" if rows == 0 or rows >= 10 else f"{rows:.1f}"


class Domains(_ResultsPart):
    """Each domain of a suite alone, seeds pooled."""

    records: list[Share] = []
    contrasts: list[Contrast] = []


class ItemWords(_ResultsPart):
    """The content words in which the options of an item differ, by their stems."""

    suite: str
    item: str
    spec: str
    words: int
    """How many there are."""
    shared: list[str]
    """Those that stand in the documents about the spec or in the demonstrations."""


class WordShares(_ResultsPart):
    """What of the items stands in what was read, and the differences on the items of each group by that."""

    items: list[ItemWords] = []
    contrasts: list[Contrast] = []


class Bias(_OfVariant):
    """How far a variant goes by the place of an option in place of what it is."""

    suite: str
    first: Estimate
    """The share of forced choices in which it takes what is named first: a half if it goes by what the options are."""
    written_first: float | None
    """The same of what it writes; null if nothing that it wrote chooses."""
    decided: float
    """The share of pairs on which both orders give the same option."""


class MeasuredSuite(_ResultsPart):
    """What a suite measures."""

    name: str
    kind: str
    measures: str
    """In words, what its main share is of."""
    file: str
    added: bool
    """Whether it was added after the run."""
    at_rest: str = ""
    """The suite that asks the same without pressure, if this one asks under pressure."""
    pressure: str = ""
    """What speaks against what the items count, in words."""


class TaskAgreement(_ResultsPart):
    """How far the judge agrees with labels by hand on one of its tasks."""

    task: str
    usable: bool
    """Of a judge that is not, no verdict is among the figures."""
    n: int
    unclear: float
    accuracy: float
    kappa: float
    p: float


class JudgeReport(_ResultsPart):
    """What the judge was, and what was found of it."""

    judge: str
    agreement: list[TaskAgreement]
    says: list[str]
    """A sentence for each task."""


class PerplexityRow(_OfVariant):
    """That of a variant on neutral text."""

    perplexity: float
    texts: int
    tokens: int


_PERPLEXITIES = TypeAdapter(list[PerplexityRow])


class RunResults(_ResultsPart):
    """All of `results.json`."""

    version: Literal[1] = Field(SCHEMA, alias="schema")
    run: str
    grid: dict[str, list[Any]] | None = None
    """The settings that a grid varies, with their values."""
    records: list[Share]
    """Each variant on each suite."""
    contrasts: list[Contrast]
    """Each pair of trained arms, the one that has seen more first."""
    pooled: list[Share]
    """Each arm, its seeds together."""
    domains: Domains = Domains()
    word_shares: WordShares = WordShares()
    pressure: list[Contrast] = []
    """By how much each difference is larger on a suite under pressure than on the same items at rest."""
    biases: list[Bias] = []
    suites: list[MeasuredSuite]
    judge: JudgeReport | None = None
    perplexity: list[PerplexityRow] = []
    curves: list[CurvePoint] = []
    """Arms along their last stage."""
    durability: list[Durability] = []

    def plain(self) -> dict[str, Any]:
        """Ready for JSON."""
        return self.model_dump(by_alias=True, exclude_unset=True)

    def suite(self, name: str) -> MeasuredSuite | None:
        """What the suite of that name measures, where it is known."""
        return next((suite for suite in self.suites if suite.name == name), None)


def write_results(run: Path, results: RunResults) -> None:
    """Write `results.json` of a run folder."""
    write_json(run / RESULTS, results.plain())


def read_results(run: Path) -> RunResults:
    """The results in a run folder.

    Raises:
        RecipeError: if the evaluation is not finished, or its results are damaged.
    """
    path = run / RESULTS
    if not path.is_file():
        raise RecipeError(f"{run}: has no finished evaluation; run the recipe's command again to go on")
    try:
        return RunResults.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise RecipeError(f"{path}: damaged: {_reason(error)}; {ASK_AGAIN}") from error


def read_perplexity(run: Path) -> list[PerplexityRow]:
    """What a run has found of its variants on neutral text."""
    return _PERPLEXITIES.validate_json((run / PERPLEXITY).read_bytes())


def _reason(error: OSError | ValidationError) -> str:
    if isinstance(error, OSError):
        return str(error)
    first = error.errors(include_url=False)[0]
    key = ".".join(map(str, first["loc"]))
    return f"{key}: {first['msg']}" if key else first["msg"]
