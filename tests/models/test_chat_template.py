"""Which chat template a folder has, from its files alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from msm_mlx.errors import RecipeError
from msm_mlx.models.chat_template import AS_IT_STANDS, BASE_TEMPLATE, FILE, TemplateChoice, read_template
from msm_mlx.models.folder import fingerprint


def test_a_base_model_gets_ours(tmp_path: Path) -> None:
    template = read_template(tmp_path)

    assert (template.text, template.source) == (BASE_TEMPLATE, "msm-mlx")
    assert template.record() == {"sha256": template.sha256, "source": "msm-mlx"}


@pytest.mark.parametrize("own", ["{{ messages }}", [{"name": "default", "template": "{{ messages }}"}]])
def test_the_template_of_the_tokenizer_configuration(tmp_path: Path, own: object) -> None:
    (tmp_path / "tokenizer_config.json").write_text(json.dumps({"chat_template": own}))

    assert read_template(tmp_path).source == "model"


def test_the_file_wins_and_its_change_makes_another_base(tmp_path: Path) -> None:
    (tmp_path / "tokenizer_config.json").write_text(json.dumps({"chat_template": "one"}))
    (tmp_path / FILE).write_text("two")
    before = fingerprint(tmp_path)

    assert read_template(tmp_path).text == "two"
    (tmp_path / FILE).write_text("three")
    assert fingerprint(tmp_path) != before


def test_the_template_of_a_recipe_wins(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("two")
    own = tmp_path / "own.jinja"
    own.write_text("\ufeff{{ strftime_now('%Y') }}", encoding="utf-8")

    template = read_template(tmp_path, own)

    assert (template.text, template.source) == ("{{ strftime_now('%Y') }}", "recipe")
    assert template.choice("2026-03-09") == TemplateChoice(template.text, "2026-03-09")
    assert read_template(tmp_path).choice("2026-03-09") == AS_IT_STANDS


@pytest.mark.parametrize("content", [b"", b" \n", b"\xff\xfe{\x00"])
def test_a_template_of_a_recipe_that_cannot_be_read_is_named(tmp_path: Path, content: bytes) -> None:
    own = tmp_path / "own.jinja"
    own.write_bytes(content)

    with pytest.raises(RecipeError, match=r"own\.jinja"):
        read_template(tmp_path, own)


@pytest.mark.parametrize("content", ["", "[]", "{", '{"chat_template": null}'])
def test_a_configuration_that_says_nothing_counts_as_none(tmp_path: Path, content: str) -> None:
    (tmp_path / "tokenizer_config.json").write_text(content)

    assert read_template(tmp_path).source == "msm-mlx"
