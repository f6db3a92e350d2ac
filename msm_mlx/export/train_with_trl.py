"""Train an adapter on the rows that msm-mlx has exported, with TRL, on as many machines as accelerate has.

    accelerate launch train.py --config midtrain.yaml

Every key of the configuration is an argument too, as --learning_rate 1e-4.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from datasets import Dataset, load_dataset
from peft import PeftModel, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer, set_seed
from trl import ModelConfig, SFTConfig, SFTTrainer, TrlParser, get_peft_config


@dataclass
class Data:
    """What is learned, and from where. rows: JSON lines of input_ids and labels. order: a JSON list of row numbers, an
    update after the other. adapter: the folder of an adapter to go on with, in place of a fresh one."""

    rows: str
    order: str
    adapter: str | None = None


def main() -> None:
    data, settings, base = TrlParser((Data, SFTConfig, ModelConfig)).parse_args_and_config()
    share_update(settings)
    set_seed(settings.seed)  # a fresh adapter is drawn at random
    model = AutoModelForCausalLM.from_pretrained(
        base.model_name_or_path,
        revision=base.model_revision,
        dtype=base.dtype,
        attn_implementation=base.attn_implementation,
    )
    if data.adapter:
        adapted = PeftModel.from_pretrained(model, data.adapter, is_trainable=True)
    else:
        adapted = get_peft_model(model, get_peft_config(base))
    tokenizer = AutoTokenizer.from_pretrained(base.model_name_or_path, revision=base.model_revision)
    trainer = SFTTrainer(model=adapted, args=settings, train_dataset=read_rows(data), processing_class=tokenizer)
    trainer.train()
    trainer.save_model()


def read_rows(data: Data) -> Dataset:
    """The rows in the order of the updates, each epoch a permutation of all."""
    rows = cast("Dataset", load_dataset("json", data_files=data.rows, split="train"))
    return rows.select(json.loads(Path(data.order).read_text(encoding="utf-8")))


def share_update(settings: Any) -> None:
    """Share the rows of an update among the processes, so that it has as many as the configuration says for one."""
    passes, processes = settings.gradient_accumulation_steps, settings.world_size
    if passes % processes:
        sys.exit(f"gradient_accumulation_steps ({passes}) must be a multiple of the number of processes ({processes})")
    settings.gradient_accumulation_steps = passes // processes


if __name__ == "__main__":
    main()
