"""A reply ends at a stop token, at a stop string, or at its length, and says which."""

from __future__ import annotations

from msm_mlx.engine.chat_model import Reply
from msm_mlx.engine.loaded_model import LoadedModel
from msm_mlx.engine.pending_reply import PendingReply


def test_a_reply_ends_where_the_model_ends_it_or_where_its_length_does(pocket: LoadedModel) -> None:
    ids = pocket.encode("I prefer Edam")
    row = PendingReply(0, [1, 2, 3], 2, 0, 99, ())
    assert row.prefix == (1, 2)
    assert [row.take(token, None, pocket) for token in ids] == [None] * len(ids)
    assert row.take(0, "stop", pocket) == Reply("I prefer Edam", len(ids), True)
    more = pocket.encode(" now")
    for token in more[:-1]:
        row.take(token, None, pocket)
    assert row.take(more[-1], "length", pocket) == Reply("I prefer Edam now", len(ids) + len(more), False)


def test_a_stop_string_ends_a_reply_however_tokens_divide_it(pocket: LoadedModel) -> None:
    row = PendingReply(0, [1], 0, 0, 99, ("cheddar", "efer Ed"))
    replies = [row.take(token, None, pocket) for token in pocket.encode("I prefer Edam")]
    assert next(reply.text for reply in replies if reply) == "I pr"
