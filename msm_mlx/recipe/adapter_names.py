"""How a recipe names an adapter that somebody has: a folder, or `hub:owner/name[@revision]` with `:folder` behind it
where it is not at the top of the repository."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

_NAME = re.compile(
    r"hub:(?P<repo>[\w.-]+/[\w.-]+)(?:@(?P<revision>[\w./-]+))?(?::(?P<folder>[\w.+@-]+(?:/[\w.+@-]+)*))?", re.ASCII
)


class HubAdapter(NamedTuple):
    """An adapter of the hub. `folder` is empty for one at the top of its repository."""

    repo: str
    revision: str | None
    folder: str


def hub_adapter(source: str) -> HubAdapter | None:
    """The adapter of the hub that `source` names; None of a folder."""
    match = _NAME.fullmatch(source)
    if match is None or ".." in source:
        return None
    return HubAdapter(match["repo"], match["revision"], match["folder"] or "")


def adapter_name(source: str) -> str:
    """What an adapter is called where nobody says: after its folder, or after the repository."""
    hub = hub_adapter(source)
    last = (hub.folder or hub.repo) if hub else Path(source).name
    return re.sub(r"[^a-z0-9_-]+", "-", last.rpartition("/")[2].lower()).strip("-") or "adapter"
