"""What is compared: arms, each the path of its training, with the spec that it has read and the seed.

An arm is `base`, or names of training stages joined by `+` in the order in which they train: `msm+sft` is midtrained on
the documents of a spec and then fine-tuned on the demonstrations. What several arms begin with is trained once. After
them may come `context`, which trains nothing: the documents stand in the prompt.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from msm_mlx.text.wording import describe, did_you_mean

BASE = "base"
Method = Literal["midtrain", "sft"]
"""How a stage learns its texts: every token of documents, or the assistant's tokens of chats."""


@dataclass(frozen=True)
class TrainingStage:
    """A piece of training with data of its own, as arms name it."""

    name: str
    method: Method | None
    """None if nothing is trained."""
    about_spec: bool = False
    """Whether its documents are about a spec, so that an arm with this stage comes once for each spec."""
    is_control: bool = False
    """Whether it stands in place of the spec's documents, so that what they do can be told apart."""
    shows_behaviour: bool = False
    """Whether it learns the recipe's demonstrations."""
    with_reasoning: bool = False
    """Whether replies give their reasoning first: the deliberative-alignment baseline."""


MSM = "msm"
IT = "it"
OPPOSITE = "opposite"
NEGATED = "negated"
CHATS = "chats"
CONTEXT = "context"
CONTROL = TrainingStage("control", "midtrain", about_spec=True, is_control=True)
# In the order of what a model has seen after each, least first: of two arms, the later is contrasted with the earlier.
BUILT_IN: Mapping[str, TrainingStage] = {
    stage.name: stage
    for stage in (
        TrainingStage(IT, "sft"),
        TrainingStage("sft", "sft", shows_behaviour=True),
        TrainingStage("cot-sft", "sft", shows_behaviour=True, with_reasoning=True),
        CONTROL,
        TrainingStage(OPPOSITE, "midtrain", about_spec=True, is_control=True),
        TrainingStage(NEGATED, "midtrain", about_spec=True, is_control=True),
        TrainingStage(CHATS, "sft", about_spec=True, is_control=True),
        TrainingStage(CONTEXT, None, about_spec=True, is_control=True),
        TrainingStage(MSM, "midtrain", about_spec=True),
    )
}
CONTROLS = tuple(stage for stage in BUILT_IN.values() if stage.is_control)


@dataclass(frozen=True)
class Variant:
    """An arm with the spec that it has read, if any, and the seed that it was trained with, if it was."""

    arm: str
    spec: str | None
    seed: int | None
    several_specs: bool = False
    update: int | None = None
    """The update of its last stage after which it is looked at, if that is before the end."""
    ready_made: bool = field(default=False, compare=False)
    """Whether its adapter is one that somebody has, and that nobody trains here."""

    @property
    def is_trained(self) -> bool:
        return self.seed is not None

    @property
    def in_context(self) -> bool:
        """Whether documents stand in its prompts."""
        return self.path[-1:] == (CONTEXT,)

    @property
    def has_adapter(self) -> bool:
        """Whether it answers with an adapter: its own, or, with documents in the prompt, that of what it goes on
        from."""
        return self.is_trained or self.ready_made

    @property
    def trained(self) -> Variant | None:
        """The variant whose adapter it answers with: itself, but for documents in the prompt; None for the base's."""
        if self.in_context:
            return self.start
        return self if self.is_trained else None

    @property
    def path(self) -> tuple[str, ...]:
        """The names of its training stages, in order."""
        return path_of(self.arm)

    @property
    def start(self) -> Variant | None:
        """The variant whose adapter its last stage goes on with; None if that stage is the first."""
        path = self.path[:-1]
        if not path:
            return None
        arm = "+".join(path)
        return replace(self, arm=arm, spec=self.spec if reads_spec(arm) else None, update=None)

    @property
    def label(self) -> str:
        """What contrasts call it: `arm`, or `arm@spec` when the run has several specs."""
        return f"{self.arm}@{self.spec}" if self.several_specs and self.spec else self.arm

    @property
    def id(self) -> str:
        """The label with the seed, and with the update if it is not the end: the name of its files."""
        seed = "" if self.seed is None else f"-s{self.seed}"
        update = "" if self.update is None else f"-update-{self.update}"
        return f"{self.label}{seed}{update}"


def path_of(arm: str) -> tuple[str, ...]:
    """The names of an arm's training stages, in order; none for the base."""
    return () if arm == BASE else tuple(arm.split("+"))


def built_in_stages(arm: str) -> list[TrainingStage]:
    """The stages of an arm's path that are built in, in order."""
    return [BUILT_IN[name] for name in path_of(arm) if name in BUILT_IN]


def reads_spec(arm: str) -> bool:
    """Whether the arm is midtrained on documents about a spec, and so comes once for each."""
    return any(stage.about_spec for stage in built_in_stages(arm))


def shows_behaviour(arm: str) -> bool:
    """Whether the arm has learned the demonstrations."""
    return any(stage.shows_behaviour for stage in built_in_stages(arm))


def reads_reasons(arm: str) -> bool:
    """Whether the arm has read the documents that give a spec's reasons, and not what stands in for them."""
    return any(stage.about_spec and not stage.is_control for stage in built_in_stages(arm))


def without_documents(arm: str) -> str:
    """The arm with the same training and no documents about a spec: `sft` for `msm+sft`, the base for `msm`."""
    others = [name for name in path_of(arm) if name not in BUILT_IN or not BUILT_IN[name].about_spec]
    return "+".join(others) or BASE


def control_of(arm: str) -> str:
    """The arm with documents that give no reasons in place of those that do: `control+sft` for `msm+sft`."""
    return "+".join(CONTROL.name if reads_reasons(name) else name for name in path_of(arm)) or BASE


def controls_of(arm: str) -> list[str]:
    """The arms that tell what the documents of this one do: with something else in their place, and, where it learns
    demonstrations, with general chats in place of these."""
    if not reads_reasons(arm):
        return []
    path = path_of(arm)
    paths = [[stage.name if name == MSM else name for name in path] for stage in CONTROLS if stage.method]
    paths.append([*(name for name in path if name != MSM), CONTEXT])
    if shows_behaviour(arm) and IT not in path:
        paths.append([IT if shows_behaviour(name) else name for name in path])
    return ["+".join(names) for names in paths]


def is_other_order(arm: str, other: str) -> bool:
    """Whether two arms learn the same in another order."""
    return arm != other and sorted(path_of(arm)) == sorted(path_of(other))


def arm_of(label: str) -> str:
    """The arm in a label, which may name a spec too."""
    return label.partition("@")[0]


def sort_arms(arms: Iterable[str]) -> list[str]:
    """The arms by what they have seen, least first: by the length of the path, then stage by stage."""
    rank = {name: number for number, name in enumerate(BUILT_IN)}
    return sorted(arms, key=lambda arm: (len(path_of(arm)), [rank.get(name, len(rank)) for name in path_of(arm)]))


def list_variants(
    arms: Iterable[str], specs: Sequence[str], seeds: Sequence[int], adapters: Collection[str] = ()
) -> list[Variant]:
    """The variants that these arms come in, base first. `specs` are the stems of the spec files, and `adapters` the
    arms whose adapter is ready-made, which have no seed."""
    several = len(specs) > 1
    variants = []
    for arm in sort_arms(arms):
        if arm == BASE:
            variants.append(Variant(BASE, None, None))
        elif arm in adapters:
            variants.append(Variant(arm, None, None, several, ready_made=True))
        else:
            stems = specs if reads_spec(arm) else (None,)
            trained: Sequence[int | None] = (None,) if arm == CONTEXT else seeds
            variants += [Variant(arm, spec, seed, several) for spec in stems for seed in trained]
    return variants


def training_order(variants: Iterable[Variant]) -> list[Variant]:
    """All that has to be trained for these variants, what others go on from first, each once, seed by seed."""
    steps: dict[Variant, None] = {}
    for variant in variants:
        step = variant.trained
        while step is not None:
            steps[step] = None
            step = step.start
    arms = {arm: number for number, arm in enumerate(sort_arms(dict.fromkeys(variant.arm for variant in steps)))}
    return sorted(steps, key=lambda variant: (variant.seed or 0, arms[variant.arm]))


def arm_problem(arm: str, declared: Collection[str]) -> str | None:
    """Why `arm` is no path of training stages, if it is none. `declared` are the stages of the recipe's own."""
    names, stages = arm.split("+"), [*BUILT_IN, *declared]
    if arm == BASE:
        return None
    if "" in names:
        return f"{describe(arm)} needs the name of a training stage on both sides of each +, as msm+sft"
    if BASE in names:
        return f"{describe(arm)}: every path begins at the base; leave `{BASE}` out of it"
    for name in names:
        if name not in stages:
            choices = [BASE, *stages] if len(names) == 1 else stages
            return (
                f"no training stage is called {describe(name)}{did_you_mean(name, choices)}; an arm is `{BASE}`, or "
                f"{', '.join(stages)} joined by +"
            )
    if CONTEXT in names[:-1]:
        return f"{describe(arm)}: `{CONTEXT}` trains nothing, it puts the documents into the prompt; name it last"
    if len(set(names)) < len(names):
        return f"{describe(arm)} has a stage twice; train it longer instead, or declare another under `stages`"
    return None
