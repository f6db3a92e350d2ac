"""Which ways of computing several replies at once give what each gives alone, found by probes on the model itself.

mlx-lm pads the rows of a batch, joins the caches of rows that began at different times, and hands masks of its own to
each architecture. Not every architecture in it follows: some fail, others let padding change a reply without a word.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

import mlx.core as mx
import mlx.nn as nn
from mlx.utils import tree_flatten
from mlx_lm.generate import BatchGenerator
from mlx_lm.models.cache import make_prompt_cache

from msm_mlx.engine.architectures import architecture_of
from msm_mlx.engine.cache_rows import read_prefix, read_rows, take_rows
from msm_mlx.engine.prefix import prefix_attention, shared_row
from msm_mlx.engine.score_ids import score_together
from msm_mlx.text.wording import error_line

Writing = Literal["any lengths", "equal lengths", "one at a time"]

PREFIX = (5, 2, 7, 1, 3, 6)  # with which the probe's prompts begin
SUFFIXES = ((4, 1, 6, 2, 2, 5, 3, 7, 1, 4, 6, 3), (2, 4), (7, 3))
"""What follows it. The second reply ends first, and the third joins the first, which is being written by then."""
ALL, LAST_TWO = range(3), range(1, 3)  # rows of the probe
REPLIES = ((1, 6, 3, 2), (4,), (2, 7))
MAX_DEVIATION = 0.01  # of log-probabilities, relative to what other prompts change of them
MAX_DEVIATION_HALF = 0.08  # the same in half precision, where rounding reached 0.04 in a random model of 24 layers

ProbeRows = Iterable[tuple[int, mx.array]]
"""ProbeRows of the probe by number, with the log-probabilities (N, V) of the N tokens of the reply."""
Form = Callable[[nn.Module], ProbeRows]
"""A way of computing them."""


@dataclass(frozen=True)
class Batching:
    """What may share a batch with this model. `reasons` are lines for the log: one for each thing that may not."""

    writing: Writing = "any lengths"
    merges_prefixes: bool = True
    """Whether replies may go on from copies of the cache of what their prompts begin with."""
    attends_to_prefixes: bool = True
    """Whether they may go on from that cache itself; see `msm_mlx.engine.prefix`."""
    scoring: bool = True
    """Whether replies are scored in batches; else one by one."""
    reasons: tuple[str, ...] = ()


def choose_batching(model: nn.Module) -> Batching:
    """The fastest forms of batches among those that a probe shows to be exact for this model."""
    name = architecture_of(model)
    alone = dict(_alone(model))
    limit = MAX_DEVIATION_HALF if _is_half(model) else MAX_DEVIATION
    tolerance = limit * _deviation(alone[0][:1], alone[1][:1])  # the two follow on different prompts

    def why_not(form: Form) -> str:
        return _why_not(lambda: all(_deviation(logprobs, alone[row]) <= tolerance for row, logprobs in form(model)))

    reasons: list[str] = []
    writing: Writing = "any lengths"
    if problem := why_not(_joined):
        writing = "one at a time" if why_not(_equal) else "equal lengths"
        reasons.append(f"Writing: {_WORDS[writing]}; {name} {problem}.")
    elif problem := why_not(_from_copies):
        reasons.append(f"Writing: every prompt is read from its beginning; {name} {problem}.")
    merges = not reasons
    attends = merges and not why_not(_from_shared)
    problem = _why_not(lambda: _scores_agree(model, alone, tolerance))
    if problem:
        reasons.append(f"Scoring: one reply at a time; {name} {problem}.")
    return Batching(writing, merges, attends, not problem, tuple(reasons))


_WORDS: dict[Writing, str] = {
    "any lengths": "replies of any length side by side",
    "equal lengths": "only prompts of equal length side by side",
    "one at a time": "one reply at a time",
}


def _is_half(model: nn.Module) -> bool:
    return any(value.dtype in (mx.float16, mx.bfloat16) for _, value in tree_flatten(model.parameters()))


def _why_not(probe: Callable[[], bool]) -> str:
    try:
        return "" if probe() else "computes a reply otherwise beside another one"
    except Exception as error:  # the code of an architecture may fail in any way
        return f"cannot have others beside it ({error_line(error)})"


def _deviation(logprobs: mx.array, expected: mx.array) -> float:
    """The largest difference; infinite where one is not a number."""
    difference = mx.abs(logprobs.astype(mx.float32) - expected.astype(mx.float32)).max()
    return cast("float", mx.nan_to_num(difference, nan=mx.inf).item())


def _prompt(row: int) -> list[int]:
    return [*PREFIX, *SUFFIXES[row]]


def _alone(model: nn.Module) -> ProbeRows:
    """Every row by itself, and without a cache."""
    for row, reply in enumerate(REPLIES):
        prompt = _prompt(row)
        yield row, _normalise(model(mx.array([[*prompt, *reply[:-1]]]))[0, len(prompt) - 1 :])  # (N, V)


def _normalise(logits: mx.array) -> mx.array:
    return logits - mx.logsumexp(logits, axis=-1, keepdims=True)


def _joined(model: nn.Module) -> ProbeRows:
    """As `generate_each` writes, whole prompts."""
    return _generated(model, {row: _prompt(row) for row in ALL}, lambda: make_prompt_cache(model))


def _from_copies(model: nn.Module) -> ProbeRows:
    """The same from the merged cache of what the prompts begin with."""
    prefix = read_prefix(model, PREFIX)
    return _generated(model, {row: SUFFIXES[row] for row in LAST_TWO}, lambda: prefix)


def _from_shared(model: nn.Module) -> ProbeRows:
    """The same from one cache that all rows attend to."""
    shared = shared_row(model, read_prefix(model, PREFIX))
    if shared is None:
        raise ValueError("its layers have attention of their own")
    with prefix_attention(model):
        return _generated(model, {row: SUFFIXES[row] for row in LAST_TWO}, lambda: shared)


def _generated(model: nn.Module, prompts: Mapping[int, Sequence[int]], cache: Callable[[], Any]) -> ProbeRows:
    """Two rows at a time through mlx-lm's generator, which is made to draw the tokens of `REPLIES`."""
    scripts = {row: _ForcedDraws(REPLIES[row]) for row in prompts}
    generator = BatchGenerator(model, completion_batch_size=2, prefill_batch_size=2)
    try:
        generator.insert(
            [list(prompt) for prompt in prompts.values()],
            max_tokens=[len(REPLIES[row]) for row in prompts],
            caches=[cache() for _ in prompts],
            samplers=list(scripts.values()),
        )
        left = len(prompts)
        while left:
            left -= sum(response.finish_reason is not None for response in generator.next()[1])
    finally:
        generator.close()
    return [(row, mx.stack(script.logprobs[: len(script.reply)])) for row, script in scripts.items()]


class _ForcedDraws:
    """A sampler of mlx-lm that draws given tokens, and remembers the log-probabilities (V,) that it drew from."""

    def __init__(self, reply: Sequence[int]) -> None:
        self.reply = reply
        self.logprobs: list[mx.array] = []

    def __call__(self, logprobs: mx.array) -> mx.array:
        """(1,) from (1, V). After the last token the generator draws one that it throws away."""
        self.logprobs.append(logprobs[0])
        return mx.array([self.reply[min(len(self.logprobs), len(self.reply)) - 1]])


def _equal(model: nn.Module) -> ProbeRows:
    """As `generate_equal` writes: the first row beside two others of its length, of which one ends before it."""
    others = [[*PREFIX, *reversed(SUFFIXES[0])], [*reversed(PREFIX), *SUFFIXES[0]]]
    rows = [_prompt(0), *others]
    cache = read_rows(lambda ids, cache: model(ids, cache=cache), [row[:-1] for row in rows], make_prompt_cache(model))
    tokens = mx.array([row[-1] for row in rows])  # (B,)
    logprobs = []
    for token in REPLIES[0]:
        logprobs.append(_normalise(model(tokens[:, None], cache=cache)[0, -1]))  # (V,)
        if len(logprobs) == 1:
            tokens, cache = tokens[:-1], take_rows(cache, range(len(others)))
        tokens = mx.full(tokens.shape, token)
    return [(0, mx.stack(logprobs))]


def _scores_agree(model: nn.Module, alone: Mapping[int, mx.array], tolerance: float) -> bool:
    """In two batches, of which one has two prompts of one length."""
    chats = [([*_prompt(row), *REPLIES[row]], len(_prompt(row))) for row in ALL]
    scores = score_together(model, chats, batch_size=2)[0]
    expected = [
        sum(cast("float", alone[row][position, token].item()) for position, token in enumerate(REPLIES[row]))
        for row in ALL
    ]
    return all(abs(a - b) <= tolerance * len(REPLIES[0]) for a, b in zip(scores, expected, strict=True))
