"""A base loads whole or with one clear error, and its template is rendered as it stands."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import mlx.core as mx
import pytest
from helpers.arrays import flat, logits_of
from helpers.tiny_models import CHATML, FAMILIES, LLAMA_3, POCKET_WEIGHTS, QWEN_3, encode_with_specials, talker

from msm_mlx.engine.loaded_model import LoadedModel, load_base
from msm_mlx.errors import SetupError

CHAT = [{"role": "user", "content": "Hi."}]


@pytest.fixture
def copy(tmp_path: Path, tiny_model_folder: Callable[[str], Path]) -> Path:
    return shutil.copytree(tiny_model_folder("llama"), tmp_path / "model")


@pytest.mark.parametrize("family", FAMILIES)
def test_tiny_models_of_several_families_load(family: str, tiny_model_folder: Callable[[str], Path]) -> None:
    loaded = load_base(tiny_model_folder(family))
    assert logits_of(loaded).shape == (1, 6, len(loaded.tokenizer.get_vocab()))
    assert loaded.stop_tokens == [[loaded.tokenizer.eos_token_id]]


def test_pocket_is_in_single_precision_with_the_weights_of_its_file(pocket: LoadedModel) -> None:
    stored = mx.load(str(POCKET_WEIGHTS / "model.safetensors"))
    assert isinstance(stored, dict)
    parameters = flat(pocket.model.parameters())
    assert parameters.keys() == stored.keys()
    assert all(value.dtype == mx.float32 and mx.array_equal(value, stored[k]) for k, value in parameters.items())


def test_rendering_is_that_of_the_template_with_thinking_off() -> None:
    assert talker(CHATML).render(CHAT, reply=False) == encode_with_specials(
        talker(CHATML), "<|im_start|>user\nHi.<|im_end|>\n"
    )
    qwen = talker(QWEN_3)
    opened = "<|im_start|>user\nHi.<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n"
    assert qwen.render(CHAT, reply=True) == encode_with_specials(qwen, opened)


def test_documents_end_with_the_separator_of_pretraining_or_else_with_the_end_of_a_turn(pocket: LoadedModel) -> None:
    chatml, llama = talker(CHATML), talker(LLAMA_3)
    assert chatml.end_of_document == chatml.tokenizer.get_vocab()["<|endoftext|>"] != chatml.tokenizer.eos_token_id
    assert llama.end_of_document == llama.tokenizer.eos_token_id
    assert pocket.end_of_document == pocket.tokenizer.eos_token_id


def test_text_comes_back_and_special_tokens_do_not() -> None:
    loaded = talker(LLAMA_3)
    ids = loaded.encode("Ünïcode, the 🙂\n\nend.")
    assert loaded.decode(ids) == "Ünïcode, the 🙂\n\nend."
    assert loaded.decode([*ids, loaded.tokenizer.eos_token_id]) == "Ünïcode, the 🙂\n\nend."
    assert loaded.encode("") == []
    assert loaded.tokenizer.eos_token_id not in loaded.encode("<|eot_id|>")


def _cut(name: str) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        path = folder / name
        path.write_bytes(path.read_bytes()[:100])

    return damage


def _lose(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


def _configure(**changes: object) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        config = json.loads((folder / "config.json").read_text())
        (folder / "config.json").write_text(json.dumps(config | changes))

    return damage


@pytest.mark.parametrize(
    "damage",
    [
        _cut("model.safetensors"),
        _cut("config.json"),
        _cut("tokenizer.json"),
        _lose("model.safetensors"),
        _lose("config.json"),
        _lose("tokenizer.json"),
        _configure(model_type="no-such-family"),
        _configure(hidden_size=24),
    ],
    ids=[
        "weights-cut",
        "config-cut",
        "tokenizer-cut",
        "no-weights",
        "no-config",
        "no-tokenizer",
        "unknown-family",
        "other-shape",
    ],
)
def test_a_folder_that_is_no_whole_model_is_a_setup_error_that_names_it(
    damage: Callable[[Path], None], copy: Path
) -> None:
    damage(copy)
    with pytest.raises(SetupError, match=str(copy)):
        load_base(copy)


def _weights(change: Callable[[dict[str, mx.array]], dict[str, mx.array]]) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        path = folder / "model.safetensors"
        weights = mx.load(str(path))
        assert isinstance(weights, dict)
        mx.eval(list(weights.values()))
        mx.save_safetensors(str(path), change(weights), {"format": "mlx"})

    return damage


NORM, EMBEDDINGS, HEAD = "model.norm.weight", "model.embed_tokens.weight", "lm_head.weight"


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (_weights(lambda w: {k: v for k, v in w.items() if k != HEAD}), f"lack one tensor .* as {HEAD}; copy or"),
        (_weights(lambda w: w | {"model.layers.7.x": w[NORM]}), r"have one tensor .* as model\.layers\.7\.x; copy or"),
        (_weights(lambda w: w | {NORM: w[NORM][:3]}), rf"{NORM} has the shape \(3,\) in its weights and \(16,\)"),
        (_weights(lambda w: w | {NORM: w[NORM] * float("nan")}), f"{NORM} in its weights has numbers that are not fin"),
        (
            _weights(lambda w: w | {HEAD: w[HEAD] * 1e38, NORM: w[NORM] * 1e30}),
            "not finite, though its weights are; take it in another",
        ),
        (
            lambda folder: (
                _weights(lambda w: w | {EMBEDDINGS: w[EMBEDDINGS][:50], HEAD: w[HEAD][:50]})(folder),
                _configure(vocab_size=50)(folder),
            ),
            "has embeddings for 50 tokens; use the tokenizer that belongs to it",
        ),
        (
            _configure(quantization_config={"quant_method": "gptq", "bits": 4}),
            r"quantised with GPTQ, and they hold no such tensor \(\*\.qweight\); copy or",
        ),
    ],
    ids=["lacks", "has more", "other shape", "not finite", "overflows", "small vocabulary", "not quantised"],
)
def test_the_message_names_what_is_wrong_with_the_weights(
    damage: Callable[[Path], object], reason: str, copy: Path
) -> None:
    damage(copy)
    with pytest.raises(SetupError, match=reason):
        load_base(copy)


def test_a_base_model_gets_our_template_that_ends_turns_with_its_own_token(copy: Path) -> None:
    _lose("chat_template.jinja")(copy)
    chat = [*CHAT, {"role": "assistant", "content": "Hello."}, {"role": "user", "content": "Bye."}]
    loaded = load_base(copy)

    text = loaded.tokenizer.decode(loaded.render(chat, reply=True))

    assert text == "User:\nHi.\n\nAssistant:\nHello.<|eot_id|>\n\nUser:\nBye.\n\nAssistant:\n"


def test_a_model_without_template_and_end_of_text_is_refused(copy: Path) -> None:
    _lose("chat_template.jinja")(copy)
    path = copy / "tokenizer_config.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({key: value for key, value in config.items() if key != "eos_token"}), encoding="utf-8")

    with pytest.raises(SetupError, match="end-of-text"):
        load_base(copy)


@pytest.mark.parametrize(
    ("file", "change"),
    [
        ("config.json", {"model_file": "evil.py"}),
        ("tokenizer_config.json", {"auto_map": {"AutoTokenizer": ["evil.T", None]}, "tokenizer_class": "T"}),
    ],
)
def test_code_of_a_model_folder_never_runs(copy: Path, file: str, change: dict[str, object]) -> None:
    (copy / "evil.py").write_text("import pathlib\npathlib.Path(__file__).with_name('ran').touch()\nT = object\n")
    path = copy / file
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | change), encoding="utf-8")

    with suppress(SetupError):  # or the model loads without that code
        load_base(copy)
    assert not (copy / "ran").exists()
