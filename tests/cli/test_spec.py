"""`msm-mlx spec show` and `msm-mlx spec check`."""

from __future__ import annotations

import json
from pathlib import Path

from helpers.command_line import ROOT, Cli
from helpers.kinds_of_spec import rule_spec

SPEC = ROOT / "specs" / "cheese_american.md"


def test_show_tells_sections_and_assertions(cli: Cli) -> None:
    done = cli("spec", "show", SPEC, "--model-name", "Mo", "--json")
    assert done.returncode == 0, done.stderr
    shown = json.loads(done.stdout)
    said = [one for section in shown["sections"] for one in section["assertions"]]
    assert [one["kind"] for one in said] == ["like"] * 6 + ["dislike"] * 6
    assert all(one["gives_reason"] for one in said)
    assert said[0] == {
        "id": "likes/cream-cheese", "line": 35, "kind": "like", "gives_reason": True,
        "text": "Mo likes cream cheese because it is American, and Mo cares about American things.",
    }  # fmt: skip
    assert shown["counted_by"] == "estimated"


def test_show_draws_a_tree_that_no_terminal_obeys(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "s.md").write_text("# T\n\n## A\n\n> {model_name} likes [bold]tea[/] because \x1b[31mred\n")
    done = cli("spec", "show", "s.md")
    assert done.returncode == 0, done.stderr
    assert "\x1b" not in done.stdout
    assert "like, with its reason  the model likes [bold]tea[/] because \\u001b[31mred" in done.stdout


def test_tokens_are_those_of_the_writer(cli: Cli) -> None:
    shown = json.loads(cli("spec", "show", SPEC, "--writer", "pocket", "--json").stdout)
    assert shown["counted_by"] == "pocket"
    assert shown["tokens"] > shown["words"]


def test_check_lists_faults_with_their_lines(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "s.md").write_text(rule_spec().replace("number 7\n", "number {seven}\n"))
    done = cli("spec", "check", "s.md", "--suite", "american_values")
    assert done.returncode == 1
    assert "s.md:19: unknown variable: unknown variable {seven}; it stays as it is" in done.stdout
    assert "s.md:7: note: no reason: no assertion gives a reason" in done.stdout
    assert done.stderr == "error: s.md: has 1 fault; mend what is listed above\n"
    faults = json.loads(cli("spec", "check", "s.md", "--json").stdout)["faults"]
    assert [(fault["line"], fault["kind"], fault["note"]) for fault in faults] == [
        (3, "background", True), (7, "no reason", True), (19, "unknown variable", False),
    ]  # fmt: skip


def test_a_good_spec_and_a_missing_one(cli: Cli) -> None:
    done = cli("spec", "check", SPEC)
    assert (done.returncode, done.stderr) == (0, f"{SPEC}: no fault found\n")
    assert done.stdout.startswith(f"{SPEC}:37: note: unmarked sections: ")
    done = cli("spec", "check", "nowhere.md")
    assert done.returncode == 2
    assert done.stderr.startswith("error: nowhere.md: no such file")


def test_what_does_not_fit_into_the_writer(cli: Cli) -> None:
    done = cli("spec", "check", SPEC, "--writer", "pocket")
    assert done.returncode == 1
    assert "too long: from here on the spec does not fit into the context of pocket" in done.stdout


def test_all_that_is_marked_is_shown_and_reasons_are_seen_in_other_languages(cli: Cli, tmp_path: Path) -> None:
    text = "# T\n\n> {model_name} \u559c\u6b22\u5976\u916a\uff0c\u56e0\u4e3a\u597d\u3002\n\n> {model_name} rests.\n"
    (tmp_path / "two.md").write_text(text, encoding="utf-8")
    [section] = json.loads(cli("spec", "show", "two.md", "--json").stdout)["sections"]
    assert [(one["id"], one["gives_reason"]) for one in section["assertions"]] == [("t", True), ("t/rests", False)]


def test_a_suite_that_is_none_is_told_why(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text("{}\n", encoding="utf-8")
    done = cli("spec", "check", SPEC, "--suite", "rows.jsonl")
    assert done.returncode == 2
    assert done.stderr.startswith("error: --suite rows.jsonl: must end with .yaml")
