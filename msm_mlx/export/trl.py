"""The data and settings of a run for TRL, Hugging Face's trainer, for models that outgrow a Mac.

The rows are written as token ids with their labels, the very ones that were trained on here, in the order of the
updates: no template, mask or cut has to be reproduced over there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from shutil import copyfile
from typing import Any

from msm_mlx.engine.adapters import load_adapter
from msm_mlx.engine.loaded_model import LoadedModel, load_base
from msm_mlx.errors import RecipeError
from msm_mlx.export.base_model import base_name, new_folder, read_config, require_original
from msm_mlx.export.peft import target_modules
from msm_mlx.files import write_json, write_jsonl, write_text
from msm_mlx.models.hub import ModelRef
from msm_mlx.recipe.arms import BUILT_IN, Method, TrainingStage, Variant, training_order
from msm_mlx.recipe.schema import MidtrainSettings, Profile, StageSettings, TrainSettings
from msm_mlx.runs.finished import FinishedRun
from msm_mlx.runs.layout import PLAIN_TEXTS, training_data
from msm_mlx.settings_file.dump import dump
from msm_mlx.training.packing import batch_rows
from msm_mlx.training.replay import mix_plain_text
from msm_mlx.training.tokenize import TokenRow, read_rows
from msm_mlx.training.trainer import hold_out

SCRIPT = Path(__file__).with_name("train_with_trl.py")
IGNORED = -100  # the label of a token that is not learned, in PyTorch's cross-entropy
HALF = "bfloat16"


@dataclass(frozen=True)
class TrlStage:
    """One training of the variant: what it reads, and the folder of the adapter that it goes on with."""

    name: str
    kind: Method
    data: Path
    plain: Path | None
    """Plain text among its documents."""
    settings: TrainSettings
    start: str | None
    reasoned: bool

    @property
    def output(self) -> str:
        return f"{self.name}-adapter"


def export_data(
    run: FinishedRun, variant: Variant, base: ModelRef, out: Path, *, base_label: str | None = None
) -> list[str]:
    """Write everything that trains `variant` with TRL into the new folder `out`; the commands that do it, in order.

    Raises:
        RecipeError: if the base is quantised and there is no `base_label`, or a file of the run is missing.
    """
    config, settings = read_config(base), run.settings
    require_original(run, config, base_label)
    stages = variant_stages(run, variant, settings)
    loaded = load_base(base.folder, base.choice)
    model = {
        "model_name_or_path": base_label or base_name(base),
        "model_revision": "main" if base_label or not base.revision else base.revision,
        "dtype": str(config.get("dtype") or config.get("torch_dtype") or HALF),
        "lora_target_modules": target_modules(load_adapter(run.adapter(variant))),
    }
    commands = [f"accelerate launch train.py --config {stage.name}.yaml" for stage in stages]
    with new_folder(out) as folder:
        for stage in stages:
            rows = _learned_rows(loaded, stage)
            _write_stage(folder, stage, rows, model, settings, variant.seed or 0)
        copyfile(SCRIPT, folder / "train.py")
        write_text(folder / "README.md", _readme(run, variant, stages, commands, model))
    return commands


def variant_stages(run: FinishedRun, variant: Variant, settings: Profile) -> list[TrlStage]:
    """The trainings that make `variant`, in order."""
    stages: list[TrlStage] = []
    for step in training_order([variant]):
        name = step.path[-1]
        training, train_settings = _training_stage(run, settings, name)
        start = stages[-1].output if stages else None
        data = run.folder / training_data(step)
        assert training.method is not None, "what trains nothing is no step of a training"
        mixed = isinstance(train_settings, MidtrainSettings) and train_settings.mix is not None
        plain = run.folder / PLAIN_TEXTS if mixed else None
        stages.append(TrlStage(name, training.method, data, plain, train_settings, start, training.with_reasoning))
    for stage in stages:
        for file in filter(None, (stage.data, stage.plain)):
            if not file.is_file():
                raise RecipeError(f"{file}: is missing; run the recipe's command again to go on")
    return stages


def _training_stage(run: FinishedRun, settings: Profile, name: str) -> tuple[TrainingStage, TrainSettings]:
    """The training stage of that name in this run, and how it was trained."""
    if name not in BUILT_IN:
        declared = StageSettings.model_validate(run.recipe.stages[name], strict=False)
        return TrainingStage(name, declared.method), declared.training(settings)
    return BUILT_IN[name], settings.training(BUILT_IN[name])


def _learned_rows(loaded: LoadedModel, stage: TrlStage) -> list[TokenRow]:
    settings = stage.settings
    content = settings.model_dump(mode="json")
    rows = read_rows(loaded, stage.kind, stage.data, content, reasoned=stage.reasoned)
    if stage.plain and isinstance(settings, MidtrainSettings) and settings.mix:
        plain, share = read_rows(loaded, stage.kind, stage.plain, content), settings.mix.share
        rows = mix_plain_text(rows, plain, share, held_out=settings.validation).rows
    return hold_out(rows, settings.validation)[0]


def _write_stage(
    folder: Path, stage: TrlStage, rows: Sequence[TokenRow], model: dict[str, Any], settings: Profile, seed: int
) -> None:
    updates = stage.settings.planned_updates(len(rows))
    size = stage.settings.batch_size
    order = [index for update in range(updates) for index in batch_rows(len(rows), size, update, seed)]
    copyfile(stage.data, folder / f"{stage.name}-texts.jsonl")
    write_jsonl(folder / f"{stage.name}-rows.jsonl", (trl_row(row) for row in rows))
    write_json(folder / f"{stage.name}-order.json", order)
    config = trl_config(stage, model, settings, updates, seed)
    text = f"# accelerate launch train.py --config {stage.name}.yaml\n"
    write_text(folder / f"{stage.name}.yaml", text + dump(config))


def trl_row(row: TokenRow) -> dict[str, list[int]]:
    """A row in the form that TRL takes as tokenised already."""
    labels = [token if learned else IGNORED for token, learned in zip(row.ids, row.supervised, strict=True)]
    return {"input_ids": list(row.ids), "labels": labels}


def trl_config(stage: TrlStage, model: dict[str, Any], settings: Profile, updates: int, seed: int) -> dict[str, Any]:
    """The stage in the words of TRL's `SFTConfig` and `ModelConfig`, checked against version 1.16."""
    train, lora = stage.settings, settings.lora
    alpha = lora.rank * lora.scale
    return {
        "rows": f"{stage.name}-rows.jsonl",
        "order": f"{stage.name}-order.json",
        **({"adapter": stage.start} if stage.start else {}),
        "output_dir": stage.output,
        **model,
        "use_peft": True,
        "lora_r": lora.rank,
        "lora_alpha": int(alpha) if alpha == int(alpha) else alpha,
        "lora_dropout": 0.0,
        "max_steps": updates,
        "per_device_train_batch_size": 1,
        "gradient_accumulation_steps": train.batch_size,
        "train_sampling_strategy": "sequential",
        "max_length": train.max_length,
        "packing": False,
        "learning_rate": train.learning_rate,
        "lr_scheduler_type": "cosine",
        "warmup_steps": train.warmup,
        "optim": "adamw_torch",
        "weight_decay": train.weight_decay,
        "max_grad_norm": train.max_grad_norm,
        "bf16": model["dtype"] == HALF,
        "gradient_checkpointing": train.gradient_checkpointing,
        "save_steps": train.checkpoint_every,
        "save_total_limit": 2,
        "logging_steps": 1,
        "report_to": "none",
        "seed": seed,
    }


def _readme(
    run: FinishedRun, variant: Variant, stages: Sequence[TrlStage], commands: Sequence[str], model: dict[str, Any]
) -> str:
    lines = "\n".join(commands)
    stage_names = " and ".join(stage.name for stage in stages if stage.settings.validation)
    validation = f"\nTexts that {stage_names} held out for validation are not among the rows.\n" if stage_names else ""
    return f"""# {variant.id} of {run.folder.name}, for TRL

```sh
pip install "trl>=1.16,<2" peft
{lines}
```

This trains the arm `{variant.label}` over `{model["model_name_or_path"]}` from the same rows, in the same order and
with the same settings as msm-mlx did. `*-rows.jsonl` has token ids and labels, `*-texts.jsonl`
the texts that they come from, and `*.yaml` the settings. `train.py` is all the code.

An update has `per_device_train_batch_size` times `gradient_accumulation_steps` rows for one process; on several,
`train.py` shares them. Any split with the same product is the same update. During a warm-up TRL's learning rate is one
update behind.
{validation}"""
