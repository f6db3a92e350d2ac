"""Nothing of a spec is left out without a line of `spec check`."""

from __future__ import annotations

import pytest

from msm_mlx.spec.attributions import read_blocks
from msm_mlx.spec.left_out import notes_on_what_is_left_out
from msm_mlx.spec.markdown import read_markdown

RULE = "- {model_name} waits because it can\n"


def notes(source: str) -> list[tuple[int, str]]:
    markdown = read_markdown(source)
    faults = list(notes_on_what_is_left_out(markdown, source, read_blocks(markdown.blocks)))
    assert all(fault.note for fault in faults)
    return [(fault.line, fault.kind) for fault in faults]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (RULE, []),
        ("---\na: b\n---\n" + RULE, [(1, "left out")]),
        (RULE + "\n<!-- {model_name} hides. -->", [(3, "left out")]),
        (RULE + "\nSo <!-- hidden --> it is.", [(3, "left out"), (3, "background")]),
        (RULE + "\n%% {model_name} hides because it can %%", [(3, "left out")]),
        ("import X from './x'\n\n" + RULE + "\n{/* hidden */}", [(1, "left out"), (5, "left out")]),
        (RULE + "\n[^unused]: {model_name} hides.", [(3, "left out")]),
        ('{"a": 1}\n\n' + RULE, [(1, "left out")]),
        (
            RULE + "\n<ul><li>{model_name} sits</li><li>It stays</li></ul>",
            [(3, "left out"), (3, "left out"), (3, "background")],
        ),
        (RULE + "\nIt sits because it can.", [(3, "background")]),
        (RULE + "\nI am {model_name}.", [(3, "background")]),
        ("{model_name} must:\n\n" + RULE, [(1, "background")]),
        ("# T\n\n> User: Are you well?\n> Assistant: I am.\n\n" + RULE, [(3, "citation")]),
        (RULE + "\n{% include x %}", [(3, "left out")]),
        (RULE + "\n{model_name} should sit.", []),
        (RULE + "\n<div>\n</div>", [(3, "left out")]),
        (RULE + "- Colby", [(2, "background")]),
        (RULE + "\n| a | b |\n|---|---|\n| c | d |", [(5, "background")]),
        (RULE + "\n    code", [(3, "background")]),
        ("# T\n\n" + RULE + "\n# U\n\n    {model_name} waits.", [(7, "code")]),
        (RULE + "\n```\n{model_name} must wait\n```", [(3, "code")]),
        (RULE + "\n```\nfor x in y: pass\n```", []),
        ("# T\n\n" + RULE + "\n# U\n\nCheese is old.", [(7, "background")]),
        ("> {model_name} waits.\nSo it is.", [(2, "lazy quotation")]),
        ('# T\n\n> "Wait," said Ann.\n\n' + RULE, [(3, "citation")]),
        ("# T\n\n> {model_name} waits.\n\n# U\n\n" + RULE, [(3, "unmarked sections")]),
        (RULE + "\n| a | b |\n|---|---|\n| never c | d | e |", [(5, "left out"), (5, "background")]),
        ("# T\n\n<user>\nWait.\n\n{model_name} must run.\n</user>\n\n" + RULE, [(3, "code")]),
        (RULE + "\n~~{model_name} runs.~~", [(3, "left out")]),
        ("- [Of honesty and of care](#a)\n\n" + RULE, [(1, "left out")]),
        ("# T\n\n" + RULE + "\n## \n\n" + RULE, [(5, "left out")]),
        ("# T [[edit](https://a/b)]\n\n" + RULE, [(1, "left out"), (1, "left out")]),
        ("# T\n\n" + RULE + "\n## References\n\n- Smith, Plain words, 2019", [(7, "background")]),
        (RULE + "\n![[kitchen.png]]", [(3, "left out")]),
    ],
)
def test_each_kind(source: str, expected: list[tuple[int, str]]) -> None:
    assert notes(source) == expected


def test_all_that_is_background_is_told_in_one_line() -> None:
    source = (
        "# T\n\nIn short.\n\nSo be it.\n" + RULE + "".join(f"- Colby {n}\n" for n in range(200)) + RULE + "- Brie\n"
    )
    markdown = read_markdown(source)
    [note] = notes_on_what_is_left_out(markdown, source, read_blocks(markdown.blocks))
    assert note.message.startswith("lines 3-5, 7-206, 208: read as background")
