"""What a judge is worth: how far it agrees with labels by hand on the shipped examples of a task.

The measure is Cohen's kappa weighted by squares (Psychological Bulletin 70, 1968): with d = verdict - label, and the
mean of d^2 over all pairs of a verdict with any label as what chance would give,

    kappa = 1 - mean(d^2) / mean over all pairs(d^2)

which for two classes is Cohen's unweighted kappa. A judge is used if a permutation test of the labels says that it is
not chance, and kappa is at least what Landis and Koch call moderate (Biometrics 33, 1977).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from msm_mlx.evaluation.judging import SYSTEM, Judge, JudgeCase, judge_cases
from msm_mlx.files import sha256_json
from msm_mlx.prompting.prompts import prompt_version
from msm_mlx.settings_file.load import load_values
from msm_mlx.suites import kinds
from msm_mlx.suites.kinds import KINDS, JudgeTask

MIN_KAPPA = 0.41  # moderate agreement: Landis and Koch
MAX_P = 0.01
MAX_UNCLEAR = 0.5
PERMUTATIONS = 4000


@dataclass(frozen=True)
class Example:
    """A case with its label by hand, one of the values of the task's verdicts."""

    case: JudgeCase
    label: float


@dataclass(frozen=True)
class Agreement:
    """How far a judge agrees with the labels of `n` examples; `unclear` is the share of those that it left open.

    `kappa` and `p` are over the others; `p` is how often permuted labels agree as well.
    """

    task: JudgeTask
    n: int
    unclear: float
    kappa: float
    accuracy: float
    """Share of all examples with the right verdict, by the task's tolerance."""
    p: float

    @property
    def usable(self) -> bool:
        """Whether anything may be made of the judge's verdicts."""
        return self.unclear <= MAX_UNCLEAR and self.kappa >= MIN_KAPPA and self.p < MAX_P

    def sentence(self, judge: str) -> str:
        """What is to be said of the judge wherever its figures are."""
        measured = (
            f"{self.task.plural} of {self.n} labelled examples: kappa {self.kappa:.2f}, {self.accuracy:.0%} right, "
            f"{self.unclear:.0%} unclear"
        )
        if self.usable:
            return f"The judge {judge} agrees with {measured}."
        fault = "agrees too little with" if self.p < MAX_P else "is not told apart from chance on"
        if self.unclear > MAX_UNCLEAR:
            fault = "leaves most open of"
        return f"UNUSABLE JUDGE: {judge} {fault} the {measured}. Its verdicts are not shown."

    def row(self) -> dict[str, Any]:
        """The agreement as it stands in files."""
        return asdict(self) | {"task": self.task.name, "usable": self.usable}


def calibrate(judge: Judge, task: JudgeTask) -> Agreement:
    """How far the judge agrees with the shipped examples of `task`."""
    examples = load_examples(task)
    verdicts = judge_cases(judge, [example.case for example in examples], "the assistant")
    return agreement(task, [example.label for example in examples], verdicts)


def agreement(task: JudgeTask, labels: Sequence[float], verdicts: Sequence[float | None]) -> Agreement:
    """How far these verdicts agree with the labels."""
    import numpy as np  # here, because plans need this module and no figures

    clear = [(label, verdict) for label, verdict in zip(labels, verdicts, strict=True) if verdict is not None]
    accuracy = sum(abs(label - verdict) <= task.label_tolerance for label, verdict in clear) / len(labels)
    unclear = 1 - len(clear) / len(labels)
    if len(clear) < 2:
        return Agreement(task, len(labels), unclear, 0.0, accuracy, 1.0)
    label, verdict = np.array(clear, dtype=np.float64).T  # (N,) each
    observed = float(((label - verdict) ** 2).mean())
    by_chance = float(((label[:, None] - verdict[None]) ** 2).mean())  # over (N, N) pairs
    kappa = 1 - observed / by_chance if by_chance else 0.0
    rng = np.random.default_rng(0)
    permuted = np.array([((rng.permutation(label) - verdict) ** 2).mean() for _ in range(PERMUTATIONS)])
    as_good = int((permuted <= observed + 1e-12).sum())
    # the labels as they are count as one of the permutations, so that p is never 0
    return Agreement(task, len(labels), unclear, kappa, accuracy, (as_good + 1) / (PERMUTATIONS + 1))


@cache
def load_examples(task: JudgeTask) -> tuple[Example, ...]:
    """The shipped examples with their labels."""
    return tuple(
        Example(JudgeCase(task, group["prompt"], reply, group), task.verdicts[str(label)])
        for group in _calibration_file()[task.name]
        for label, reply in group["replies"]
    )


def judge_version() -> str:
    """Changes with what judges are asked, and with what they are calibrated on."""
    tasks = [kind.judge for kind in KINDS.values() if kind.judge]
    prompts = prompt_version(*(task.name for task in tasks), package=kinds.__name__, system=SYSTEM)
    return sha256_json([prompts, [[task.rubric, dict(task.fields)] for task in tasks], _calibration_file()])[:12]


@cache
def _calibration_file() -> Any:
    return load_values(Path(str(resources.files(kinds))) / "calibration.yaml")
