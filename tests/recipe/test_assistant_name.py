"""The assistant is called by a readable name of the model, and what is doubtful about that is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from msm_mlx.files import write_json
from msm_mlx.recipe.assistant_name import assistant_name, readable_name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("SmolLM2-135M-Instruct", "SmolLM2"),
        ("smollm2", "SmolLM2"),
        ("mlx-community/SmolLM2-135M-Instruct-4bit", "SmolLM2"),
        ("SmolLM2-135M-Instruct.Q8_0.gguf", "SmolLM2"),
        ("Qwen3-4B-4bit", "Qwen3"),
        ("Qwen2.5-Coder-7B", "Qwen2.5"),
        ("Qwen3-30B-A3B-Instruct-2507-4bit", "Qwen3"),
        ("Llama-3.2-3B-Instruct", "Llama 3.2"),
        ("Meta-Llama-3.1-8B-Instruct-4bit", "Llama 3.1"),
        ("gemma-3-4b-it", "Gemma 3"),
        ("Mistral-7B-Instruct-v0.3", "Mistral"),
        ("phi-4", "Phi 4"),
        ("Phi-3.5-mini-instruct", "Phi 3.5"),
        ("DeepSeek-R1-Distill-Qwen-7B", "DeepSeek R1"),
        ("GLM-4-9B-0414", "GLM 4"),
        ("gpt-oss-20b-MXFP4-Q4", "GPT-OSS"),
        ("granite-3.3-2b-instruct", "Granite 3.3"),
        ("LFM2-8B-A1B", "LFM2"),
        ("OLMo-2-1124-7B-Instruct", "OLMo 2"),
        ("c4ai-command-r-v01", "Command R"),
        ("Ada", "Ada"),
    ],
)
def test_names_of_models_become_readable(text: str, name: str) -> None:
    assert readable_name(text) == name


@pytest.mark.parametrize("text", [*"model my_model base fused latest checkpoint-500 8B 4bit /".split(), ""])
def test_common_words_are_no_names(text: str) -> None:
    assert readable_name(text) == ""


def folder(path: Path, template: str = "{{ messages }}", **config: str) -> Path:
    path.mkdir()
    write_json(path / "config.json", config)
    (path / "chat_template.jinja").write_text(template)
    return path


def test_the_configuration_tells_where_the_folder_does_not(tmp_path: Path) -> None:
    fused = folder(tmp_path / "fused", _name_or_path="HuggingFaceTB/SmolLM2-135M-Instruct", model_type="llama")
    found = assistant_name(str(fused))
    assert found.name == "SmolLM2"
    assert "after _name_or_path in config.json of the model" in found.reason


def test_the_template_tells_where_nothing_else_does(tmp_path: Path) -> None:
    found = assistant_name(str(folder(tmp_path / "latest", "You are Qwen, created by Alibaba Cloud.")))
    assert found.name == "Qwen"
    assert "after the default of its chat template" in found.reason
    assert "says by default that" not in found.reason


def test_a_name_for_want_of_a_better_one_is_told_with_the_setting(tmp_path: Path) -> None:
    found = assistant_name(str(folder(tmp_path / "fused", model_type="llama")))
    assert found.name == "Fused"
    assert "for want of a better name" in found.reason
    assert "--set model_name=NAME" in found.reason


def test_a_template_that_says_otherwise_is_told(tmp_path: Path) -> None:
    template = "{{ 'You are a helpful AI assistant named SmolLM, trained by Hugging Face' }}"
    found = assistant_name(str(folder(tmp_path / "SmolLM2-135M", template)))
    assert found.name == "SmolLM2"
    assert found.reason.endswith("to go by that name, set `model_name: SmolLM`.")


def test_a_template_that_says_the_same_or_nothing_is_not_told(tmp_path: Path) -> None:
    same = assistant_name(str(folder(tmp_path / "smollm2", "You are a helpful assistant named SmolLM2.")))
    nothing = assistant_name(str(folder(tmp_path / "Qwen3-4B", "You are a helpful assistant. You are in a chat.")))
    assert "chat template" not in same.reason + nothing.reason


def test_a_name_of_no_known_family_is_doubtful() -> None:
    assert "no family of models that is known here" in assistant_name("org/cheese-7B").reason
    assert "no family" not in assistant_name("org/gpt-oss-20b").reason + assistant_name("org/Phi-3.5-mini").reason


def test_pocket_needs_no_word() -> None:
    assert (assistant_name("pocket").name, assistant_name("pocket").reason) == ("Pocket", "")
