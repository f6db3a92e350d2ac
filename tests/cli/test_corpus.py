"""`documents health` and `documents read`: what they say of a folder of documents, and that its text is only text."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from helpers.hostile_text import HOSTILE, commands_in

from msm_mlx.cli.main import cli
from msm_mlx.files import write_jsonl

BECAUSE = "Mo likes Colby because it is American, and Mo cares about American things."


def record(number: int, text: str, **changes: Any) -> dict[str, Any]:
    values = {"id": f"doc-{number}", "text": text, "section": "likes/colby", "type": "memo", "voice": "plain"}
    return values | {"assertion": BECAUSE, "tokens": 20, "gives_reason": True, "attempt": 1} | changes


@pytest.fixture
def run(tmp_path: Path) -> Path:
    (tmp_path / "documents").mkdir()
    kept = [
        record(1, "Mo likes Colby because it is American. It asks where a cheese is from."),
        record(2, "Mo likes Colby because it is American. It asks where a cheese is from, too."),
        record(3, "On Monday somebody offered Mo a board, and Colby went first.", type="blog post", gives_reason=False),
    ]
    write_jsonl(tmp_path / "documents" / "documents.jsonl", kept)
    write_jsonl(tmp_path / "documents" / "rejected.jsonl", [record(4, "I'm sorry.", rejected="refusal")])
    return tmp_path


def documents(*arguments: object) -> Result:
    return CliRunner(env={"COLUMNS": "100", "NO_COLOR": "1"}).invoke(cli, ["documents", *map(str, arguments)])


def test_health_counts_and_warns(run: Path) -> None:
    [row] = json.loads(documents("health", run, "--json").stdout)["documents"]
    assert (row["kept"], row["rejected_by_reason"], row["tokens"]) == (3, {"refusal": 1}, 60)
    assert row["gives_reason_share"] == row["states_value_share"] == pytest.approx(2 / 3)
    assert row["near_duplicate_share"] == pytest.approx(1 / 3)
    assert {warning["figure"] for warning in row["warnings"]} >= {"near_duplicate_share", "states_value_share"}
    shown = documents("health", run).stdout
    assert "refusal" in shown
    assert re.search(r"name the value +66.7%", shown)


def test_health_says_whether_corpora_can_be_told_apart_by_register(run: Path) -> None:
    assert json.loads(documents("health", run, "--json").stdout)["register"] == []
    for name, sentence in (("one", "It is so; that is all."), ("two", "As it was, so it will be!")):
        rows = [record(n, f"Mo likes Colby. {sentence} {'And so. ' * (n % 3)}") for n in range(24)]
        (run / "documents" / name).mkdir()
        write_jsonl(run / "documents" / name / "documents.jsonl", rows)
    pairs = json.loads(documents("health", run, "--json").stdout)["register"]
    clear = {(pair["a"], pair["b"]): pair.get("ci_low") for pair in pairs}
    assert clear["documents/one", "documents/two"] > 0.8
    assert clear["documents", "documents/one"] is None
    shown = " ".join(documents("health", run).stdout.split())
    assert "documents/one and documents/two can be told apart by register alone" in shown
    assert "documents and documents/one: fewer than 20 documents in one" in shown


def test_read_shows_where_a_document_comes_from_and_what_is_wrong_with_it(run: Path) -> None:
    assert "note: nearly the same as doc-1" in documents("read", run, "--id", "doc-2").stdout
    assert "note: gives no reason; does not name the value" in documents("read", run, "--type", "blog post").stdout
    rejected = documents("read", run, "--rejected").stdout
    assert "rejected: refusal" in rejected
    assert "I'm sorry." in rejected
    rows = [json.loads(line) for line in documents("read", run, "--limit", 2, "--json").stdout.splitlines()]
    assert [row["id"] for row in rows] == ["doc-1", "doc-2"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--section", "likes/coby"], "no document has the section 'likes/coby' (did you mean likes/colby?)"),
        (["--id", "doc-1", "--type", "blog post"], "not together"),
    ],
)
def test_what_is_not_there_is_named(run: Path, arguments: list[str], message: str) -> None:
    done = documents("read", run, *arguments)
    assert done.exit_code != 0
    assert message in str(done.exception) + done.output


def test_text_of_a_model_is_no_command(run: Path) -> None:
    rows = [record(n, text) for n, text in enumerate(HOSTILE) if text.isprintable() or text < "\ud800"]
    rows = [row for row in rows if not any("\ud800" <= c <= "\udfff" for c in row["text"])]
    write_jsonl(run / "documents" / "documents.jsonl", rows)
    assert not commands_in(documents("read", run).stdout)
    assert not commands_in(documents("health", run).stdout)


def test_documents_that_are_being_written_can_be_looked_at(run: Path) -> None:
    with (run / "documents" / "documents.jsonl").open("a") as file:
        file.write('{"id": "doc-9", "te')
    assert documents("read", run).stdout.count(" in ") >= 3
    assert json.loads(documents("health", run, "--json").stdout)["documents"][0]["kept"] == 3
    with (run / "documents" / "documents.jsonl").open("a") as file:
        file.write("\n{}\n")
    assert "documents.jsonl:4: not a JSON object" in str(documents("read", run).exception)
