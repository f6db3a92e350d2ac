"""Every name of a run folder."""

from __future__ import annotations

from msm_mlx.recipe.arms import BUILT_IN, Variant, path_of

ADAPTER_FILES = ("adapters.safetensors", "adapter_config.json")
RESULTS, ANSWERS = "evaluation/results.json", "evaluation/answers.jsonl"
VERDICTS, AGREEMENT = "evaluation/verdicts.jsonl", "evaluation/judge.json"
PERPLEXITY = "evaluation/perplexity.json"


def training_data(variant: Variant) -> str:
    """The texts that the last stage of this variant learns: documents, or chats."""
    name = variant.path[-1]
    if name == "it":
        return GENERAL_ROWS
    if name in BUILT_IN and BUILT_IN[name].method == "sft":
        return DEMONSTRATIONS
    if name in BUILT_IN:
        return f"{document_folder(name, variant.spec or '', variant.several_specs)}/documents.jsonl"
    return declared_data(name)


def declared_data(name: str) -> str:
    """The texts of a training stage that the recipe declares."""
    return f"stages/{name}.jsonl"


def adapter_folder(variant: Variant) -> str:
    return f"adapters/{variant.id}"


def answers_file(variant: Variant) -> str:
    return f"evaluation/variants/{variant.id}.jsonl"


DOCUMENT_FILES = ("documents.jsonl", "rejected.jsonl", "health.json")
DEMONSTRATIONS = "demonstrations/train.jsonl"
GENERAL_ROWS = "demonstrations/general.jsonl"  # those of the general data alone, in the order that they have among all
UNUSED_ANSWERS, ASKED = "demonstrations/rejected.jsonl", "demonstrations/asked.jsonl"  # of demonstrations by the writer


def document_folder(arm: str, spec: str, several_specs: bool) -> str:
    """Where the documents are that an arm is midtrained on, and reads by itself or through the arm it starts from."""
    parts = ["documents", *(["control"] if "control" in path_of(arm) else [])]
    return "/".join([*parts, spec] if several_specs else parts)


DRAFTS = "drafts"  # in place of the folder of documents, where a critic rewrites them
CRITIQUE = "critique.jsonl"


def as_draft(name: str) -> str:
    """The id of a stage of documents, or the name of a file of them, as that of their drafts."""
    return name.replace("documents", DRAFTS, 1)
