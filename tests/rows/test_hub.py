"""Data sets of the hub: their cache, their files for training, and what is said of one out of reach."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from helpers.fake_hub import cache_data_set

from msm_mlx.errors import RecipeError, SetupError
from msm_mlx.rows.hub import data_files
from msm_mlx.rows.read import read_rows

ROWS = [{"text": "one"}, {"text": "two\u2028lines"}]
LINES = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ROWS).encode()


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path


def test_a_cached_data_set_gives_its_training_rows(cache: Path) -> None:
    cache_data_set(
        cache, {"data/train-0.jsonl": LINES, "data/test-0.jsonl": b"{}\n", "README.md": b"#", "x.json": b"[]"}
    )
    assert [row.content for row in read_rows("hub:someone/chats")] == ROWS
    assert [row.content for row in read_rows("hub:someone/chats:data/test-0.jsonl")] == [{}]
    with pytest.raises(SetupError, match=r"there is no nothing\.jsonl in it"):
        data_files("hub:someone/chats:nothing.jsonl")


def test_a_data_set_out_of_reach_is_told(cache: Path) -> None:
    with pytest.raises(SetupError, match=r"hub:some/where: neither in the cache nor within reach .* or name a file"):
        data_files("hub:some/where")
    with pytest.raises(RecipeError, match="name a data set as hub:owner/name"):
        data_files("hub:nowhere")
