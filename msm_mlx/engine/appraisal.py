"""What holds for a model: its template, and in which forms it writes, scores, trains and compares exactly.

These are the probes that a run makes, told without a run.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mlx_lm.models.switch_layers import QuantizedSwitchLinear, SwitchLinear

from msm_mlx.engine.architectures import architecture_of, require_architecture, untrainable_architecture
from msm_mlx.engine.boundaries import choose_packing
from msm_mlx.engine.loaded_model import LoadedModel, load_base
from msm_mlx.errors import MsmError
from msm_mlx.models.chat_renderer import load_renderer
from msm_mlx.models.config import context_length
from msm_mlx.models.hub import model_config


@dataclass(frozen=True)
class Trait:
    """One thing that holds for a model, or does not."""

    subject: str
    text: str
    holds: bool = True
    """Whether a run can be made as far as this goes."""


def appraise(folder: Path) -> list[Trait]:
    """What is known of the model in `folder` from its configuration and tokenizer, and then from probes of its weights.

    What keeps a run from being made comes last, since nothing after it can be tried.
    """
    traits: list[Trait] = []
    subject = "architecture"
    try:
        for finding in _of_files(folder):
            traits.append(finding)
            subject = "chat template"
        subject = "weights"
        traits += _of_weights(load_base(folder), untrainable_architecture(model_config(str(folder))))
    except MsmError as error:
        traits.append(Trait(subject, str(error), holds=False))
    return traits


def _of_files(folder: Path) -> Iterator[Trait]:
    config = model_config(str(folder))
    require_architecture(config, folder)
    context = context_length(config)
    reach = "its configuration names no context" if context is None else f"reads {context:,} tokens"
    yield Trait("architecture", f"{config.get('model_type')}; {reach}")
    renderer = load_renderer(folder)
    yield Trait("chat template", " ".join(["Chats can be learned and asked with it.", *renderer.notes]))


def _of_weights(loaded: LoadedModel, untrainable: str) -> Iterator[Trait]:
    batching, model = loaded.batching, loaded.model
    reasons = {reason.partition(":")[0]: reason for reason in batching.reasons}
    yield Trait("writing", reasons.get("Writing", "Replies of any length are written side by side."))
    yield Trait("scoring", reasons.get("Scoring", "Replies are scored in batches."))
    reason = untrainable or loaded.untrainable
    yield Trait("training", f"It cannot be trained: {reason}." if reason else "An adapter learns.", holds=not reason)
    if reason:
        return
    yield Trait("packing", f"In training, {choose_packing(model)[1]}.")
    experts = any(isinstance(module, SwitchLinear | QuantizedSwitchLinear) for module in model.modules())
    one_by_one = f"The arms answer one after another: {architecture_of(model)} has experts, with adapters of their own."
    yield Trait("comparing", one_by_one if experts else "The arms share a batch.")
