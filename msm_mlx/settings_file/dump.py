"""Plain values to YAML 1.2 that `parse` reads back as the same values."""

from __future__ import annotations

import io
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.nodes import ScalarNode
from ruamel.yaml.representer import SafeRepresenter

from msm_mlx.settings_file.parse import parse_scalar


class _Representer(SafeRepresenter):
    def ignore_aliases(self, data: object) -> bool:
        """Write a value out each time that it occurs: settings files have no aliases."""
        return True

    def represent_text(self, data: str) -> ScalarNode:
        # ruamel.yaml leaves some texts without quotes that the core schema reads as numbers, like `.5e1`
        style = None if isinstance(parse_scalar(data), str) else "'"
        node: ScalarNode = self.represent_scalar("tag:yaml.org,2002:str", data, style=style)
        return node


_Representer.add_representer(str, _Representer.represent_text)


def dump(value: object, *, width: int = 80) -> str:
    """Values as JSON has them, as YAML text with the keys in their order."""
    yaml: Any = YAML(typ="safe", pure=True)
    yaml.Representer = _Representer
    yaml.default_flow_style, yaml.allow_unicode = False, True
    yaml.sort_base_mapping_type_on_output, yaml.width = False, width
    text = io.StringIO()
    yaml.dump(value, text)
    return text.getvalue()
