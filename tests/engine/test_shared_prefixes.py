"""Beginnings that several prompts share, and which of them are worth reading once."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from msm_mlx.engine.shared_prefixes import MIN_SHARED_TOKENS, shared_prefixes

token_lists = st.lists(st.lists(st.integers(0, 2), min_size=1, max_size=60), max_size=12)


@given(token_lists)
def test_beginnings_are_shared_and_leave_something_to_read(prompts: list[list[int]]) -> None:
    prefixes = shared_prefixes(prompts)
    for prompt, prefix in zip(prompts, prefixes, strict=True):
        assert tuple(prompt[: len(prefix)]) == prefix
        if prefix:
            assert MIN_SHARED_TOKENS <= len(prefix) <= len(prompt) - 2
            assert prefixes.count(prefix) > 1


def test_the_beginnings_that_save_most_are_chosen() -> None:
    identity, first, second = list(range(20)), list(range(100, 200)), list(range(200, 300))
    prompts = [[*identity, *section, 900 + i, 1000] for section in (first, second) for i in range(3)]
    lengths = [len(prefix) for prefix in shared_prefixes(prompts)]
    assert lengths == [120] * 6
    assert [len(p) for p in shared_prefixes([*prompts[:1], *prompts[3:4], [*identity, 5, 6, 7]])] == [20, 20, 20]
