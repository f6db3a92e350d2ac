"""What a model's makers say of its sampling is read from its generation_config.json, as far as a sampler can use it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from msm_mlx.models.generation_config import FILE, read_generation_config


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (
            {"do_sample": True, "temperature": 0.6, "top_k": 20, "top_p": 0.95, "eos_token_id": [1, 2]},
            {"temperature": 0.6, "top_k": 20, "top_p": 0.95},
        ),
        ({"temperature": 1, "min_p": 0.0, "top_k": 0}, {"temperature": 1, "min_p": 0.0, "top_k": 0}),
        ({"_from_model_config": True, "eos_token_id": 2}, {}),
        ({"do_sample": False, "temperature": 0.6}, {}),
        ({"temperature": 0.0, "top_p": 1.5, "top_k": -1, "min_p": None}, {}),
        ({"temperature": "0.6", "top_k": 20.0, "top_p": True}, {}),
        (["temperature"], {}),
    ],
)
def test_what_a_sampler_can_use_is_read(content: object, expected: dict[str, float], tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(json.dumps(content))
    assert read_generation_config(tmp_path) == expected


def test_a_file_that_is_missing_or_broken_says_nothing(tmp_path: Path) -> None:
    assert read_generation_config(tmp_path) == {}
    (tmp_path / FILE).write_text("{")
    assert read_generation_config(tmp_path) == {}
