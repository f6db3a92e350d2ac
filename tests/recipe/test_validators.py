"""Single values of a recipe: what is taken, and what is said of what is not."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import pytest
from pydantic import AfterValidator, TypeAdapter

from msm_mlx.recipe.validators import (
    chat_file,
    known_suite,
    new_stage_name,
    on_this_machine,
    one_or_many,
    reasoning_format,
    share_or_percentage,
    supported_type,
)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8080/v1", "http://localhost:1/v1", "https://[::1]:8080/v1", "http://127.8.9.1/v1/"]
)
def test_a_server_may_be_on_this_machine(url: str) -> None:
    assert on_this_machine(url) == url.rstrip("/")


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/v1",
        "http://192.168.0.7/v1",
        "http://localhost.example.org/v1",
        "http://127.0.0.1@example.org/v1",
        "http://user@localhost/v1",
        "http://localhost:port/v1",
        "http://localhost/v1?to=http://example.org",
        "http://localhost/v1#x",
        "ftp://localhost/v1",
        "localhost:8080",
        "",
    ],
)
def test_a_server_anywhere_else_gets_no_documents(url: str) -> None:
    with pytest.raises(ValueError, match="specs and documents are sent nowhere else"):
        on_this_machine(url)


def test_one_file_may_stand_without_a_list() -> None:
    assert one_or_many("a.md") == ["a.md"]
    assert one_or_many(["a.md", "b.md"]) == ["a.md", "b.md"]
    with pytest.raises(ValueError, match="must be a file name or a list of file names, not 3"):
        one_or_many(3)


@pytest.mark.parametrize("text", ["{reply}", "{reasoning}{reply}{reply}", "{reasoning}{reply}{more}", "{}{reply}"])
def test_a_format_of_reasoning_has_both_parts_once(text: str) -> None:
    with pytest.raises(ValueError, match=r"must have \{reasoning\} and \{reply\}, once each"):
        reasoning_format(text)
    assert reasoning_format("<think>{reasoning}</think>{reply}") == "<think>{reasoning}</think>{reply}"


@pytest.mark.parametrize("kind", ["dora", "full"])
def test_other_kinds_of_training_are_refused_with_a_reason(kind: str) -> None:
    with pytest.raises(ValueError, match="only lora is supported: "):
        supported_type(kind)
    assert supported_type("lora") == "lora"


def test_a_declared_stage_has_a_name_of_its_own() -> None:
    assert new_stage_name("warm-up_2") == "warm-up_2"
    for name in ("base", "msm", "cot-sft"):
        with pytest.raises(ValueError, match="is built in; choose another name"):
            new_stage_name(name)
    for name in ("", "Warm", "a+b", "a b"):
        with pytest.raises(ValueError, match="must be made of a-z, 0-9, _ and - only"):
            new_stage_name(name)


def test_chats_are_in_no_file_of_settings() -> None:
    assert chat_file(Path("a.JSONL")) == Path("a.JSONL")
    with pytest.raises(ValueError, match=r"'a\.yaml' is a file of settings; give one of chats, such as a \.jsonl"):
        chat_file(Path("x/a.yaml"))


def test_a_suite_in_a_file_of_rows_is_told_why(tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text("{}\n")
    (tmp_path / "mine.yaml").write_text("")
    suite = TypeAdapter(Annotated[str, AfterValidator(known_suite)])
    context = {"suites": ("values",), "folder": tmp_path}
    (tmp_path / "folder").mkdir()
    for name in ("mine", "mine.yaml"):
        assert suite.validate_python(name, context=context) == str(tmp_path / "mine.yaml")
    for name, said in (
        ("rows.jsonl", r"'rows\.jsonl' must end with \.yaml: a suite is a file of settings, and not of rows"),
        ("rows", "no suite is called 'rows'"),
        ("valeus", r"no suite is called 'valeus' \(did you mean values\?\)"),
        ("rows.yml", "no such file: 'rows.yml'"),
        ("folder", "'folder' is a folder: name a file in it"),
        ("x" * 5000, "no suite is called"),
        ("a\0b", "no suite is called"),
    ):
        with pytest.raises(ValueError, match=said):
            suite.validate_python(name, context=context)


@pytest.mark.parametrize(
    ("value", "share"), [("1%", 0.01), ("0.5 %", 0.005), ("100%", 1.0), (0.02, 0.02), (0, 0), ("0%", 0.0)]
)
def test_a_share_may_be_a_percentage(value: object, share: float) -> None:
    assert share_or_percentage(value) == pytest.approx(share)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (1, "may be 1% or 100% of the rows; write it with %, and not as 1"),
        ("1", "must be a share of the rows, as 1% or 0.01, not '1'"),
        (None, "must be a share of the rows"),
        (True, "must be a share"),
        ([0.1], "must be a share"),
        ("-1%", "must be a share"),
    ],
)
def test_what_may_be_another_share_is_refused(value: object, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        share_or_percentage(value)
