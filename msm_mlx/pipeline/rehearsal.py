"""The rehearsal of a run: every row and prompt is rendered, masked and measured before the first document.

It takes the tokenizer of the model and none of its weights.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from msm_mlx.engine.architectures import require_architecture, untrainable_architecture
from msm_mlx.evaluation.lengths import length_remedy, long_items
from msm_mlx.models.chat_renderer import ChatError, ChatRenderer
from msm_mlx.models.chat_template import TemplateChoice
from msm_mlx.models.config import context_length
from msm_mlx.models.hub import model_config
from msm_mlx.models.renderers import LoadRenderer
from msm_mlx.pipeline.cost import training_rows
from msm_mlx.pipeline.findings import Findings, join
from msm_mlx.pipeline.lessons import Lesson, lessons_of
from msm_mlx.pipeline.plan import RunPlan
from msm_mlx.pipeline.stage import Stage
from msm_mlx.pipeline.stages.context_documents import ContextDocuments
from msm_mlx.pipeline.stages.evaluation import Evaluation
from msm_mlx.pipeline.stages.plain_texts import PlainTexts
from msm_mlx.pipeline.stages.training import Training
from msm_mlx.prompting.prompts import Message
from msm_mlx.suites.items import Item
from msm_mlx.text.problem_lines import group_problems


class Obstacle(NamedTuple):
    """What keeps a chat from being learned. `size` says which of several is the worst."""

    kind: str
    message: str
    size: int = 0


@dataclass(frozen=True)
class Rehearsal:
    """Rehearses runs of one model. A chat that several stages have is rendered once."""

    renderer: ChatRenderer
    context_length: int | None
    untrainable: str = ""
    """Why the architecture cannot be trained, where that is known of it."""
    _tokens: dict[tuple[str, ...], int | ChatError] = field(default_factory=dict, repr=False)

    def findings(self, plan: RunPlan, stages: Iterable[Stage], made: Mapping[str, Path]) -> Findings:
        """How the template is met, and what stands against those of the plan's `stages` that learn chats or ask.

        Args:
            made: the files of the run that are there and stay, by their names in it; the others are to be made.
        """
        due = list(stages)
        trainings = [stage for stage in due if isinstance(stage, Training) and stage.kind == "sft"]
        found = [Findings(notes=[*self.renderer.notes, *self._schedules(plan, due)])]
        found += [Findings(notes=self._prompts_of_documents(due))]
        found += [self._learn(plan, training, made) for training in _different(trainings)]
        if any(isinstance(stage, Evaluation) for stage in due):
            found.append(self._ask(plan))
        if self.untrainable and any(isinstance(stage, Training) for stage in due):
            found.append(
                Findings([f"model {plan.recipe.model}: cannot be trained: {self.untrainable}; choose another model"])
            )
        return join(found)

    def _schedules(self, plan: RunPlan, stages: Iterable[Stage]) -> list[str]:
        """What is told of how long trainings are, of plain text among documents, and of rows too long to read."""
        lines = []
        for stage in stages:
            if isinstance(stage, PlainTexts):
                lines.append(stage.note)
            if not isinstance(stage, Training):
                continue
            lines += [f"{stage.training.name}: {line}" for line in stage.few_updates(training_rows(stage, plan))]
            longest, name = stage.settings.max_length, _section(plan, stage)
            if self.context_length is not None and longest > self.context_length:
                lines.append(
                    f"{name}.max_length is {longest}, and the model reads {self.context_length}: longer rows would "
                    f"teach it nothing that it can use; lower {name}.max_length"
                )
        return lines

    def _prompts_of_documents(self, stages: Iterable[Stage]) -> list[str]:
        """What is told of documents that stand in prompts, where none will fit."""
        of_context = [stage for stage in stages if isinstance(stage, ContextDocuments)]
        return list(
            dict.fromkeys(filter(None, (one.outlook(self.renderer, self.context_length) for one in of_context)))
        )

    def _learn(self, plan: RunPlan, training: Training, made: Mapping[str, Path]) -> Findings:
        """What stands against the chats of a training stage."""
        name, settings, section = training.training.name, training.settings, _section(plan, training)
        lessons = sorted(lessons_of(plan, training, made), key=lambda lesson: (lesson.file, lesson.line or 0))
        judged = [(lesson, self._fault(lesson.messages, settings.max_length, section)) for lesson in lessons]
        faults = [(lesson, fault) for lesson, fault in judged if fault]
        problems = _tell(faults, required=True)
        left_out = _tell(faults, required=False)
        general, gone = (sum(not lesson.required for lesson in some) for some in (lessons, [one for one, _ in faults]))
        notes = [f"{name}: {gone} of {general} general chats are left out, as follows.", *left_out] if gone else []
        if gone and gone == general:
            problems += [*left_out, f"{plan.recipe.path}: {name} has no general chat left; give it others"]
        if not problems and lessons and settings.validation >= len(lessons) - gone:
            problems.append(
                f"{plan.recipe.path}: sft.validation holds out {settings.validation} of {len(lessons) - gone} chats of "
                f"{name}, which leaves nothing to learn; lower it"
            )
        return Findings(problems, [*notes, *self._spelled_out(lessons)])

    def _fault(self, messages: Sequence[Message], max_length: int, section: str) -> Obstacle | None:
        """What keeps a chat from being learned, if anything does."""
        tokens = self._count(messages)
        if isinstance(tokens, ChatError):
            return Obstacle(tokens.fault, f"{tokens.reason}; change it, or take it out")
        limit, remedy = max_length, f"{section}.max_length is {max_length}; shorten it, or raise {section}.max_length"
        if self.context_length is not None and self.context_length < max_length:
            limit, remedy = self.context_length, f"the model reads {self.context_length}; shorten it"
        return (
            Obstacle("long", f"{tokens} tokens in the chat template, and {remedy}", tokens) if tokens > limit else None
        )

    def _count(self, messages: Sequence[Message]) -> int | ChatError:
        """The tokens of the longest row of a chat, or why it has none."""
        key = tuple(part for message in messages for part in (message["role"], message["content"]))
        if key not in self._tokens:
            try:
                self._tokens[key] = max(len(row.ids) for row in self.renderer.reply_rows(messages))
            except ChatError as error:
                self._tokens[key] = error
        return self._tokens[key]

    def _spelled_out(self, lessons: Sequence[Lesson]) -> list[str]:
        """What is said of chats that have control tokens in their texts."""
        control = self.renderer.control
        places = [
            lesson.place
            for lesson in lessons
            if any(control.spelled_out(message["content"]) for message in lesson.messages)
        ]
        return group_problems(f"{place}: spells out control tokens of the model, which stay text" for place in places)

    def _ask(self, plan: RunPlan) -> Findings:
        """What stands against the prompts of the suites."""
        limit, settings = self.context_length, plan.recipe.settings.evaluation
        files = {Path(entry).stem: Path(entry) for entry in plan.recipe.suites}
        lines = []
        for suite in plan.suites:
            try:
                too_long = long_items(self.renderer, limit, suite.items, plan.recipe.model_name, settings.max_tokens)
            except ChatError as error:
                lines.append(f"suite {suite.name}: {error.reason}")
                continue
            remedy = length_remedy(item for item, _ in too_long)
            for item, tokens in too_long:
                place = _place_of(item, files.get(suite.name, Path(suite.file)))
                lines.append(f"{place}: {item.id} has {tokens} tokens, and the model reads {limit}; {remedy}")
        return Findings(group_problems(lines))


def load_rehearsal(folder: Path, choice: TemplateChoice, load: LoadRenderer) -> Rehearsal:
    """The rehearsal of runs of the model in `folder`, whose chats are rendered with `choice`.

    Raises:
        SetupError: if mlx-lm does not know its architecture, its tokenizer cannot be read, or its chat template not be
            used.
    """
    config = model_config(str(folder))
    require_architecture(config, folder)
    return Rehearsal(load(folder, choice), context_length(config), untrainable_architecture(config))


def _section(plan: RunPlan, training: Training) -> str:
    """Where the recipe has the settings of a training stage."""
    name = training.training.name
    if name in plan.recipe.stages:
        return f"stages.{name}"
    return "midtrain" if training.training.about_spec else training.kind


def _different(trainings: Iterable[Training]) -> list[Training]:
    """One of those that learn the same."""
    learned = {(one.data, one.settings.max_length, one.training.with_reasoning): one for one in trainings}
    return list(learned.values())


def _tell(faults: Sequence[tuple[Lesson, Obstacle]], *, required: bool) -> list[str]:
    """A line for each kind of fault: with its first lines in the file, or, of what has no line, with the worst."""
    lines: list[str] = []
    worst: defaultdict[tuple[str, str], list[Obstacle]] = defaultdict(list)
    for lesson, fault in faults:
        if lesson.required != required:
            continue
        if lesson.line:
            lines.append(f"{lesson.place}: {fault.message}")
        else:
            worst[lesson.file, fault.kind].append(fault)
    for (file, _), several in worst.items():
        message = max(several, key=lambda fault: fault.size).message
        lines.append(f"{file}: {len(several)} of its demonstrations cannot be learned, as one that has {message}")
    return group_problems(lines)


def _place_of(item: Item, file: Path) -> str:
    """The file of an item, with the line where its words stand, if they are found there."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        return str(file)
    for words in (*item.things(), item.question.partition("\n")[0][:40]):
        for number, line in enumerate(lines, start=1):
            if words in line:
                return f"{file}:{number}"
    return str(file)
