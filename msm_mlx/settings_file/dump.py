"""Plain values to the text of a settings file."""

from __future__ import annotations

import re

import yaml

from msm_mlx.settings_file.parse import CORE_SCHEMA


class _Dumper(yaml.SafeDumper):
    """Quotes a text that YAML 1.1 or 1.2 would take for something else, such as `on` or `1e-5`."""


_NO_TEXT = "|".join(pattern.pattern for pattern, _ in CORE_SCHEMA)
_Dumper.add_implicit_resolver("tag:yaml.org,2002:other", re.compile(rf"(?:{_NO_TEXT})\Z"), None)


def dump(content: object) -> str:
    """YAML that `parse` reads back as `content`, keys in the order that they have."""
    return str(yaml.dump(content, Dumper=_Dumper, sort_keys=False, allow_unicode=True))
