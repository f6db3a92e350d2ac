"""Checks that mlx-lm can load a model from a folder, and identifies the model by a fingerprint of its files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from msm_mlx.errors import SetupError
from msm_mlx.files import sha256_file, sha256_json
from msm_mlx.models.chat_template import FILE
from msm_mlx.models.config import config_problem, end_problem
from msm_mlx.models.safetensors_header import is_whole
from msm_mlx.text.commands import command

POCKET = "pocket"  # the name of the embedded model
POCKET_FOLDER = Path(__file__).parents[1] / "pocket" / "weights"
INSTEAD = "or use --model pocket, the embedded model"
WHOLE_HASH_LIMIT = 64 * 2**20  # bytes

GENERATION = "generation_config.json"
LFS = b"version https://git-lfs.github.com/"

_PICKLES = ("*.bin", "*.pt", "*.pth")
_TOKENIZERS = ("tokenizer.json", "tokenizer.model", "*.tiktoken", "tiktoken.model", "vocab.json")
_OBJECTS = ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "config.json")
_IDENTITY = ["config.json", "*.safetensors", *_TOKENIZERS, "tokenizer_config.json", "merges.txt", "added_tokens.json"]
_IDENTITY += ["chat_template.jinja", "chat_template.json"]


@contextmanager
def quiet_transformers() -> Iterator[None]:
    """Keeps the warnings of transformers back: of rotary settings, say, which mlx-lm reads for itself."""
    from transformers.utils import logging

    before = logging.get_verbosity()
    logging.set_verbosity_error()
    try:
        yield
    finally:
        logging.set_verbosity(before)


def explain_tokenizer(folder: Path, error: Exception) -> str:
    """Why a tokenizer in `folder` could not be loaded, as `error` says or a file shows, and what to do."""
    if problem := next(filter(None, (_object_problem(folder / name) for name in _OBJECTS)), None):
        return f"the folder {problem}{'' if ';' in problem else '; copy or download the model again'}"
    if problem := _configuration_fault(folder):
        return f"transformers does not take its config.json ({problem}); copy or download the model again"
    try:
        (folder / FILE).read_text(encoding="utf-8") if (folder / FILE).is_file() else None
    except (OSError, ValueError) as fault:
        return f"{FILE} cannot be read ({fault}); save it as UTF-8"
    reason = " ".join(str(error).split()) or type(error).__name__
    return f"{reason}; choose another model, {INSTEAD}"


def _configuration_fault(folder: Path) -> str:
    """Why transformers does not take the configuration, which it reads with a tokenizer; empty if it does."""
    from transformers import AutoConfig

    try:
        with quiet_transformers():
            AutoConfig.from_pretrained(folder, trust_remote_code=False)
    except Exception as error:  # transformers documents no narrower class
        if type(error).__name__.startswith("StrictDataclass"):  # of huggingface_hub: a value is of the wrong type
            return " ".join(str(error).split())
    return ""


def check_model_folder(folder: Path, *, embedded: Path = POCKET_FOLDER) -> None:
    """Check that `folder` holds a configuration, complete safetensors weights and a tokenizer.

    What the folder of the `embedded` model lacks is put right by another installation.

    Raises:
        SetupError: naming the folder, what is wrong with it and the remedy.
    """
    try:
        problem = _problem(folder)
    except OSError as error:
        problem = f"cannot be read ({error.strerror})"
    if problem:
        advice = f"{'' if ';' in problem else 'copy or download the model again, '}{INSTEAD}"
        if folder == embedded:
            advice = "install msm-mlx again"
        raise SetupError(f"model folder {folder}: {problem}{',' if ';' in problem else ';'} {advice}")


def has_tokenizer(folder: Path) -> bool:
    """Whether `folder` holds the files of a tokenizer."""
    return any(next(folder.glob(pattern), None) for pattern in _TOKENIZERS)


def _problem(folder: Path) -> str | None:
    if not folder.exists():
        return "does not exist"
    if file := _gguf_file(folder):
        made = f"`{command('msm-mlx', 'models', 'import', file)}` makes a model of it"
        return f"{'is' if file == folder else 'holds'} a GGUF file; {made}"
    if not folder.is_dir():
        return "is a file; name the folder that it lies in"
    if problem := _config_problem(folder / "config.json") or _weights_problem(folder):
        return problem
    if not has_tokenizer(folder):
        return "holds no tokenizer (tokenizer.json, tokenizer.model or the like)"
    return None


def _gguf_file(path: Path) -> Path | None:
    """The GGUF file that somebody named in place of a model, or the folder of."""
    if path.is_file():
        return path if path.suffix == ".gguf" else None
    return None if (path / "config.json").exists() else next(iter(sorted(path.glob("*.gguf"))), None)


def _config_problem(path: Path) -> str | None:
    if not path.exists():
        return "holds no config.json"
    if problem := _object_problem(path) or _object_problem(path.with_name(GENERATION)):
        return problem
    config = json.loads(path.read_text(encoding="utf-8"))
    if code := config.get("model_file"):
        return f"wants to run code of its own ({code}), which is never done; choose a model that mlx-lm knows"
    if problem := config_problem(config):
        return f"has a config.json that {problem}"
    generation = path.with_name(GENERATION)
    if generation.exists() and (problem := end_problem(json.loads(generation.read_text(encoding="utf-8")))):
        return f"has a {GENERATION} that {problem}"
    return None


def _object_problem(path: Path) -> str:
    """What keeps a file, if it is there, from being a JSON object, as a clause about its folder."""
    if not path.exists():
        return ""
    try:
        data = path.read_bytes()
        content = json.loads(data.decode())
    except (OSError, ValueError, RecursionError) as error:
        return _stand_in(path) or f"has a {path.name} that cannot be read ({error})"
    return "" if isinstance(content, dict) else f"has a {path.name} that is not a JSON object"


def _stand_in(path: Path) -> str:
    """What lies in the place of a file of a model, as a clause about its folder; empty where that is not known."""
    with suppress(OSError), path.open("rb") as file:
        start = file.read(200)
        if not start:
            return f"has an empty {path.name}"
        if start.startswith(LFS):
            return f"has a pointer of Git LFS in place of {path.name}; fetch the file with `git lfs pull`"
        if start.lstrip().lower().startswith((b"<!doctype html", b"<html")):
            return f"has a web page in place of {path.name}"
    return ""


def _weights_problem(folder: Path) -> str | None:
    """What keeps the weights from being loaded, judged by the headers of the files alone."""
    weights = sorted(folder.glob("model*.safetensors"))
    if not weights and any(next(folder.glob(pattern), None) for pattern in _PICKLES):
        return "holds weights as pickles only, which can run code; convert it with `mlx_lm.convert`"
    if not weights:
        return "holds no weights (model*.safetensors, the only format that is read)"
    index = folder / "model.safetensors.index.json"
    try:
        shards = set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()) if index.exists() else set()
    except (OSError, ValueError, TypeError, LookupError, AttributeError) as error:
        return f"has a {index.name} that cannot be read ({error})"
    if missing := sorted(shards - {path.name for path in weights}):
        return f"misses {', '.join(missing)}"
    damaged = next((path for path in weights if not is_whole(path)), None)
    return _stand_in(damaged) or f"has a damaged or truncated {damaged.name}" if damaged else None


def fingerprint(folder: Path, *, whole_below: int = WHOLE_HASH_LIMIT) -> str:
    """A SHA-256 over the configuration, the tokenizer and the weights in `folder`.

    It covers the names, sizes and contents of the files. If they have `whole_below` bytes or more in total (64
    MiB), reading them would take too long, so the times of their last changes are hashed in place of their contents. A
    copy of such a model then has another fingerprint.
    """
    files = sorted({path for pattern in _IDENTITY for path in folder.glob(pattern) if path.is_file()})
    is_small = sum(path.stat().st_size for path in files) < whole_below
    entries = []
    for path in files:
        stat = path.stat()
        entries.append([path.name, stat.st_size, sha256_file(path) if is_small else stat.st_mtime_ns])
    return sha256_json(entries)
