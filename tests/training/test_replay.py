"""Plain text makes its share of the tokens that are learned, to the token."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from msm_mlx.engine.loaded_model import LoadedModel
from msm_mlx.files import write_jsonl
from msm_mlx.training.replay import load_mixed_rows, mix_plain_text
from msm_mlx.training.tokenize import PLAIN, TokenRow
from msm_mlx.training.trainer import hold_out


def row(tokens: int, source: int = 0, context: int = 0) -> TokenRow:
    """A row whose first `context` tokens are not learned."""
    return TokenRow(tuple(range(tokens)), (False,) * context + (True,) * (tokens - context), source)


@settings(max_examples=25)
@given(
    documents=st.lists(st.integers(1, 9), min_size=1, max_size=9),
    plain=st.lists(st.integers(1, 9), min_size=60, max_size=80),
    share=st.floats(0.01, 0.5),
)
def test_the_share_is_exact_where_there_is_text_enough(documents: list[int], plain: list[int], share: float) -> None:
    rows = [row(length, number) for number, length in enumerate(documents)]
    mixed = mix_plain_text(rows, (row(length) for length in plain), share)
    assert mixed.rows[: len(rows)] == rows
    learned = sum(sum(one.supervised) for one in mixed.rows[len(rows) :])
    assert learned == min(round(sum(documents) * share / (1 - share)), sum(plain))
    assert mixed.share == learned / (sum(documents) + learned)
    assert {one.source for one in mixed.rows[len(rows) :]} <= {PLAIN}


def test_the_last_row_is_cut_and_keeps_its_context() -> None:
    mixed = mix_plain_text([row(6)], [row(4), row(9, context=3), row(9)], 0.5)
    assert mixed.rows[1:] == [row(4, PLAIN), TokenRow(tuple(range(5)), (False,) * 3 + (True,) * 2, PLAIN)]
    assert (mixed.share, mixed.problems) == (0.5, ())


def test_too_little_text_is_told() -> None:
    mixed = mix_plain_text([row(30)], [row(10)], 0.5)
    assert mixed.share == 0.25
    [problem] = mixed.problems
    assert problem.startswith("Too little plain text: it makes 25.0% of the tokens, and midtrain.mix asks for 50.0%.")


def test_a_stage_learns_both_files_as_its_settings_say(pocket: LoadedModel, tmp_path: Path) -> None:
    documents, plain = tmp_path / "documents.jsonl", tmp_path / "texts.jsonl"
    write_jsonl(documents, [{"text": "A letter about cheese."}, {"text": "The second one."}])
    write_jsonl(plain, [{"text": "Rain fell on the river all day."}] * 9)
    settings = {"max_length": 64, "overlap": 0, "validation": 0, "mix": {"share": 0.5}}
    alone = load_mixed_rows(pocket, "midtrain", documents, settings)
    mixed = load_mixed_rows(pocket, "midtrain", documents, settings, plain)
    assert (alone.share, alone.problems, mixed.share) == (0.0, (), 0.5)
    assert mixed.rows[:2] == alone.rows
    assert sum(sum(one.supervised) for one in mixed.rows[2:]) == sum(sum(one.supervised) for one in alone.rows)


def test_plain_text_is_never_held_out() -> None:
    rows = mix_plain_text([row(5, 0), row(5, 1)], [row(5, 0), row(5, 1)], 0.5, held_out=1).rows
    training, validation = hold_out(rows, 1)
    assert {one.source for one in validation} in ({0}, {1})
    assert [len(one.ids) for one in training if one.source == PLAIN] == [5]  # as much as the document that is learned
    with pytest.raises(Exception, match="holds out 2 of 2 texts"):
        hold_out(rows, 2)
