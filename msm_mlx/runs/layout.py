"""Every name of a run folder."""

from __future__ import annotations

from msm_mlx.recipe.arms import CONTROL, GENERAL, START_OF, Variant

ADAPTER_FILES = ("adapters.safetensors", "adapter_config.json")
RESULTS, ANSWERS = "evaluation/results.json", "evaluation/answers.jsonl"
VERDICTS, AGREEMENT = "evaluation/verdicts.jsonl", "evaluation/judge.json"
PERPLEXITY = "evaluation/perplexity.json"


def demonstrations_of(arm: str) -> str:
    """The chats that an arm is fine-tuned on."""
    return GENERAL_ROWS if arm == GENERAL else DEMONSTRATIONS


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
    parts = ["documents", *(["control"] if CONTROL in (arm, START_OF.get(arm)) else [])]
    return "/".join([*parts, spec] if several_specs else parts)


DRAFTS = "drafts"  # in place of the folder of documents, where a critic rewrites them
CRITIQUE = "critique.jsonl"


def as_draft(name: str) -> str:
    """The id of a stage of documents, or the name of a file of them, as that of their drafts."""
    return name.replace("documents", DRAFTS, 1)
