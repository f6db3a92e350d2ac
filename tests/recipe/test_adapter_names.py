"""Adapters are named as folders or as repositories of the hub, and arms after them."""

from __future__ import annotations

import pytest

from msm_mlx.recipe.adapter_names import HubAdapter, adapter_name, hub_adapter


@pytest.mark.parametrize(
    ("source", "adapter", "name"),
    [
        ("hub:owner/My.Adapter", HubAdapter("owner/My.Adapter", None, ""), "my-adapter"),
        ("hub:o/n@0123abc", HubAdapter("o/n", "0123abc", ""), "n"),
        ("hub:o/n@main:adapters/msm+sft-s0", HubAdapter("o/n", "main", "adapters/msm+sft-s0"), "msm-sft-s0"),
        ("hub:o", None, "hub-o"),
        ("hub:o/n:../x", None, "x"),
        ("/tmp/My Folder", None, "my-folder"),
        ("/", None, "adapter"),
    ],
)
def test_what_a_name_stands_for(source: str, adapter: HubAdapter | None, name: str) -> None:
    assert hub_adapter(source) == adapter
    assert adapter_name(source) == name
