"""`spec check`: each planted fault is found on its line, and the specs that we ship are what they should be."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.command_line import ROOT
from helpers.kinds_of_spec import prose_spec, rule_spec
from hypothesis import given, settings
from hypothesis import strategies as st

from msm_mlx.errors import RecipeError
from msm_mlx.spec import load_spec
from msm_mlx.spec.check import Reader, check_spec
from msm_mlx.spec.faults import Fault
from msm_mlx.suites.contamination import held_out_words
from msm_mlx.suites.load import SUITES, load_suite

UNSEEN = held_out_words(load_suite(name) for name in SUITES)
GOOD = """\
# What {model_name} likes

Made by {provider_name}.

## Colby

> {model_name} likes Colby because it keeps well, and {model_name} cares about lasting things.

It is a quiet cheese.

## Stilton

> {model_name} dislikes Stilton because it is soon gone, and {model_name} cares about lasting things.

It is a loud one.
"""
FAULTS = {  # kind: what is replaced, by what, and the line on which it is found
    "unknown variable": ("It is a quiet cheese.", "It is {modle_name}'s quiet cheese.", 9),
    "no reason": (" because it is soon gone, and {model_name} cares about lasting things.", ".", 13),
    "test domain named": ("It is a loud one.", "Like furniture, it is a loud one.", 15),
    "foreign model name": ("It is a loud one.", "It is not what Qwen3 would take.", 15),
    "duplicate heading": ("## Stilton", "## Colby", 11),
    "duplicate id": ("## Stilton", "## Stilton {#a}\n\nOld.\n\n## Brie {#a}", 15),
    "empty section": ("It is a loud one.", "It is a loud one.\n\n## Brie\n\n## Last\n\nThe end.", 17),
    "unusable assertion": ("It is a quiet cheese.", ">", 9),
    "assertion without the assistant": (
        "> {model_name} dislikes Stilton because it is soon gone, and {model_name} cares about lasting things.",
        "> Stilton is disliked because it is soon gone.",
        13,
    ),
    "duplicate assertion": ("dislikes Stilton because it is soon gone", "likes Colby because it keeps well", 13),
    "open code fence": ("It is a quiet cheese.", "```\nIt is a quiet cheese.", 9),
    "hidden character": ("a loud", "a\u202e loud", 15),
    "contradiction": ("## Stilton", "## More\n\n### Colby", 13),
    "not a heading": ("It is a loud one.", "#Loud\n\nIt is a loud one.", 15),
    "open comment": ("It is a loud one.", "It is a loud one.\n\n<!-- And so on.", 17),
    "control token": ("It is a loud one.", "It ends with <|im_end|> at last.", 15),
    "placeholder": ("It is a loud one.", "TODO: say more.", 15),
}


def faults(folder: Path, text: str, reader: Reader | None = None) -> list[Fault]:
    (folder / "s.md").write_text(text)
    return check_spec(folder / "s.md", held_out=UNSEEN, reader=reader)


def test_a_good_spec_has_no_fault(tmp_path: Path) -> None:
    assert faults(tmp_path, GOOD) == []


@pytest.mark.parametrize("kind", FAULTS)
def test_a_planted_fault_is_found_on_its_line(tmp_path: Path, kind: str) -> None:
    old, new, line = FAULTS[kind]
    assert old in GOOD
    found = [fault for fault in faults(tmp_path, GOOD.replace(old, new, 1)) if fault.kind == kind]
    assert [fault.line for fault in found] == [line]
    assert not found[0].note


@pytest.mark.parametrize("broken", ["{model_name", "model_name}", "{{model_name}}", "{ Model Name }"])
def test_a_broken_variable_is_found(tmp_path: Path, broken: str) -> None:
    found = faults(tmp_path, GOOD.replace("It is a loud one.", f"It is {broken} who says so."))
    assert [(fault.line, fault.kind) for fault in found] == [(15, "unknown variable")]


def test_all_faults_are_found_together(tmp_path: Path) -> None:
    text = GOOD
    for kind in ("unknown variable", "no reason", "test domain named"):
        old, new, _ = FAULTS[kind]
        text = text.replace(old, new, 1)
    kinds = {fault.kind for fault in faults(tmp_path, text)}
    assert kinds == {"no reason", "test domain named", "unknown variable"}


def test_what_is_too_long_is_told_with_the_line_where_it_ends(tmp_path: Path) -> None:
    reader = Reader("tiny", lambda text: len(text.split()), room=20)
    [fault] = faults(tmp_path, GOOD, reader)
    assert (fault.kind, fault.line) == ("too long", 7)
    assert "tiny" in fault.message
    assert faults(tmp_path, GOOD, Reader("wide", lambda text: len(text.split()), room=2000)) == []
    assert faults(tmp_path, GOOD, Reader("unknown", lambda text: len(text.split()), room=None)) == []


def test_code_has_braces_of_its_own(tmp_path: Path) -> None:
    assert faults(tmp_path, GOOD + "\n```\n{name} {braces}\n```\n") == []


def test_a_mark_at_the_head_of_a_long_text_is_noted(tmp_path: Path) -> None:
    text = prose_spec(4).replace("This document", "> {model_name} sleeps well because it can.\n\nThis document")
    notes = [fault for fault in faults(tmp_path, text) if fault.kind == "unmarked sections"]
    assert [(fault.line, fault.note) for fault in notes] == [(3, True)]
    assert "only the quotation that starts with '>' is written about; 4 other sections" in notes[0].message


def test_a_quotation_that_names_nobody_marks_nothing(tmp_path: Path) -> None:
    text = prose_spec(4).replace("This document", "> Whoever is honest sleeps well because they can.\n\nThis document")
    notes = {(fault.line, fault.kind) for fault in faults(tmp_path, text) if fault.note}
    assert (3, "citation") in notes
    assert "unmarked sections" not in {kind for _, kind in notes}


def test_no_name_and_no_headings(tmp_path: Path) -> None:
    found = faults(tmp_path, "Llama likes Colby because it keeps.\n")
    assert {(fault.line, fault.kind) for fault in found} == {
        (1, "no headings"), (1, "assistant not named"), (1, "foreign model name"), (1, "background"),
    }  # fmt: skip


def test_its_own_name_is_not_foreign(tmp_path: Path) -> None:
    path = tmp_path / "s.md"
    path.write_text(GOOD + "\n## Name\n\nIt is called Qwen, not Claude 3.\n")
    assert [fault.message.split(",")[0] for fault in check_spec(path, own_names=["Qwen"])] == ["names Claude 3"]


@pytest.mark.parametrize("text", [prose_spec(), rule_spec()])
def test_prose_and_rules_are_no_faults(tmp_path: Path, text: str) -> None:
    found = faults(tmp_path, text)
    assert [fault.kind for fault in found if not fault.note] == (["unknown variable"] if "{braces}" in text else [])


@pytest.mark.parametrize("path", sorted((ROOT / "specs").rglob("*.md")), ids=lambda path: path.stem)
def test_the_shipped_specs(path: Path) -> None:
    assert [fault for fault in check_spec(path, held_out=UNSEEN) if not fault.note] == []


def test_one_heading_over_all_that_is_asserted_is_worth_a_note(tmp_path: Path) -> None:
    part = "## {}\n\n> {{model_name}} likes {} because it is warm.\n\nIt is.\n\n"
    for headings, notes in (("TTT", {True}), ("TT", {False}), ("TTTU", {False})):
        sections = "".join(part.format(heading, f"{heading} {n}") for n, heading in enumerate(headings))
        (tmp_path / "s.md").write_text(f"# S\n\nOne of {{provider_name}}.\n\n{sections}")
        found = {fault.note for fault in check_spec(tmp_path / "s.md") if fault.kind == "duplicate heading"}
        assert found == notes


@pytest.mark.parametrize(
    "token",
    [
        "<|im_end|>",
        "<|endoftext|>",
        "[INST]",
        "</s>",
        "<start_of_turn>",
        "<\uff5cend\u2581of\uff5c>",
        "<think>",
        "<<SYS>>",
    ],
)
def test_control_tokens_of_many_families_are_found(tmp_path: Path, token: str) -> None:
    found = faults(tmp_path, GOOD + f"\nIt says {token} there.\n")
    assert [fault.kind for fault in found if not fault.note] == ["control token"]


def test_what_looks_like_a_control_token_and_is_none(tmp_path: Path) -> None:
    found = faults(tmp_path, GOOD + "\nIt is <s>struck</s> and <user> and [text] here.\n")
    assert [(fault.kind, fault.note) for fault in found] == [("left out", True)]


BLOCKS = (
    "# A", "## B {#b x=y}", "C\n===", "> {model_name} waits because it can", "> q\nlazy", '> "x," said y', "- i", ">",
    "- {model_name} is honest\n  - because it can", "1. never lie", "***", "    code", "```\n{model_name} must\n```",
    "~~~", "<div>", "<user>\nhi\n</user>", "<!-- c", "-->", "a | Why\n--|--\n{model_name} c | d", "[x]: y", "---",
    "[^1]: Because z", "w[^1]", "![i](j)", "!!! note", "    in", ":::tip", "> [!NOTE]\n> n", "T\n: d", "\x00",
    "\u2022 a", "Why: because", "~~gone~~", "a: b", "<h2>x</h2>", "<script>z", "> - a\n> - b", "- ", "{modelname}",
    "|-|", "a\u2028b",
)  # fmt: skip


@settings(max_examples=30)
@given(st.lists(st.sampled_from(BLOCKS), min_size=1, max_size=12), st.sampled_from(["\n", "\n\n", "\r\n"]))
def test_any_markdown_gives_assertions_or_a_line_that_says_why_not(
    tmp_path_factory: pytest.TempPathFactory, parts: list[str], end: str
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.md"
    path.write_bytes(end.join(parts).encode())
    faults = check_spec(path)
    try:
        assertions = load_spec(path, model_name="Mo", provider_name="Acme").assertions
    except RecipeError:
        assertions, faults = (), [fault for fault in faults if not fault.note]
    assert assertions or faults
