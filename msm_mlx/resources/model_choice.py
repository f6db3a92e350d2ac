"""Which models are on this machine, and which of them, and of well-known ones, fit into how much memory.

Sizes come from each model's config.json and the estimates of `msm_mlx.resources.memory`; nothing is loaded.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from msm_mlx.errors import MsmError, SetupError
from msm_mlx.models.folder import POCKET, POCKET_FOLDER, check_model_folder
from msm_mlx.recipe.load import load_recipe
from msm_mlx.recipe.schema import DocumentSettings, Profile, TrainSettings
from msm_mlx.recipe.shipped import shipped_recipes
from msm_mlx.resources.machine import USABLE_SHARE, Machine
from msm_mlx.resources.memory import PROMPT_TOKENS, ModelShape, generation_memory, propose, training_memory

RECIPE = "cheese_american"  # its laptop profile stands for those of all shipped recipes
ARMS, ANSWER = 4, 600  # side by side in `compare`, and the tokens of a prompt with its answer
MEMORIES = (8, 16, 24, 32, 48, 64, 128)  # GB, as Macs come
GPU_SHARE = 0.75  # of a Mac's memory is what Metal recommends to use, more or less

# hidden, layers, heads, key-value heads, inner, tied: from the config.json that each model is published with
_QWEN3 = {
    "mlx-community/Qwen3-0.6B-4bit": (1024, 28, 16, 8, 3072, True),
    "mlx-community/Qwen3-1.7B-4bit": (2048, 28, 16, 8, 6144, True),
    "mlx-community/Qwen3-4B-4bit": (2560, 36, 32, 8, 9728, True),
    "mlx-community/Qwen3-8B-4bit": (4096, 36, 32, 8, 12288, False),
    "mlx-community/Qwen3-14B-4bit": (5120, 40, 40, 8, 17408, False),
    "mlx-community/Qwen3-32B-4bit": (5120, 64, 64, 8, 25600, False),
}


@dataclass(frozen=True)
class Needs:
    """Bytes that each use of a model takes at its peak, with the mildest change of settings that fits. Midtraining
    stands for both kinds of training."""

    writing: float
    midtraining: float
    comparing: float
    changes: tuple[str, ...]
    """What to change of the laptop profile, as `key=value`."""

    @property
    def comfortable(self) -> bool:
        """Whether nothing is lost but time: documents stay whole, and several are written at once."""
        return self.whole and not any("batch_size=" in change for change in self.changes)

    @property
    def whole(self) -> bool:
        """Whether documents are not cut into more pieces."""
        return not any("max_length" in change for change in self.changes)

    def fits(self, memory: float) -> dict[str, bool]:
        """Which uses fit into so many bytes."""
        return {use: getattr(self, use) <= memory for use in ("writing", "midtraining", "comparing")}


@dataclass(frozen=True)
class KnownModel:
    """A model on this machine; `needs` is None where it is damaged or its config tells too little: see `problem`."""

    name: str
    folder: Path
    size: int  # bytes of its files
    needs: Needs | None
    problem: str = ""

    def plain(self) -> dict[str, Any]:
        """Ready for JSON."""
        return asdict(self) | {"folder": str(self.folder)}


def list_models(folders: Sequence[Path], cache: Path, machine: Machine) -> list[KnownModel]:
    """Pocket, the models in and below `folders`, and the snapshots of models in the hub's cache."""
    names = {POCKET_FOLDER: POCKET}
    for folder in folders:
        for config in (*folder.glob("config.json"), *sorted(folder.glob("*/config.json"))):
            names.setdefault(config.parent.resolve(), str(config.parent))
    for snapshot in sorted(cache.glob("models--*/snapshots/*")):
        if (snapshot / "config.json").exists():
            owner, _, name = snapshot.parents[1].name.removeprefix("models--").partition("--")
            names[snapshot] = f"{owner}/{name}@{snapshot.name[:12]}"
    return [_known(name, folder, machine) for folder, name in names.items()]


def _known(name: str, folder: Path, machine: Machine) -> KnownModel:
    size = sum(path.stat().st_size for path in folder.glob("*.safetensors") if path.exists())
    try:
        check_model_folder(folder)
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        return KnownModel(name, folder, size, needs_of(ModelShape.from_config(config), machine))
    except (MsmError, SetupError, OSError, ValueError, TypeError, AttributeError) as error:
        return KnownModel(name, folder, size, None, str(error))


@cache
def laptop_profile() -> Profile:
    """What a model other than pocket gets from the shipped recipes."""
    return load_recipe(shipped_recipes()[RECIPE], profile="laptop").settings


def needs_of(shape: ModelShape, machine: Machine) -> Needs:
    """With the laptop profile, and where that does not fit as it is, with the settings that make it fit."""
    profile = laptop_profile()
    batch, writing = _largest_batch(shape, machine, profile.documents)
    changes = [f"documents.batch_size={batch}"] if batch != profile.documents.batch_size else []
    trainings: dict[str, TrainSettings] = {"midtrain": profile.midtrain, "sft": profile.sft}
    rank, peaks = profile.lora.rank, []
    for name, settings in trainings.items():
        memory = training_memory(shape, settings, rank, metal=machine.metal)
        proposal = propose(shape, settings, rank, machine.memory, metal=machine.metal)
        if memory.total > machine.memory and proposal:
            memory = proposal.memory
            changes += [f"{name}.{change}" for change, _ in proposal.changes]
        peaks.append(memory.total)
    comparing = generation_memory(shape, ARMS, ANSWER).total
    return Needs(writing, max(peaks), comparing, tuple(changes))


def _largest_batch(shape: ModelShape, machine: Machine, documents: DocumentSettings) -> tuple[int, float]:
    """How many documents can be written side by side, and the memory that it takes."""
    batch = documents.batch_size
    while True:
        memory = generation_memory(shape, batch, PROMPT_TOKENS + documents.max_tokens).total
        if memory <= machine.memory or batch == 1:
            return batch, memory
        batch //= 2


@dataclass(frozen=True)
class Recommendation:
    """The largest well-known model that does everything on a Mac with `gigabytes` of memory; None if none does."""

    gigabytes: int
    model: str | None
    needs: Needs | None


def recommendations() -> Iterator[Recommendation]:
    """For every size of memory that Macs come with. Extrapolated to Metal, as all estimates are."""
    for gigabytes in MEMORIES:
        memory = USABLE_SHARE * GPU_SHARE * gigabytes * 1e9
        mac = Machine(f"a Mac with {gigabytes} GB", True, memory, 0.0, 0.0)
        needs = {name: needs_of(_shape(name), mac) for name in _QWEN3}
        fitting = [name for name, each in needs.items() if each.whole and all(each.fits(memory).values())]
        comfortable = [name for name in fitting if needs[name].comfortable]
        model = next(reversed(comfortable or fitting), None)
        yield Recommendation(gigabytes, model, needs[model] if model else None)


def _shape(name: str) -> ModelShape:
    hidden, layers, heads, kv_heads, inner, tied = _QWEN3[name]
    return ModelShape.from_config(
        {
            "model_type": "qwen3",
            "hidden_size": hidden,
            "num_hidden_layers": layers,
            "num_attention_heads": heads,
            "num_key_value_heads": kv_heads,
            "head_dim": 128,
            "intermediate_size": inner,
            "vocab_size": 151936,
            "tie_word_embeddings": tied,
            "quantization": {"bits": 4, "group_size": 64},
        }
    )
