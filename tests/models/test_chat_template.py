"""Which chat template a folder has, from its files alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from msm_mlx.models.chat_template import BASE_TEMPLATE, FILE, read_template
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


@pytest.mark.parametrize("content", ["", "[]", "{", '{"chat_template": null}'])
def test_a_configuration_that_says_nothing_counts_as_none(tmp_path: Path, content: str) -> None:
    (tmp_path / "tokenizer_config.json").write_text(content)

    assert read_template(tmp_path).source == "msm-mlx"
