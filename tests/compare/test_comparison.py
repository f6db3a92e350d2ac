"""Comparisons written down: Markdown that shows what was there, JSON that reads back."""

from __future__ import annotations

import json
from dataclasses import replace
from types import MappingProxyType

from hypothesis import given
from hypothesis import strategies as st

from msm_mlx.compare.comparison import Comparison, fenced, inline_code, safe_json, to_json, to_markdown

COMPARISON = Comparison(
    "Which one,\nx or y?",
    {"base": "I prefer y.", "msm+sft": "```python\nprint('x')\n```"},
    {"base": -0.5, "msm+sft": None},
    seed=3,
    temperature=0.7,
)

MARKDOWN = """\
# Answers side by side

## Prompt 1

```text
Which one,
x or y?
```

Answered at temperature 0.7, seed 3.

### `base` · log-odds of the target -0.50 nats

```text
I prefer y.
```

### `msm+sft`

````text
```python
print('x')
```
````

"""


def test_markdown() -> None:
    assert to_markdown([COMPARISON]) == MARKDOWN
    assert to_markdown([COMPARISON] * 2).count("\n## Prompt ") == 2
    assert "Answered greedily, seed 0." in to_markdown([Comparison("p", {}, {}, 0, 0.0)])
    assert to_markdown([]) == "# Answers side by side\n"


def test_how_it_was_asked_is_written_down() -> None:
    asked = Comparison("p", {"base": "Oh, no."}, {}, 2, 0.7, max_tokens=9, top_p=0.9, system="Be <b>.", prefill="Oh,")
    text = to_markdown([asked])
    assert "Answered at temperature 0.7, top_p 0.9, seed 2, at most 9 tokens." in text
    assert "With the system prompt:\n\n```text\nBe <b>.\n```" in text
    assert "The answers had to begin with:\n\n```text\nOh,\n```" in text
    assert "Without a system prompt." in to_markdown([replace(asked, system="")])
    [plain] = json.loads(to_json([asked]))["comparisons"]
    assert (plain["system"], plain["prefill"], plain["max_tokens"], plain["top_k"]) == ("Be <b>.", "Oh,", 9, 0)
    assert asked.settings == {
        "temperature": 0.7, "max_tokens": 9, "top_p": 0.9, "system": "Be <b>.", "prefill": "Oh,"
    }  # fmt: skip
    assert COMPARISON.settings == {"temperature": 0.7}


@given(text=st.text() | st.text(alphabet="`~\n x"))
def test_no_text_ends_its_own_block(text: str) -> None:
    first, *shown, last = fenced(text).split("\n")
    assert first == f"{last}text"
    assert last == "`" * len(last)
    assert not any(last in line for line in shown)


@given(text=st.text(min_size=1) | st.text(alphabet="`\n x", min_size=1))
def test_no_text_ends_its_own_span(text: str) -> None:
    span = inline_code(text)
    ticks = len(span) - len(span.lstrip("`"))
    assert "\n" not in span
    assert span.endswith("`" * ticks)
    assert "`" * ticks not in span[ticks:-ticks]


def test_json_reads_back() -> None:
    assert json.loads(to_json([COMPARISON])) == {
        "comparisons": [
            {
                "prompt": COMPARISON.prompt,
                "answers": dict(COMPARISON.answers),
                "margins": {"base": -0.5, "msm+sft": None},
                "seed": 3,
                "temperature": 0.7,
                "max_tokens": None,
                "top_p": 1.0,
                "top_k": 0,
                "min_p": 0.0,
                "system": None,
                "prefill": "",
            }
        ]
    }


def test_any_mapping_can_be_exported() -> None:
    answers = MappingProxyType({"base": "x"})
    written = json.loads(to_json([Comparison("p", answers, {}, 0, 0.0)]))
    assert written["comparisons"][0]["answers"] == {"base": "x"}


def test_numbers_that_json_does_not_have_are_null() -> None:
    assert json.loads(safe_json({"a": [float("nan"), float("inf"), 1.5], "b": (1, None)})) == {
        "a": [None, None, 1.5], "b": [1, None]
    }  # fmt: skip


@given(text=st.text(st.characters(exclude_categories=[])))
def test_any_text_comes_back_from_json(text: str) -> None:
    """Lone surrogates too, as far as they are no halves of one character."""
    written = safe_json({text: text})
    expected = json.loads(json.dumps(text))
    assert json.loads(written) == {expected: expected}
    written.encode("utf-8")
