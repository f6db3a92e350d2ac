"""The two variables of specs, suites and ready-made documents: what the assistant is called, and who made it."""

from __future__ import annotations

import re

VARIABLES = ("model_name", "provider_name")
VARIABLE = re.compile(r"\{(" + "|".join(VARIABLES) + r")\}")


def fill_variables(text: str, model_name: str, provider_name: str) -> str:
    """`text` with the names in place of the variables; all other braces stay as they are."""
    names = {"model_name": model_name, "provider_name": provider_name}
    return VARIABLE.sub(lambda match: names[match[1]], text)
