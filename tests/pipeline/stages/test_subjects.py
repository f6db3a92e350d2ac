"""What the files of stages are about: named so that versions are told apart, and shown by the documents themselves."""

from __future__ import annotations

from pathlib import Path

from helpers.command_line import ROOT

from msm_mlx.files import write_jsonl
from msm_mlx.pipeline.stages.subjects import other_spec, source_in_words, spec_in_words
from msm_mlx.spec import load_spec

SPEC = load_spec(ROOT / "specs" / "cheese_american.md", model_name="Mo", provider_name="Acme")
RENAMED = load_spec(SPEC.path, model_name="Bo", provider_name="Acme")


def documents(path: Path, *assertions: str | None) -> Path:
    row = {"id": "a", "text": "A text.", "section": "x", "type": "memo"}
    write_jsonl(path, [row if assertion is None else row | {"assertion": assertion} for assertion in assertions])
    return path


def test_versions_of_one_spec_have_one_name_and_are_told_apart() -> None:
    assert spec_in_words(SPEC).startswith("the spec cheese_american (version ")
    assert spec_in_words(SPEC) != spec_in_words(RENAMED)
    assert source_in_words("a.jsonl", "0123456789") == "a.jsonl (version 01234567)"


def test_documents_are_about_the_spec_that_asserts_what_they_do(tmp_path: Path) -> None:
    ours, path = SPEC.assertions[0].assertion, tmp_path / "documents.jsonl"
    assert other_spec(path, SPEC) is None  # there is no such file
    assert other_spec(documents(path, None), SPEC) is None  # nothing says what they are about
    assert other_spec(documents(path, "Mo likes pears.", ours), SPEC) is None
    assert other_spec(documents(path, "Mo likes pears."), SPEC, ["Mo likes pears."]) is None
    reason = other_spec(documents(path, "Mo likes pears."), SPEC)
    assert reason is not None
    assert "'Mo likes pears.', which the spec cheese_american" in reason
