"""What is compared: arms, with the spec that each has read and the seed that it was trained with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# In the order of what each has seen, least first: of two arms, the later is contrasted with the earlier.
TRAINED_ARMS = ("it", "sft", "cot-sft", "msm", "control+sft", "msm+sft")
CONTROL = "control"
"""Midtraining on documents without reasons: where `control+sft` goes on from, and no arm of a recipe by itself."""
REASONED = "cot-sft"
"""Fine-tuning on replies that give their reasoning first: the deliberative-alignment baseline."""
START_OF = {"msm+sft": "msm", "control+sft": CONTROL}
"""The midtrained arm whose adapter each arm's fine-tuning goes on with."""
FINE_TUNED = ("sft", "cot-sft", *START_OF)
"""The arms that learn the demonstrations."""
GENERAL = "it"
"""Fine-tuning on the general data alone that the others have mixed into their demonstrations: what any tuning does."""


@dataclass(frozen=True)
class Variant:
    """An arm with the spec that it has read, if any, and the seed that it was trained with, if it was."""

    arm: str
    spec: str | None
    seed: int | None
    several_specs: bool = False

    @property
    def is_trained(self) -> bool:
        return self.seed is not None

    @property
    def label(self) -> str:
        """What contrasts call it: `arm`, or `arm@spec` when the run has several specs."""
        return f"{self.arm}@{self.spec}" if self.several_specs and self.spec else self.arm

    @property
    def id(self) -> str:
        """The label with the seed: the name of the adapter's folder."""
        return self.label if self.seed is None else f"{self.label}-s{self.seed}"


def variant_label(row: Mapping[str, Any], several_specs: bool) -> str:
    """The label of the variant that a row of answers or results is about."""
    return Variant(str(row["arm"]), row["spec"], None, several_specs).label


def reads_spec(arm: str) -> bool:
    """Whether the arm is midtrained on documents about a spec, and so comes once for each."""
    return arm in ("msm", *START_OF)
