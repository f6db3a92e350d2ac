"""Sentences end where they end."""

from __future__ import annotations

from msm_mlx.spec.sentences import sentence_positions


def test_short_forms_end_none() -> None:
    text = 'It is so, e.g. in the U.S. today. "Why?" he said. Because. {model_name} waits (No. 3).'
    assert [sentence for _, sentence in sentence_positions(text)] == [
        "It is so, e.g. in the U.S. today.", '"Why?" he said.', "Because.", "{model_name} waits (No. 3).",
    ]  # fmt: skip
