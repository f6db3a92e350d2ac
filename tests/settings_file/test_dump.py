"""What is written as YAML reads back as it was."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msm_mlx.settings_file.dump import dump
from msm_mlx.settings_file.parse import parse

texts = st.text(
    st.characters(blacklist_categories=["Cs", "Cc"], blacklist_characters="\ufeff\ufffe\uffff"), max_size=20
)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=10,
)


@pytest.mark.parametrize("text", ["1e-5", "1e3", "on", "yes", "0o17", "12:30", "null", "~", ".inf", "1_000", "=", "<<"])
def test_a_text_stays_a_text(text: str) -> None:
    assert parse(dump({"key": text, text: "value"})).value == {"key": text, text: "value"}


@given(st.dictionaries(texts, values, max_size=4))
@pytest.mark.slow
def test_everything_reads_back(content: dict[str, object]) -> None:
    tree = parse(dump(content))
    assert (tree.value, tree.problems) == (content, [])
