"""The files of an adapter that a recipe names: in a folder, or fetched from the hub.

`huggingface_hub` is imported inside functions only: who has a folder does not pay for it.
"""

from __future__ import annotations

from pathlib import Path

from msm_mlx.engine.adapter_files import CONFIG, PEFT_WEIGHTS, WEIGHTS
from msm_mlx.errors import RecipeError, SetupError
from msm_mlx.models.chat_template import FILE
from msm_mlx.recipe.adapter_names import HubAdapter, hub_adapter
from msm_mlx.rows.hub import HUB

FILES = (CONFIG, WEIGHTS, PEFT_WEIGHTS, FILE, "chat_template.json", "tokenizer_config.json")
SECONDS = 15.0  # that the hub may take to answer


def fetch_adapter(source: str) -> Path:
    """The folder of an adapter, whose files are downloaded if it is one of the hub.

    Raises:
        SetupError: if it is neither in the cache nor within reach.
        RecipeError: if the repository holds none there.
    """
    adapter = hub_adapter(source)
    if adapter is None:
        return Path(source)
    folder = _download(source, adapter)
    if not (folder / CONFIG).exists():
        raise RecipeError(f"{source}: holds no {CONFIG}; name the folder that has it, as hub:owner/name:FOLDER")
    return folder


def _download(source: str, adapter: HubAdapter) -> Path:
    from huggingface_hub import HfApi, errors

    try:
        HfApi().model_info(adapter.repo, revision=adapter.revision, timeout=SECONDS)  # a download would retry for long
        return _snapshot(adapter, local=False)
    except (errors.HTTPError, OSError, ValueError) as error:  # type: ignore[attr-defined]
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        if folder := cached_adapter(source):
            return folder
        raise SetupError(
            f"{source}: neither in the cache nor within reach ({reason}); check the name, run this once with a "
            "connection, or name a folder"
        ) from error


def cached_adapter(source: str) -> Path | None:
    """The folder of an adapter if it is on this machine; None of one of the hub that nobody has fetched."""
    adapter = hub_adapter(source)
    if adapter is None:
        return Path(source)
    from huggingface_hub import errors

    try:
        folder = _snapshot(adapter, local=True)
    except (errors.LocalEntryNotFoundError, errors.HFValidationError):
        return None
    return folder if (folder / CONFIG).exists() else None


def pinned_adapter(source: str) -> str:
    """An adapter of the hub with the commit that is in the cache; any other as it is named."""
    adapter, folder = hub_adapter(source), cached_adapter(source)
    if adapter is None or folder is None:
        return source
    commit = folder.parents[adapter.folder.count("/")].name if adapter.folder else folder.name
    return f"{HUB}{adapter.repo}@{commit}{f':{adapter.folder}' if adapter.folder else ''}"


def _snapshot(adapter: HubAdapter, *, local: bool) -> Path:
    from huggingface_hub import snapshot_download

    patterns = [f"{adapter.folder}/{name}" if adapter.folder else name for name in FILES]
    folder = snapshot_download(adapter.repo, revision=adapter.revision, allow_patterns=patterns, local_files_only=local)
    return Path(folder, adapter.folder) if adapter.folder else Path(folder)
