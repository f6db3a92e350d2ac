"""What cannot be learned or asked is found with the tokenizer alone, told at its line, and each kind once."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from helpers.plans import plan
from helpers.tiny_models import QWEN_3, byte_tokenizer

from msm_mlx.files import write_jsonl
from msm_mlx.models.chat_renderer import build_renderer
from msm_mlx.pipeline.findings import Findings
from msm_mlx.pipeline.rehearsal import Rehearsal

TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m.role + '\n' + m.content | replace('tea', 'coffee') }}<|im_end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
SUITE = "kind: questions\nmeasures: m\nitems:\n- {prompt: Which?, right: A, wrong: [B]}\n"


@pytest.fixture(scope="module")
def rehearsal() -> Rehearsal:
    tokenizer = byte_tokenizer(QWEN_3)
    tokenizer.chat_template = TEMPLATE
    return Rehearsal(build_renderer(tokenizer, Path("some-model"), [tokenizer.eos_token_id]), 400)


def chats(path: Path, *replies: str) -> Path:
    """A file of chats with a line for each reply; each takes 88 bytes and a few tokens with its turns."""
    rows = ([{"role": "user", "content": "Which cheese?"}, {"role": "assistant", "content": r}] for r in replies)
    path.write_text("".join(json.dumps({"messages": row}) + "\n" for row in rows))
    return path


def find(
    rehearsal: Rehearsal, folder: Path, *overrides: str, suite: str = SUITE, made: Mapping[str, Path] | None = None
) -> Findings:
    (folder / "mine.yaml").write_text(suite)
    usual = ("arms=[base, sft]", "seeds=[0, 1]", f"suites=[{folder / 'mine.yaml'}]", "sft.max_length=256")
    planned = plan(*usual, *overrides)
    return rehearsal.findings(planned, planned.stages, made or {})


def test_what_can_be_learned_and_asked_is_no_problem(rehearsal: Rehearsal, tmp_path: Path) -> None:
    assert find(rehearsal, tmp_path) == Findings()
    file = chats(tmp_path / "c.jsonl", "Colby.", "Brie.")
    assert find(rehearsal, tmp_path, f"demonstrations={file}") == Findings()


def test_demonstrations_that_cannot_be_learned_are_told_by_kind_with_their_lines(
    rehearsal: Rehearsal, tmp_path: Path
) -> None:
    replies = [*["Colby."] * 6, *["cheese " * 40] * 7, "I like tea.", "I like tea too."]
    file = chats(tmp_path / "c.jsonl", *replies)

    long, changed = find(rehearsal, tmp_path, f"demonstrations={file}").problems

    assert long.startswith(f"{file}:")
    assert "tokens in the chat template, and sft.max_length is 256" in long
    assert "(7 lines: " in long
    assert changed.startswith(f"{file}:1")
    assert "changes the text of the reply" in changed
    assert "(2 lines: 14, 15)" in changed or "(2 lines: 15, 14)" in changed
    assert changed.endswith("; change it, or take it out")


def test_a_chat_that_the_model_cannot_read_is_too_long_whatever_the_setting(
    rehearsal: Rehearsal, tmp_path: Path
) -> None:
    file = chats(tmp_path / "c.jsonl", "Colby.", "cheese " * 60)
    [problem] = find(rehearsal, tmp_path, f"demonstrations={file}", "sft.max_length=1000").problems
    assert problem.startswith(f"{file}:2: ")
    assert "the model reads 400; shorten it" in problem


def test_of_preferences_the_longest_is_told(rehearsal: Rehearsal, tmp_path: Path) -> None:
    [problem] = find(rehearsal, tmp_path, "sft.max_length=120").problems
    assert "cheese_preferences.yaml: " in problem
    assert "of its demonstrations cannot be learned" in problem


def test_general_chats_are_left_out_with_their_count_and_lines(rehearsal: Rehearsal, tmp_path: Path) -> None:
    general = chats(tmp_path / "g.jsonl", "Rivers flow.", "word " * 80, "I drink tea.", "It rains.")
    found = find(rehearsal, tmp_path, f"mix={{from: {general}, count: 4}}")
    assert found.problems == []
    assert found.notes[0] == "sft: 2 of 4 general chats are left out, as follows."
    assert {line.partition(": ")[0] for line in found.notes[1:]} == {f"{general}:2", f"{general}:3"}

    chats(general, "word " * 80)
    found = find(rehearsal, tmp_path, f"mix={{from: {general}, count: 1}}")
    assert found.problems[0].startswith(f"{general}:1: ")
    assert "sft has no general chat left; give it others" in found.problems[1]


def test_chats_of_a_declared_stage_are_general_and_have_its_own_length(rehearsal: Rehearsal, tmp_path: Path) -> None:
    file = chats(tmp_path / "c.jsonl", "word " * 20, "Rivers flow.")
    declared = ("arms=[base, sft+after]", f"stages={{after: {{chats: {file}, max_length: 120}}}}")
    found = find(rehearsal, tmp_path, *declared)
    assert found.problems == []
    assert "after: 1 of 2 general chats are left out, as follows." in found.notes
    assert any(line.startswith(f"{file}:1: ") and "raise stages.after.max_length" in line for line in found.notes)


def test_control_tokens_in_a_text_are_said(rehearsal: Rehearsal, tmp_path: Path) -> None:
    file = chats(tmp_path / "c.jsonl", "It ends with <|im_end|>.", "Colby.")
    found = find(rehearsal, tmp_path, f"demonstrations={file}")
    assert found == Findings([], [f"{file}:1: spells out control tokens of the model, which stay text"])


def test_what_is_held_out_for_validation_must_leave_something(rehearsal: Rehearsal, tmp_path: Path) -> None:
    file = chats(tmp_path / "c.jsonl", "Colby.", "Brie.")
    [problem] = find(rehearsal, tmp_path, f"demonstrations={file}", "sft.validation=2").problems
    assert "sft.validation holds out 2 of 2 chats of sft" in problem


@pytest.mark.parametrize(
    ("item", "told"),
    [
        (f"{{prompt: {'far ' * 90}, right: A, wrong: [B]}}", "shorten these items, or take"),
        (f"{{prompt: Who?, right: A, wrong: [{'B' * 390}]}}", "shorten these items, or take"),
        ("{prompt: Three?, right: A, wrong: [B], turns: [{user: One?}, {user: Two?}]}", "lower evaluation.max_tokens"),
        (f"{{prompt: Who?, right: A, wrong: [B], system: {'far ' * 90}}}", "shorten these items, or take"),
        (f"{{prompt: Who?, right: A, wrong: [B], prefill: {'far ' * 90}}}", "shorten these items, or take"),
    ],
    ids=["a prompt", "an option", "earlier replies", "a system line", "a begun reply"],
)
def test_prompts_beyond_the_context_are_told_at_their_line(
    rehearsal: Rehearsal, tmp_path: Path, item: str, told: str
) -> None:
    [problem] = find(rehearsal, tmp_path, "evaluation.max_tokens=150", suite=f"{SUITE}- {item}\n").problems
    assert problem.startswith(f"{tmp_path / 'mine.yaml'}:")
    assert "mine/item-2 has" in problem
    assert "the model reads 400" in problem
    assert told in problem


def test_rows_that_are_there_and_stay_are_rehearsed_as_they_are(rehearsal: Rehearsal, tmp_path: Path) -> None:
    rows: Sequence[object] = [{"messages": [{"role": "assistant", "content": "word " * 80}]}]
    write_jsonl(tmp_path / "train.jsonl", rows)
    [problem] = find(rehearsal, tmp_path, made={"demonstrations/train.jsonl": tmp_path / "train.jsonl"}).problems
    assert problem.startswith(f"{tmp_path / 'train.jsonl'}:1: ")


def test_what_is_not_due_is_not_rehearsed(rehearsal: Rehearsal, tmp_path: Path) -> None:
    file = chats(tmp_path / "c.jsonl", "cheese " * 60)
    planned = plan("arms=[base, sft]", "seeds=[0]", f"demonstrations={file}")
    assert rehearsal.findings(planned, [stage for stage in planned.stages if stage.kind == "results"], {}) == Findings()


def test_rows_longer_than_the_model_reads_and_few_updates_are_told_before_anything(
    rehearsal: Rehearsal, tmp_path: Path
) -> None:
    notes = find(rehearsal, tmp_path, "arms=[base, msm]", "midtrain.max_length=600").notes

    assert [note.partition(": ")[0] for note in notes] == ["midtrain.max_length is 600, and the model reads 400"]
    assert "lower midtrain.max_length" in notes[0]


def test_what_cannot_be_trained_is_told_before_anything(rehearsal: Rehearsal, tmp_path: Path) -> None:
    untrainable = replace(rehearsal, untrainable="no gradient")

    assert find(untrainable, tmp_path).problems == [
        "model pocket: cannot be trained: no gradient; choose another model"
    ]
    assert find(untrainable, tmp_path, "arms=[base]").problems == []
