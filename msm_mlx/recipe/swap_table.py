"""The table of words that turns documents into their opposite: in a recipe itself, or in a file that it names."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from msm_mlx.settings_file.load import load_tree
from msm_mlx.settings_file.tree import Loc, Tree
from msm_mlx.text.swap import WordSwap
from msm_mlx.text.variables import fill_variables
from msm_mlx.text.wording import describe

NAMES = ("Model", "Provider")  # in place of those that are not known yet


def load_swap(table: Path | Mapping[str, str], model_name: str, provider_name: str) -> WordSwap:
    """The words of a table, with these names in place of its variables.

    Raises:
        RecipeError: with file and line for every pair that cannot be exchanged back.
    """
    if not isinstance(table, Path):
        return _swap(table, model_name, provider_name)
    tree = load_tree(table)
    if not tree.problems:
        report_swap(tree, (), tree.value, model_name, provider_name)
    if tree.problems:
        raise tree.error(table)
    return _swap(tree.value, model_name, provider_name)


def report_swap(
    tree: Tree, loc: Loc, table: Mapping[str, object], model_name: str = NAMES[0], provider_name: str = NAMES[1]
) -> None:
    """Note in the tree, where the table is at `loc`, what keeps its words from being exchanged back."""
    texts: dict[str, str] = {}
    for left, right in table.items():
        if isinstance(right, str):
            texts[left] = right
        else:
            tree.report((*loc, left), f"must be words, not {describe(right)}; put them in quotation marks")
    if not table:
        tree.report(loc, "has no words; name pairs of them, as `likes: dislikes`")
    left_of = {fill_variables(left, model_name, provider_name): left for left in texts}
    for left, fault in _swap(texts, model_name, provider_name).faults():
        tree.report((*loc, left_of[left]), fault, key=True)


def _swap(table: Mapping[str, str], model_name: str, provider_name: str) -> WordSwap:
    names = model_name, provider_name
    return WordSwap({fill_variables(left, *names): fill_variables(right, *names) for left, right in table.items()})
