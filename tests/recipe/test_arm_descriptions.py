"""What a report says of how an arm was trained."""

from __future__ import annotations

import pytest

from msm_mlx.recipe.arm_descriptions import STAGES, describe_training
from msm_mlx.recipe.arms import BUILT_IN

DECLARED = {
    "after": {"chats": "/work/mine/after.jsonl", "documents": None},
    "news": {"chats": None, "documents": "/work/mine/texts"},
    "web": {"chats": None, "documents": "hub:owner/name@main"},
}


def test_all_built_in_stages_have_words() -> None:
    assert STAGES.keys() == BUILT_IN.keys()


@pytest.mark.parametrize(
    ("arm", "words"),
    [
        ("base", "the model as it came"),
        ("sft", "fine-tuned on the demonstrations"),
        ("sft+msm", "fine-tuned on the demonstrations, then midtrained on the documents"),
        (
            "control+it+after",
            "midtrained on documents with the preferences and no reasons, "
            "then fine-tuned on general instructions, then "
            "fine-tuned on the chats of after.jsonl",
        ),
        ("news", "midtrained on the texts of texts"),
        ("web", "midtrained on the texts of hub:owner/name@main"),
    ],
)
def test_an_arm_is_described_by_its_path(arm: str, words: str) -> None:
    assert describe_training(arm, DECLARED) == words
