"""What `msm-mlx models NAME` says of one model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from msm_mlx.cli.output import out
from msm_mlx.console.tables import ConsoleTable
from msm_mlx.models.folder import POCKET
from msm_mlx.models.hub import is_local
from msm_mlx.text.terminal import literal

if TYPE_CHECKING:
    from msm_mlx.engine.appraisal import Trait


class ModelOrFolder(click.Path):
    """A folder, or the name of a model that is none: the embedded one, or one of the hub."""

    def __init__(self) -> None:
        super().__init__(path_type=Path, exists=True, file_okay=False)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        is_hub_id = str(value).count("/") == 1 and not str(value).startswith((".", "/", "~"))
        if (is_local(str(value)) or is_hub_id) and not Path(value).exists():
            return Path(value)
        return super().convert(value, param, ctx)


def appraise_named(names: tuple[Path, ...]) -> dict[str, list[Trait]]:
    """What holds for each of the `names` that is a model, and not a folder of models.

    Raises:
        SetupError: if one is not here, or damaged.
    """
    models = [str(name) for name in names if not name.is_dir() or (name / "config.json").is_file()]
    if not models:
        return {}
    from msm_mlx.engine.appraisal import appraise
    from msm_mlx.models.hub import resolve_model

    folders = {name: resolve_model(name, offline=True).folder for name in models}
    return {name: [*_in_a_run(name, folder), *appraise(folder)] for name, folder in folders.items()}


def _in_a_run(name: str, folder: Path) -> list[Trait]:
    """What a run makes of the model where its recipe is silent: the assistant's name, the size, the sampling."""
    from msm_mlx.engine.appraisal import Trait
    from msm_mlx.models.generation_config import read_generation_config
    from msm_mlx.recipe.assistant_name import assistant_name
    from msm_mlx.recipe.overrides import profile_by_size
    from msm_mlx.recipe.sampling import model_sampling_in_words

    assistant, sampling = assistant_name(name), model_sampling_in_words(name, read_generation_config(folder))
    profile = "The profile is pocket." if name == POCKET else profile_by_size(name, has_small=True)[1]
    texts = {"name": assistant.reason or f"Every text calls the assistant {assistant.name}.", "profile": profile}
    texts["sampling"] = f"Documents, demonstrations and scenes are sampled with {sampling}."
    return [Trait(subject, text) for subject, text in texts.items()]


def show_appraisal(name: str, traits: list[Trait]) -> None:
    """A table of what holds for a model."""
    table = ConsoleTable(title=name, title_justify="left")
    for column in ("what", "works", "finding"):
        table.add_column(column, overflow="fold")
    for finding in traits:
        table.add_row(*map(literal, (finding.subject, "yes" if finding.holds else "no", finding.text)))
    out().print(table)
