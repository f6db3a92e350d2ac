"""Every name of a run folder. Names with a slash are relative to it, the others stand in folders of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from msm_mlx.engine.adapter_files import CONFIG, WEIGHTS
from msm_mlx.models.chat_template import FILE
from msm_mlx.recipe.arms import BUILT_IN, CHATS, CONTEXT, MSM, Variant, built_in_stages

# Of the run as a whole.
RECIPE = "recipe.yaml"  # as it was resolved
RECORD = "run.json"  # the state of every stage
EVENTS = "events.jsonl"  # what happened when
LOCK = ".lock"
CRASH_LOG = "crash.log"  # what the model process printed before it crashed last
TEMPLATE = FILE  # a copy of the chat template that the run was made with
CELLS = "cells"  # the folder in which a grid has a run folder for each of its combinations
REPORT_HTML, REPORT_MARKDOWN = "report.html", "report.md"
CONCLUSION = "conclusion.json"  # what the report comes to

# Documents: in the folder of `document_folder`.
DOCUMENTS_FOLDER = "documents"
DRAFTS_FOLDER = "drafts"  # in place of the folder of documents, where a critic rewrites them
PLAN, IDEAS = "plan.jsonl", "ideas.jsonl"
DOCUMENTS, REJECTED, HEALTH = "documents.jsonl", "rejected.jsonl", "health.json"
IN_PROMPT = "context.json"  # the documents that stand in the prompts of the arm `context`
DOCUMENT_CHATS = "chats.jsonl"  # the documents as replies in chats
DOCUMENT_FILES = (DOCUMENTS, REJECTED, HEALTH)
CRITIQUE = "critique.jsonl"
PROGRESS = "progress.jsonl"  # replies so far, while documents are written
EARLIER = "earlier.jsonl"  # documents of before a setting grew, while more are written

PLAIN_TEXTS = "mix/texts.jsonl"  # plain text among the documents of midtraining

# Chats.
DEMONSTRATIONS = "demonstrations/train.jsonl"
GENERAL_ROWS = "demonstrations/general.jsonl"  # those of the general data alone, in the order that they have among all
UNUSED_ANSWERS, ASKED = "demonstrations/rejected.jsonl", "demonstrations/asked.jsonl"  # of demonstrations by the writer

# Training: in the folder of `adapter_folder`.
ADAPTERS_FOLDER = "adapters"
ADAPTER_FILES = (WEIGHTS, CONFIG)
METRICS = "metrics.jsonl"  # a line for each update, with its number and loss
CHECKPOINT = "checkpoint.safetensors"
BEST = "best.safetensors"  # the adapter with the lowest validation loss so far

# Evaluation.
RESULTS, ANSWERS = "evaluation/results.json", "evaluation/answers.jsonl"
VERDICTS, AGREEMENT = "evaluation/verdicts.jsonl", "evaluation/judge.json"
PERPLEXITY = "evaluation/perplexity.json"
LM_EVAL = "evaluation/lm_eval.json"
VOTES = "evaluation/votes.jsonl"


def training_data(variant: Variant) -> str:
    """The texts that the last stage of this variant learns: documents, or chats."""
    stage = BUILT_IN.get(variant.path[-1])
    if stage is None:
        return declared_data(variant.path[-1])
    if stage.about_spec:
        assert variant.spec is not None
        folder = document_folder(variant.spec, variant.several_specs, stage.name)
        return f"{folder}/{DOCUMENTS if stage.method == 'midtrain' else DOCUMENT_CHATS}"
    return DEMONSTRATIONS if stage.shows_behaviour else GENERAL_ROWS


def documents_read(variant: Variant) -> str | None:
    """The documents about its spec that the variant has read last; None if it has read none."""
    read = [stage.name for stage in built_in_stages(variant.arm) if stage.about_spec]
    if not read:
        return None
    assert variant.spec is not None
    stage = MSM if read[-1] in (CHATS, CONTEXT) else read[-1]
    return f"{document_folder(variant.spec, variant.several_specs, stage)}/{DOCUMENTS}"


def context_file(variant: Variant) -> str | None:
    """The documents that stand in the prompts of a variant, if some do."""
    if not variant.in_context:
        return None
    assert variant.spec is not None
    return f"{document_folder(variant.spec, variant.several_specs, CONTEXT)}/{IN_PROMPT}"


def declared_data(name: str) -> str:
    """The texts of a training stage that the recipe declares."""
    return f"stages/{name}.jsonl"


def document_folder(spec: str, several_specs: bool, stage: str = MSM) -> str:
    """Where the documents about the spec of this name are that a training stage learns: the spec's own, or those that
    stand in for them."""
    parts = [DOCUMENTS_FOLDER, *([] if stage == MSM else [stage]), *([spec] if several_specs else [])]
    return "/".join(parts)


def as_draft(folder: str) -> str:
    """Where the drafts of the documents in `folder` are."""
    return folder.replace(DOCUMENTS_FOLDER, DRAFTS_FOLDER, 1)


def rows_file(data: Path, *, reasoned: bool = False) -> Path:
    """The tokens of the texts in the file `data`."""
    return data.parent / "rows" / f"{data.stem}{'-reasoned' if reasoned else ''}.safetensors"


def adapter_folder(variant: Variant) -> str:
    """Where the adapter of a trained variant is; one from before the end of a stage is in the folder of its end."""
    end = f"{ADAPTERS_FOLDER}/{replace(variant.trained or variant, update=None).id}"
    return end if variant.update is None else f"{end}/{snapshot_folder(variant.update)}"


def snapshot_folder(update: int) -> str:
    """Where the adapter after this update of its stage is, in the folder of the stage's own."""
    return f"update-{update}"


def adapter_files(variant: Variant) -> tuple[str, ...]:
    """The files that make the base model this variant: none for the base itself."""
    return tuple(f"{adapter_folder(variant)}/{name}" for name in ADAPTER_FILES) if variant.has_adapter else ()


def answers_file(variant: Variant) -> str:
    """A variant's answers, from which those of all are put together in ANSWERS."""
    return f"evaluation/variants/{variant.id}.jsonl"


def inspect_log(suite: str, variant: Variant) -> str:
    """What a variant answered to the suite, for Inspect."""
    return f"evaluation/{suite}_{variant.id}.eval"


def effect_plot(suite: str) -> str:
    """What a grid's settings do to the suite, drawn."""
    return f"evaluation/effect-{suite}.svg"
