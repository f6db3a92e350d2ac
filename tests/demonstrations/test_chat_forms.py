"""The same chat out of every usual form, and what is refused because it would be lost or learned wrongly."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from msm_mlx.demonstrations.chat_forms import ChatInRow, chat_in_row
from msm_mlx.demonstrations.chat_messages import UnusableError

Messages = list[dict[str, Any]]


def message(role: str, content: Any, **more: Any) -> dict[str, Any]:
    return {"role": role, "content": content, **more}


ASK, SAY = message("user", "Which?"), message("assistant", "This.")
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=8).filter(
    str.strip
)
SYSTEM = st.none() | TEXT


@st.composite
def chats(draw: st.DrawFn, most: int = 3) -> tuple[str | None, list[tuple[str, str]], str | None]:
    """A system prompt or none, pairs of a question and its reply, and what leads to the last reply."""
    pairs = draw(st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=most))
    return draw(SYSTEM), [(ask, f"So: {say}") for ask, say in pairs], draw(SYSTEM)


def as_messages(system: str | None, pairs: list[tuple[str, str]]) -> Messages:
    talk = [message(role, text) for pair in pairs for role, text in zip(("user", "assistant"), pair, strict=True)]
    return [*([message("system", system)] if system else []), *talk]


def in_parts(messages: Messages) -> Messages:
    return [m | {"content": [{"type": "text", "text": part} for part in m["content"]]} for m in messages]


def forms(system: str | None, pairs: list[tuple[str, str]], thought: str | None) -> dict[str, dict[str, Any]]:
    """The same chat in all forms that can hold it."""
    messages = as_messages(system, pairs)
    *earlier, last = messages
    developers = {"user": "User", "assistant": "assistant", "system": "developer"}
    humans = {"user": "human", "assistant": "gpt", "system": "system"}
    reasoning = {"reasoning": thought} if thought else {}
    top_level = {"system": system} if system else {}
    thinking = message("assistant", f"<think>\n{thought}\n</think>\n\n{last['content']}") if thought else last
    by_message = [*earlier, last | ({"reasoning_content": thought} if thought else {})]
    rows: dict[str, dict[str, Any]] = {
        "messages": {"messages": messages, **reasoning},
        "inline": {"messages": [*earlier, thinking]},
        "by message": {"Messages": by_message, "tools": None, "images": []},
        "developer": {"messages": [m | {"role": developers[m["role"]]} for m in messages], **reasoning},
        "parts": {"messages": in_parts(messages), **reasoning},
        "text of JSON": {"messages": json.dumps(messages), **reasoning},
        "sharegpt": {"conversations": [{"from": humans[m["role"]], "value": m["content"]} for m in messages]}
        | reasoning,
        "own system": {"messages": messages[bool(system) :], **top_level, **reasoning},
        "empty system": {"messages": messages if system else [message("system", " "), *messages], **reasoning},
        "last question": {"messages": [*messages, ASK], **reasoning},
        "messages to complete": {"prompt": earlier, "completion": [last], **reasoning},
        "messages and a text": {"prompt": earlier, "completion": last["content"], **reasoning},
        "alpaca": {
            "instruction": pairs[-1][0], "input": "", "output": pairs[-1][1], "history": [list(p) for p in pairs[:-1]],
            **top_level, **reasoning,
        },
    }  # fmt: skip
    if len(pairs) == 1:
        [(ask, say)] = pairs
        rows |= {
            "prompt": {"prompt": ask, "completion": say, **top_level, **reasoning},
            "question": {"question": ask, "answer": say, "system_prompt": system, **reasoning},
            "response": {"Instruction": ask, "context": None, "Response": say, **top_level, **reasoning},
        }
    return rows


@settings(max_examples=50)
@given(chats())
def test_every_form_of_a_chat_reads_as_the_same(chat: tuple[str | None, list[tuple[str, str]], str | None]) -> None:
    system, pairs, thought = chat
    for form, row in forms(system, pairs, thought).items():
        read = chat_in_row(json.loads(json.dumps(row)))
        assert list(read.messages) == as_messages(system, pairs), form
        assert (read.reasoning or "").strip() == (thought or "").strip(), form


def test_what_a_question_is_about_stands_behind_it() -> None:
    [ask, say] = chat_in_row({"instruction": "Sum up.", "input": "A long story.", "output": "Short."}).messages
    assert (ask["content"], say["content"]) == ("Sum up.\n\nA long story.", "Short.")
    for row in (
        {"input": "Which?", "output": "This."},
        {"user": "Which?", "assistant": "This."},
        {"input": [ASK], "answer": "This."},
    ):
        assert chat_in_row(row).messages == (ASK, SAY)


def test_what_is_not_read_is_named() -> None:
    assert chat_in_row({"messages": [ASK | {"name": "ann"}, SAY | {"weight": 1}], "id": 0, "tools": []}) == ChatInRow(
        (ASK, SAY), None, ("messages",), ("id", "name of a message", "weight of a message")
    )
    earlier = message("assistant", "<think>Hm.</think>This.")
    assert chat_in_row({"messages": [ASK, earlier, ASK, SAY, ASK]}) == ChatInRow(
        (ASK, SAY, ASK, SAY), None, ("messages",), ("a last question without a reply", "reasoning of earlier replies")
    )
    assert chat_in_row({"messages": [ASK, SAY], "prompt": "Which?", "chosen": []}).ignored == ("prompt",)


@pytest.mark.parametrize(
    ("row", "columns"),
    [
        ({"Instruction": "Which?", "input": "", "output": "This.", "id": 3}, ("Instruction", "output")),
        ({"id": 3, "prompt": "Which?", "completion": "This.", "thinking": "Hm."}, ("prompt", "completion", "thinking")),
        ({"custom_id": "a", "body": {"messages": [ASK, SAY], "model": "m"}}, ("body.messages",)),
    ],
)
def test_what_is_read_is_named(row: dict[str, Any], columns: tuple[str, ...]) -> None:
    assert chat_in_row(row).columns == columns


@pytest.mark.parametrize(
    ("row", "kind", "said"),
    [
        ({"prompt": "A?", "chosen": "b", "rejected": "c"}, "is a pair of preferences", "as DPO learns them"),
        ({"prompt": "A?", "completion": "b", "label": False}, "is a rated reply", "as KTO learns them"),
        ({"messages": [ASK, SAY], "label": True}, "is a rated reply", "keep the good ones"),
        ({"input": {}, "preferred_output": [SAY]}, "is a pair of preferences", "as DPO learns them"),
        ({"conversations": [ASK], "chosen": SAY, "rejected": SAY}, "is a pair of preferences", "as DPO learns them"),
        (ASK, "is a message", "write a chat a row"),
        ({"note": "a", "mesages": []}, "is no chat", "it has 'note', and needs messages"),
        ({"mesages": "x"}, "is no chat", "it has 'mesages' (did you mean messages?)"),
        ({"messages": []}, "has no messages", "messages is empty"),
        ({}, "is no chat", "it has nothing"),
        ({"messages": "a chat"}, "is no chat", "messages must be a list of messages, not 'a chat'"),
        ({"prompt": "A?"}, "has no reply", "has prompt and no reply"),
        ({"prompt": "A?", "Answers": "b"}, "has no reply", "has prompt and no reply (it also has 'answers')"),
        ({"completion": "b"}, "has no question", "has completion and no question"),
        ({"text": "a"}, "is a text", "texts are learned as documents"),
        ({"text": "<s>[INST] A? [/INST] b</s>"}, "is a chat in one text", "is a chat rendered as one text"),
        ({"text": "<|prompter|>A?<|assistant|>b"}, "is a chat in one text", "is a chat rendered as one text"),
        ({"text": "Be brief. USER: A? ASSISTANT: b</s>"}, "is a chat in one text", "is a chat rendered as one text"),
        ({"id": 1, "response": {"body": {}}}, "is no chat", "it has 'id', 'response'"),
        ({"prompt": "Human: A?\n\nAssistant:", "completion": "b"}, "is a chat in one text", "write it as messages"),
        ({"prompt": ["A?"], "completion": ["b"]}, "has no messages", "prompt must be a text or a list of messages"),
        ({"prompt": 3, "completion": "b"}, "has content that is no text", "prompt must be text, not 3"),
        ({"instruction": "A?", "output": "b", "history": "x"}, "has a history", "history must be a list of pairs"),
        ({"messages": [ASK, SAY], "tools": [{"name": "f"}]}, "uses tools", "has tools, and chats with tools cannot"),
        ({"messages": [ASK, SAY], "images": ["a.png"]}, "has pictures or sound", "has images, and only text"),
        ({"system": "A.", "messages": [message("system", "B."), ASK, SAY]}, "has two system prompts", "keep one"),
        ({"messages": [ASK, SAY | {"thinking": "a"}], "reasoning": "b"}, "has two reasonings", "keep one"),
        ({"messages": [ASK]}, "has no reply", "has no reply of the assistant"),
        ({"messages": [message("system", "A.")]}, "has no reply", "has no reply of the assistant"),
        ({"messages": [SAY, ASK]}, "begins with a reply", "message 1 is a reply to nothing"),
        ({"messages": [ASK, message("system", "A."), SAY]}, "has a later system turn", "message 2 is a system turn"),
        ({"messages": [ASK, ASK, SAY]}, "has two turns of one side", "messages 1 and 2 are both of the user"),
    ],
)  # fmt: skip
def test_what_cannot_be_learned_is_refused_by_name(row: dict[str, Any], kind: str, said: str) -> None:
    with pytest.raises(UnusableError) as caught:
        chat_in_row(row)

    assert caught.value.kind == kind
    assert said in caught.value.message


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["role", "content", "type"]), inner),
    max_leaves=5,
)


@given(
    st.dictionaries(st.sampled_from(["messages", "prompt", "completion", "system", "history", "reasoning"]), ANYTHING)
)
def test_any_row_is_read_or_refused(row: dict[str, Any]) -> None:
    with contextlib.suppress(UnusableError):
        assert chat_in_row(row).messages[-1]["role"] == "assistant"
