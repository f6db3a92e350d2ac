"""How the replies of a run are sampled, and who says so: the recipe, else the model, else a default.

What a section says (`documents.temperature`) goes before the recipe's `sampling`, and that before the model's
generation_config.json. A model that says anything there is not given the default for what it leaves out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, TypeVar

from msm_mlx.models.folder import POCKET
from msm_mlx.models.generation_config import FILE, NAMES
from msm_mlx.recipe.demonstrations_file import has_demonstration_settings, load_demonstration_settings
from msm_mlx.recipe.load import Recipe
from msm_mlx.recipe.schema import SamplingSettings

PLAIN: Mapping[str, float] = {"temperature": 1.0, "top_p": 1.0, "top_k": 0, "min_p": 0.0}
"""The distribution as it is: for pocket, whose evidence was measured so, and for a server, which has its own ways."""
USUAL: Mapping[str, float] = {"temperature": 0.8, "top_p": 0.95, "top_k": 40, "min_p": 0.05}
"""Those of llama.cpp, for a model that says nothing: at temperature 1 alone, a small one writes noise."""
GREEDY: Mapping[str, float] = {"temperature": 0.0, "top_p": 1.0, "top_k": 0, "min_p": 0.0}
ANSWERS, DEFAULT = "compare and chat", "default"

SomeSettings = TypeVar("SomeSettings", bound=SamplingSettings)


@dataclass(frozen=True)
class ModelSampling:
    """What the models of a run say of their sampling, by name; None of one that is not here yet."""

    base: Mapping[str, float] | None = None
    writer: Mapping[str, float] | None = None
    """None if nobody but the base writes, too."""


UNKNOWN = ModelSampling()


@dataclass(frozen=True)
class SampledValue:
    """One parameter of sampling, and where it comes from."""

    value: float
    source: str


ChosenSampling = Mapping[str, SampledValue]
"""By the names of the parameters."""


def choose_sampling(recipe: Recipe, generation: ModelSampling) -> dict[str, ChosenSampling]:
    """The sampling of everything that is sampled: `documents`, `demonstrations`, `scenes`, and the answers of `compare`
    and `chat`, which are greedy if nobody says otherwise."""
    settings, block = recipe.settings, (recipe.settings.sampling, "sampling")
    base = _replier(recipe.model, generation.base)
    writer = _writer(recipe, base, generation.writer)
    chosen = {}
    if not settings.documents.source:
        chosen["documents"] = _choose([(settings.documents, "documents"), block], writer)
    if has_demonstration_settings(recipe.demonstrations):
        written = load_demonstration_settings(recipe.demonstrations)
        chosen["demonstrations"] = _choose([(written, recipe.demonstrations.name), block], writer)
    chosen["scenes"] = _choose([(settings.evaluation, "evaluation"), block], base)
    chosen[ANSWERS] = _choose([block], base if block[0].model_fields_set else replace(base, default=GREEDY))
    return chosen


def model_sampling_in_words(model: str, says: Mapping[str, float]) -> str:
    """How replies of a model that says this are sampled where a recipe is silent: `temperature 0.8, ... (default)`."""
    return _in_words(_choose([], _replier(model, says)))


def with_sampling(settings: SomeSettings, sampling: ChosenSampling) -> SomeSettings:
    """The settings with these parameters."""
    return settings.model_copy(update={name: one.value for name, one in sampling.items()})


def sampling_in_words(chosen: Mapping[str, ChosenSampling]) -> list[str]:
    """A line for all that is sampled alike: `Sampling of documents and scenes: temperature 0.8, ... (default)`."""
    uses: dict[str, list[str]] = {}
    for use, sampling in chosen.items():
        uses.setdefault(_in_words(sampling), []).append(use)
    return [f"Sampling of {', '.join(names)}: {words}." for words, names in uses.items()]


def plain_sampling(chosen: Mapping[str, ChosenSampling]) -> dict[str, Any]:
    """The same for JSON: `{use: {parameter: {value, source}}}`."""
    return {use: {name: asdict(one) for name, one in sampling.items()} for use, sampling in chosen.items()}


@dataclass(frozen=True)
class _Replier:
    """Whoever replies, with what it says of its sampling, None if that is not known, and what it gets otherwise."""

    name: str
    says: Mapping[str, float] | None
    default: Mapping[str, float]

    def value(self, name: str) -> SampledValue:
        if self.says:
            return SampledValue(self.says.get(name, PLAIN[name]), f"{FILE} of {self.name}")
        source = DEFAULT if self.says is not None else f"{DEFAULT}, unless {FILE} of {self.name} says otherwise"
        return SampledValue(self.default[name], source)


def _replier(model: str, says: Mapping[str, float] | None) -> _Replier:
    return _Replier(model, says, PLAIN if model == POCKET else USUAL)


def _writer(recipe: Recipe, base: _Replier, says: Mapping[str, float] | None) -> _Replier:
    writers = recipe.settings.documents.writers
    if not writers:
        return base
    if len(writers) > 1:  # alike, so that their documents differ by who wrote them and not by how
        is_plain = all(writer.server or writer.model == POCKET for writer in writers)
        return _Replier("", {}, PLAIN if is_plain else USUAL)
    [writer] = writers
    if writer.server is not None:
        return _Replier(writer.model, {}, PLAIN)
    return _replier(writer.model, says)


def _choose(sections: Sequence[tuple[SamplingSettings, str]], model: _Replier) -> ChosenSampling:
    """Each parameter as the first of the sections says it, by their names, else as the model does."""
    chosen = {}
    for name in NAMES:
        said = [(getattr(settings, name), key) for settings, key in sections if name in settings.model_fields_set]
        chosen[name] = SampledValue(said[0][0], f"{said[0][1]}.{name}") if said else model.value(name)
    return chosen


def _in_words(sampling: ChosenSampling) -> str:
    """The parameters that do something, those of one source together."""
    temperature = sampling["temperature"]
    if temperature.value == 0:
        return f"greedy ({temperature.source})"
    by_source: dict[str, list[str]] = {}
    for name, one in sampling.items():
        if name == "temperature" or one.value != PLAIN[name]:
            by_source.setdefault(one.source, []).append(f"{name} {one.value:g}")
    return "; ".join(f"{', '.join(values)} ({source})" for source, values in by_source.items())
