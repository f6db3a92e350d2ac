"""How many tokens a spec has: estimated, or as the writer's tokenizer counts."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.lookalike_models import save_lookalike

from msm_mlx.errors import SetupError
from msm_mlx.spec.measure import REPLY_TOKENS, reader_for


def test_without_a_model_tokens_are_estimated_from_the_length() -> None:
    reader = reader_for(None)
    assert (reader.name, reader.count("four" * 10), reader.room) == ("estimated", 10, None)


def test_a_model_counts_with_its_tokenizer_and_has_room_for_a_reply(tmp_path: Path) -> None:
    model = save_lookalike(tmp_path / "model", "qwen3", chat=True, bits=None)
    reader = reader_for(str(model))
    assert 0 < reader.count("Mo likes Colby.") <= len("Mo likes Colby.")
    assert reader.room == 2048 - REPLY_TOKENS


def test_a_model_without_a_tokenizer_is_refused(tmp_path: Path) -> None:
    model = save_lookalike(tmp_path / "model", "qwen3", chat=True, bits=None)
    (model / "tokenizer.json").write_text("{}", encoding="utf-8")
    with pytest.raises(SetupError, match="no tokenizer that can count"):
        reader_for(str(model))
