"""A hook of mkdocs: pages of the repository outside `docs/` become pages of the site, and links find them.

On a page, `../msm_mlx/pocket/README.md` leads to the file as a reader of the repository sees it. In the site it leads
to a copy of that page; what is no page, as a folder or a recipe, is named without a link.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any

LINK = re.compile(r"(?<!!)\[([^\]\n]+)\]\((\.\./[^)#\s]+)(#[^)\s]*)?\)")
COPIES = "repository"  # where they stand in the site


def on_files(files: Any, config: Any) -> Any:
    """Adds every page outside `docs/` that a page links to."""
    from mkdocs.structure.files import File

    root = Path(config["docs_dir"]).parent
    pages = [page.content_string for page in files.documentation_pages()]
    linked = {posixpath.normpath(match[2][3:]) for text in pages for match in LINK.finditer(text)}
    for path in sorted(linked):
        if path.endswith(".md"):
            text = (root / path).read_text(encoding="utf-8")
            files.append(File.generated(config, f"{COPIES}/{path}", content=re.sub(LINK_TO_ANYTHING, r"\1", text)))
    return files


LINK_TO_ANYTHING = re.compile(r"(?<!!)\[([^\]\n]+)\]\((?!https?://|#)[^)\s]+\)")


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Turns links out of `docs/` to the copies."""

    def link(match: re.Match[str]) -> str:
        path = posixpath.normpath(match[2][3:])
        return f"[{match[1]}]({COPIES}/{path}{match[3] or ''})" if path.endswith(".md") else match[1]

    return LINK.sub(link, markdown)
