"""Single messages: what they are read as, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from msm_mlx.demonstrations.chat_messages import ChatMessage, UnusableError, read_message

SAY: dict[str, Any] = {"role": "assistant", "content": "This."}


def said(content: Any, **more: Any) -> dict[str, Any]:
    return SAY | {"content": content} | more


@pytest.mark.parametrize(
    ("turn", "message"),
    [
        ({"from": "HUMAN", "value": "Which?"}, ChatMessage(2, "user", "Which?")),
        ({"Role": "User", "Content": "Which?"}, ChatMessage(2, "user", "Which?")),
        ({"speaker": "bot", "text": "This."}, ChatMessage(2, "assistant", "This.")),
        ({"type": "ai", "content": "This."}, ChatMessage(2, "assistant", "This.")),
        (
            {"type": "message", "role": "user", "content": {"text": "Which?"}},
            ChatMessage(2, "user", "Which?", None, ("type",)),
        ),
        ({"role": "model", "parts": [{"text": "This."}]}, ChatMessage(2, "assistant", "This.")),
        (
            said([{"type": "thinking", "thinking": "Near."}, {"text": "This."}]),
            ChatMessage(2, "assistant", "This.", "Near."),
        ),
        ({"role": "developer", "content": " "}, ChatMessage(2, "system", "")),
        (said(["Th", {"text": "is"}, {"type": "text", "text": "."}], name=None), ChatMessage(2, "assistant", "This.")),
        (said("<think>\nNear.\n</think>\n\nThis."), ChatMessage(2, "assistant", "This.", "Near.")),
        (said("<think>\n\n</think>\n\nThis."), ChatMessage(2, "assistant", "This.")),
        (said("A <think> and a </think>."), ChatMessage(2, "assistant", "A <think> and a </think>.")),
        (said("This.", thinking="Near.", weight=1), ChatMessage(2, "assistant", "This.", "Near.", ("weight",))),
    ],
)
def test_messages_are_read(turn: dict[str, Any], message: ChatMessage) -> None:
    assert read_message(turn, 2) == message


@pytest.mark.parametrize(
    ("turn", "kind", "words"),
    [
        ("hello", "has no messages", "message 2 must have role and content, not be 'hello'"),
        ({"human": "hi"}, "has a message without role", "message 2 has no role; it has 'human'"),
        ({"role": "assistant"}, "has a message without content", "message 2 has no content"),
        (said("b", role="customer"), "has another role", "system, user, assistant, not 'customer'"),
        (said("b", role=3), "has another role", "not 3"),
        (said("b", role="tool"), "uses tools", "message 2 is of a tool"),
        (said("b", tool_calls=[{}]), "uses tools", "message 2 has tool_calls"),
        (said([{"type": "tool_use"}]), "uses tools", "a part of type 'tool_use'"),
        (said("b", images=["a.png"]), "has pictures or sound", "message 2 has images"),
        (said([{"type": "image_url"}]), "has content that is no text", "a part of type 'image_url'"),
        (said([3]), "has content that is no text", "has a part that is 3"),
        (said(None), "has content that is no text", "message 2: content is null"),
        (said(3), "has content that is no text", "content must be text, not 3"),
        (said(" "), "has an empty message", "message 2 is empty"),
        (said("<think>a</think> "), "has an empty message", "message 2 is empty"),
        (said("<think>a"), "has a thought that does not end", "has no </think>"),
        (said("a</think>b"), "has a thought that does not begin", "</think> and no <think> before it"),
        (said("<think>a</think>b", reasoning="c"), "has two reasonings", "keep one"),
        (said("\ud800"), "has half a character", "it holds half a character"),
        (said(["\ud800"]), "has half a character", "it holds half a character"),
        (said("a\0b"), "holds NUL characters", "content holds a NUL character"),
        (said([{"image": "a.png"}]), "has content that is no text", "has a part without text; it has 'image'"),
        (said("b", train_on_turn=False), "has replies not to be learned", "message 2 is marked as not to be learned"),
        (said("b", weight=0), "has replies not to be learned", "message 2 is marked as not to be learned"),
    ],
)
def test_what_cannot_be_learned_is_refused_by_name(turn: object, kind: str, words: str) -> None:
    with pytest.raises(UnusableError) as caught:
        read_message(turn, 2)

    assert caught.value.kind == kind
    assert words in caught.value.message
