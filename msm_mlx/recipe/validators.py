"""The values of a recipe one by one: what is taken, and what is said of what is not."""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import ValidationInfo

from msm_mlx.recipe.adapter_names import hub_adapter
from msm_mlx.recipe.arms import BASE, BUILT_IN, arm_problem
from msm_mlx.rows.hub import HUB, KINDS, is_data_set
from msm_mlx.settings_file.base import existing_file, is_settings_file
from msm_mlx.text.wording import describe, did_you_mean

NO_ROWS = (".txt", ".md", ".yaml", ".yml")  # endings of one text or of settings


def data_source(value: str, info: ValidationInfo) -> str:
    return hub_source(value) if value.startswith(HUB) else str(existing_file(value, info))


def hub_source(value: str) -> str:
    """A data set of the hub by its name, if that can be one."""
    if not is_data_set(value):
        raise ValueError(f"{describe(value)} is no data set; write hub:owner/name, with @revision or :file after it")
    return value


def document_sources(value: object, info: ValidationInfo) -> str | dict[str, str] | None:
    """Where documents come from: one source, or one for each spec by its name."""
    if isinstance(value, dict) and value:
        return {str(spec): document_source(source, info) for spec, source in value.items()}
    return None if value is None else document_source(value, info)


def document_source(value: object, info: ValidationInfo) -> str:
    if not isinstance(value, str):
        raise ValueError(
            f"must be a file, a folder, hub:owner/name, or one of them for each spec, not {describe(value)}"
        )
    if value.startswith(HUB):
        return hub_source(value)
    if info.context is None:
        return value  # of a run that is done: what it took may be gone since
    folder: Path = info.context.get("folder", Path())
    try:
        if (folder / value).is_dir():
            return str((folder / value).resolve())
    except (OSError, ValueError):  # names that no file system takes
        pass
    path = str(existing_file(value, info))
    if path.lower().endswith(NO_ROWS):
        raise ValueError(
            f"{describe(value)} must hold rows, as {', '.join(KINDS)} do, or be a folder of .txt and .md files"
        )
    return path


def adapter_source(value: str, info: ValidationInfo) -> str:
    """An adapter of the hub by its name, and the folder of another as a path; whoever opens it says what is wrong."""
    if value.startswith(HUB):
        if hub_adapter(value) is None:
            raise ValueError(
                f"{describe(value)} is no adapter; write hub:owner/name, with @revision or :folder behind it"
            )
        return value
    folder: Path = (info.context or {}).get("folder", Path())
    try:
        path = (folder / Path(value).expanduser()).resolve()
        if path.is_dir():
            return str(path)
        problem = "is a file; name the folder that it lies in" if path.is_file() else f"no such folder in {folder}"
    except (OSError, ValueError, RuntimeError):  # names that no file system takes
        problem = f"no such folder in {folder}"
    raise ValueError(f"{describe(value)}: {problem}")


def known_arm(value: str, info: ValidationInfo) -> str:
    """A path of training stages: those that are built in, and those that the recipe declares."""
    if info.context is not None and (problem := arm_problem(value, info.context.get("stages", ()))):
        raise ValueError(problem)
    return value


def chat_file(value: Path) -> Path:
    """A file of chats and not of settings, by its name; whoever reads it says what is wrong with its lines."""
    if is_settings_file(value):
        raise ValueError(f"{describe(value.name)} is a file of settings; give one of chats, such as a .jsonl")
    return value


def new_stage_name(value: str) -> str:
    """The name of a stage that a recipe declares."""
    if value in (BASE, *BUILT_IN):
        raise ValueError(f"{describe(value)} is built in; choose another name")
    if not re.fullmatch(r"[a-z0-9_-]+", value):
        raise ValueError("must be made of a-z, 0-9, _ and - only")
    return value


def no_suite_file(folder: Path, name: str) -> str:
    """Why a path that is there is no suite; empty if it is not there, or could be one."""
    if _file(folder, name):
        is_settings = name.lower().endswith((".yaml", ".yml"))
        return "" if is_settings else "must end with .yaml: a suite is a file of settings, and not of rows"
    try:
        is_folder = bool(name) and (folder / name).is_dir()
    except (OSError, ValueError):
        is_folder = False
    return "is a folder: name a file in it, which ends with .yaml" if is_folder else ""


def known_suite(value: str, info: ValidationInfo) -> str:
    """The name of a shipped suite as it is, and the path of one that the recipe brings along."""
    context = info.context or {}
    suites: Iterable[str] | None = context.get("suites")
    if suites is None or value in suites:
        return value
    is_path = value.lower().endswith((".yaml", ".yml"))
    folder: Path = context.get("folder", Path())
    if path := _file(folder, value if is_path else f"{value}.yaml"):
        return str(path)
    if reason := no_suite_file(folder, value):
        raise ValueError(f"{describe(value)} {reason}")
    if is_path:
        raise ValueError(f"no such file: {describe(value)} in {folder}")
    raise ValueError(f"no suite is called {describe(value)}{did_you_mean(value, suites)}")


def _file(folder: Path, name: str) -> Path | None:
    """The file of this name in a folder, if it is there."""
    try:
        path = (folder / name).resolve()
        return path if path.is_file() else None
    except (OSError, ValueError, RuntimeError):  # names that no file system takes, symlinks in a circle
        return None


def on_this_machine(value: str) -> str:
    url = urlsplit(value)
    try:
        url.port  # noqa: B018  (raises if it is none)
        local = url.hostname == "localhost" or ip_address(url.hostname or "").is_loopback
    except ValueError:
        local = False
    if url.scheme not in ("http", "https") or not local or url.username or url.query or url.fragment:
        raise ValueError(
            f"must be the address of a server on this machine, as http://127.0.0.1:8080/v1, not {describe(value)}: "
            "specs and documents are sent nowhere else"
        )
    return value.rstrip("/")


def one_or_many(value: object) -> object:
    if isinstance(value, str):
        return [value]
    if isinstance(value, list):
        return value
    raise ValueError(f"must be a file name or a list of file names, not {describe(value)}")


def text_or_list(value: object) -> object:
    """A text as a list of one. The type of a list's entries says what is wrong with another value."""
    return [value] if isinstance(value, str) else value


def number_or_list(value: object) -> object:
    """A number as a list of one. The type of a list's entries says what is wrong with another value."""
    return [value] if isinstance(value, int | float) and not isinstance(value, bool) else value


def share_or_percentage(value: object) -> object:
    """A share as it is, and a percentage as a share. What else it is, the field's type says."""
    if isinstance(value, str) and (match := re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*%\s*", value)):
        return float(match[1]) / 100
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"must be a share of the rows, as 1% or 0.01, not {describe(value)}")
    if isinstance(value, int) and value:
        raise ValueError(f"may be 1% or 100% of the rows; write it with %, and not as {describe(value)}")
    return value


def reasoning_format(value: str) -> str:
    names = re.findall(r"\{(\w*)\}", value)
    if sorted(names) != ["reasoning", "reply"]:
        raise ValueError(
            f"must have {{reasoning}} and {{reply}}, once each, and no other braces, not {describe(value)}"
        )
    return value


def supported_type(value: object) -> object:
    """Say why what mlx-lm also knows is not done here."""
    reasons = {
        "dora": "DoRA forms every adapted weight anew in each pass, several times the memory on a quantised base",
        "full": "full fine-tuning gives no adapter to compare over one base, and quantised weights have no gradients",
    }
    if isinstance(value, str) and value in reasons:
        raise ValueError(f"only lora is supported: {reasons[value]}; leave it out")
    return value


def swap_table(value: object, info: ValidationInfo) -> object:
    """Pairs of words as they are, or the file that has them."""
    if value is None or isinstance(value, dict):
        return value
    file = existing_file(value, info)
    if not is_settings_file(file):
        raise ValueError(f"{describe(file.name)} must end with .yaml: a table of words is a file of settings")
    return file
