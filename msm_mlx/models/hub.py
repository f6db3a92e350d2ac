"""Resolves what `--model` names: the embedded model, a local folder, or a model of the Hugging Face hub.

Hub models are pinned to a revision. `huggingface_hub` is imported inside functions only, so that commands that do not
use the hub do not spend the time.
"""

from __future__ import annotations

import errno
import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from msm_mlx.errors import SetupError
from msm_mlx.files import free_space, home, sha256_json, write_text
from msm_mlx.models.chat_template import AS_IT_STANDS, TemplateChoice
from msm_mlx.models.config import config_problem
from msm_mlx.models.folder import INSTEAD, POCKET, POCKET_FOLDER, check_model_folder, fingerprint, has_tokenizer
from msm_mlx.text.wording import error_line

# mlx-lm's own patterns without `*.py`: a model's code is never fetched, so it can never run
HUB_FILES = ["*.json", "model*.safetensors", "tokenizer.model", "*.tiktoken", "tiktoken.model"]
HUB_FILES += ["*.txt", "*.jsonl", "*.jinja"]

_HUB_ID = re.compile(r"(?P<repo>[\w.-]+/[\w.-]+)(?:@(?P<revision>\w[\w./-]*))?", re.ASCII)


@dataclass(frozen=True)
class ModelRef:
    """A model on this machine, ready to be loaded."""

    name: str
    """As the user gave it."""
    folder: Path
    revision: str | None
    """The commit, for models of the hub."""
    fingerprint: str
    """`repo@commit` for models of the hub, else that of `msm_mlx.models.folder.fingerprint`; see `rendering` too."""
    choice: TemplateChoice = AS_IT_STANDS
    """What its chats are rendered with, if not with its own template as it stands."""

    def rendering(self, choice: TemplateChoice) -> ModelRef:
        """The same model with its chats rendered otherwise, which makes another base of it."""
        return replace(self, choice=choice, fingerprint=render_fingerprint(self.fingerprint, choice))


def render_fingerprint(fingerprint: str, choice: TemplateChoice) -> str:
    """That of a model whose chats are rendered with `choice`: the template and the date of the run stand behind it."""
    template = f"+{sha256_json(choice.text)[:12]}" if choice.text is not None else ""
    return fingerprint.partition("+")[0] + template + (f"+{choice.date}" if choice.date else "")


def _silent(line: str) -> None:
    """Discard the line."""


def describe_model(name: str) -> str:
    """What `name` stands for, in words, without asking the hub or opening the folder.

    Raises:
        SetupError: if the name can be neither a folder nor a model of the hub.
    """
    if name == POCKET:
        return "pocket (embedded)"
    if folder := _existing(name):
        return f"local folder {folder}"
    _split_hub_id(name)
    return f"hub model {name}, resolved when the run starts"


def go_offline() -> None:
    """Keep this process and those that it starts off the network. Call this before the hub's client is imported."""
    os.environ |= {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}


def is_local(name: str) -> bool:
    """Whether `name` is the embedded model or a folder on this machine."""
    return name == POCKET or _existing(name) is not None


def resolve_model(
    name: str,
    *,
    offline: bool = False,
    say: Callable[[str], None] = _silent,
    embedded: Path = POCKET_FOLDER,
) -> ModelRef:
    """The model that `name` stands for, downloaded if necessary.

    A local folder wins over a hub model of the same name, and the embedded model over a folder called `pocket`, which
    can be named as `./pocket`. With `offline`, or if the hub cannot be reached, only the hub's local cache is searched.

    Raises:
        SetupError: if there is no such model, if it cannot be reached, or if one of its files is missing or damaged.
    """
    folder = embedded if name == POCKET else _existing(name)
    if folder:
        check_model_folder(folder, embedded=embedded)
        return ModelRef(name, folder, None, fingerprint(folder))
    repo, revision = _split_hub_id(name)
    from huggingface_hub import errors

    reason = "offline mode"
    if not offline:
        try:
            return _downloaded(name, repo, revision, say)
        # HTTPError is the base class of httpx or httpx2, whichever the client uses; ValueError means a reply in HTML
        except (errors.HTTPError, OSError, ValueError) as error:  # type: ignore[attr-defined]
            _raise_if_final(name, repo, error)
            reason = error_line(error)
    ref = _cached(name, repo, revision, reason)
    say(f"{name}: using the cached revision {ref.folder.name[:12]}, the hub was not reached ({reason})")
    return ref


def model_config(name: str) -> dict[str, Any]:
    """The config.json of the model that `name` stands for. Nothing else of a hub model is downloaded.

    Raises:
        SetupError: if there is no such model, or it cannot be reached.
    """
    folder = POCKET_FOLDER if name == POCKET else _existing(name)
    if folder is None:
        folder = _config_of_hub(name).parent
    try:
        config = dict(json.loads((folder / "config.json").read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise SetupError(
            f"model folder {folder}: holds no config.json that can be read ({error}); copy or download the model "
            f"again, {INSTEAD}"
        ) from error
    if problem := config_problem(config):
        raise SetupError(
            f"model folder {folder}: has a config.json that {problem}; copy or download the model again, {INSTEAD}"
        )
    return config


def _config_of_hub(name: str) -> Path:
    from huggingface_hub import HfApi, errors, hf_hub_download

    repo, revision = _split_hub_id(name)
    failure = ""  # why the hub was not reached
    try:
        HfApi().model_info(repo, revision=revision, timeout=15)  # fails at once where a download would retry for long
    except (errors.HTTPError, OSError, ValueError) as error:  # type: ignore[attr-defined]
        _raise_if_final(name, repo, error)
        failure = "offline" if isinstance(error, errors.OfflineModeIsEnabled) else type(error).__name__
    try:
        return Path(hf_hub_download(repo, "config.json", revision=revision, local_files_only=bool(failure)))
    except (errors.HTTPError, OSError, ValueError) as error:  # type: ignore[attr-defined]
        _raise_if_final(name, repo, error)
        problem = f"its config.json is neither in the cache nor within reach ({failure or type(error).__name__})"
        raise SetupError(f"model {name}: {problem}; run this with a connection, {INSTEAD}") from error


def tokenizer_folder(name: str) -> Path:
    """A folder with the tokenizer and the configuration of a model; of one of the hub, its weights are left there.

    Raises:
        SetupError: if there is no such model, or it cannot be reached.
    """
    if folder := POCKET_FOLDER if name == POCKET else _existing(name):
        if not has_tokenizer(folder):
            raise SetupError(f"model folder {folder}: holds no tokenizer; copy or download the model again, {INSTEAD}")
        return folder
    folder = _config_of_hub(name).parent
    from huggingface_hub import errors, snapshot_download

    repo, _ = _split_hub_id(name)
    files = [pattern for pattern in HUB_FILES if not pattern.endswith(".safetensors")]
    for local in (False, True):  # as far as the cache has it, if the hub is out of reach
        try:
            return Path(snapshot_download(repo, revision=folder.name, allow_patterns=files, local_files_only=local))
        except (errors.HTTPError, OSError, ValueError) as error:  # type: ignore[attr-defined]
            reason = error
    raise SetupError(
        f"model {name}: its tokenizer is neither in the cache nor within reach ({type(reason).__name__}); run this "
        "with a connection"
    )


def models_home() -> Path:
    """The folder that models are imported into, whose models go by their names alone."""
    return home() / "models"


def _existing(name: str) -> Path | None:
    path = os.path.expanduser(name)  # unlike pathlib, `os.path` accepts any string
    imported = models_home() / name  # a name without an owner can be no model of the hub
    if not os.path.exists(path) and "/" not in name and os.path.exists(imported / "config.json"):
        return imported.resolve()
    return Path(path).resolve() if os.path.exists(path) else None


def _split_hub_id(name: str) -> tuple[str, str | None]:
    if name.startswith((".", "/", "~")) or name.endswith("/") or "\\" in name:
        raise SetupError(f"model {name!r}: no such folder; check the path, {INSTEAD}")
    match = _HUB_ID.fullmatch(name)
    if not match or ".." in name:
        problem = "neither an existing folder nor a model of the hub (owner/name or owner/name@revision)"
        raise SetupError(f"model {name!r}: {problem}; check the spelling, {INSTEAD}")
    return match["repo"], match["revision"]


def _downloaded(name: str, repo: str, revision: str | None, say: Callable[[str], None]) -> ModelRef:
    """Pin the revision, say how much is to be downloaded, and download it."""
    from huggingface_hub import HfApi, snapshot_download
    from huggingface_hub.constants import HF_HUB_CACHE
    from huggingface_hub.utils import tqdm  # type: ignore[attr-defined]

    class HiddenBar(tqdm):
        """Hides the progress bar of listing files, which looks like one of a download."""

        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options | {"disable": True})  # type: ignore[no-untyped-call]

    sha = HfApi().model_info(repo, revision=revision, timeout=15).sha
    if not sha:
        raise SetupError(f"model {name}: the hub names no revision of it; name one yourself, as {repo}@<commit>")
    files = snapshot_download(repo, revision=sha, allow_patterns=HUB_FILES, dry_run=True, tqdm_class=HiddenBar)
    names = {file.filename for file in files}
    if "config.json" not in names or not any(fnmatch(path, "model*.safetensors") for path in names):
        advice = f"choose a model with both, for example of mlx-community, {INSTEAD}"
        raise SetupError(f"model {name}: not both a config.json and model*.safetensors in its repository; {advice}")
    size = sum(file.file_size or 0 for file in files if file.will_download)
    say(f"{name}: revision {sha[:12]}, {f'{human_size(size)} to download' if size else 'already downloaded'}")
    _check_space(Path(HF_HUB_CACHE), size)
    folder = Path(snapshot_download(repo, revision=sha, allow_patterns=HUB_FILES))
    check_model_folder(folder)
    # the client records the commit of a branch or tag only if it resolves the name itself, and without that record
    # it finds nothing offline
    ref = folder.parents[1] / "refs" / (revision or "main")
    if revision != sha and not (ref.exists() and ref.read_text() == sha):
        write_text(ref, sha)
    return ModelRef(name, folder, sha, f"{repo}@{sha}")


def _cached(name: str, repo: str, revision: str | None, reason: str) -> ModelRef:
    from huggingface_hub import errors, snapshot_download

    try:
        path = snapshot_download(repo, revision=revision, allow_patterns=HUB_FILES, local_files_only=True)
    except errors.LocalEntryNotFoundError as error:
        state = "neither a local folder nor in the cache"
        if isinstance(error, errors.IncompleteSnapshotError):
            state = "its cached copy is incomplete"
        problem = f"{state}, and the hub cannot be reached ({reason})"
        raise SetupError(f"model {name}: {problem}; run this once with a connection, {INSTEAD}") from error
    except errors.HFValidationError as error:
        _raise_if_final(name, repo, error)
        raise
    folder = Path(path)
    check_model_folder(folder)
    return ModelRef(name, folder, folder.name, f"{repo}@{folder.name}")


def _raise_if_final(name: str, repo: str, error: Exception) -> None:
    """Raise a SetupError for errors that neither a retry nor the cache would help with."""
    from huggingface_hub import errors

    cause = error.__cause__ if isinstance(error, errors.DryRunError) and error.__cause__ else error
    status = cause.response.status_code if isinstance(cause, errors.HfHubHTTPError) else None
    page = f"https://huggingface.co/{repo}"
    if isinstance(cause, errors.GatedRepoError):
        problem = f"access has to be granted first; ask for it on {page}, then run `hf auth login`,"
    elif isinstance(cause, errors.RevisionNotFoundError):
        problem = f"the hub has no such revision of it; see {page}/commits,"
    elif isinstance(cause, errors.RepositoryNotFoundError) or status == 404:
        problem = "neither a local folder nor a public model of the hub; check the spelling, or `hf auth login`,"
    elif status in (401, 403):
        problem = "the hub refuses access to it; run `hf auth login` or renew HF_TOKEN,"
    elif isinstance(cause, errors.HFValidationError):
        problem = "not a name that the hub allows; check the spelling,"
    elif isinstance(cause, OSError) and cause.errno in (errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EROFS):
        problem = f"cannot be stored ({cause.strerror}); free some space or point HF_HOME to another folder,"
    else:
        return
    raise SetupError(f"model {name}: {problem} {INSTEAD}") from error


def _check_space(cache: Path, size: int) -> None:
    free = free_space(cache)
    if size > free:
        need = f"{human_size(size)} are needed, {human_size(free)} are free"
        raise SetupError(
            f"{cache}: there is no room for the model: {need}; free some, or point HF_HOME to another disk"
        )


def human_size(count: float) -> str:
    """A number of bytes in words: `831 B`, `3.4 kB`, `2.1 GB`."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} B" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"
