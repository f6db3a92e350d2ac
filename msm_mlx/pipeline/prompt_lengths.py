"""Whether those who write, criticise and judge can read what they will be asked: the longest prompt of each kind.

What is not written yet, such as a draft that a critic reads, counts with the least that it can be. Imports no mlx.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING

from msm_mlx.demonstrations.answers import answer_chat
from msm_mlx.demonstrations.questions import UserQuestion, situation_chat
from msm_mlx.documents.ideas import idea_chat
from msm_mlx.documents.plan import Slot, plan_documents
from msm_mlx.documents.writer_prompts import writer_messages
from msm_mlx.errors import RecipeError
from msm_mlx.evaluation.judging import JudgeCase, judging_chat, tasks_of
from msm_mlx.models.config import context_length
from msm_mlx.models.hub import ModelRef, describe_model, is_local, model_config
from msm_mlx.models.renderers import LoadRenderer
from msm_mlx.pipeline.plan import RunPlan
from msm_mlx.pipeline.stage import Kind, Stage
from msm_mlx.pipeline.stages.critique import Critique
from msm_mlx.pipeline.stages.demonstrations import Demonstrations
from msm_mlx.pipeline.stages.document_plan import DocumentPlan
from msm_mlx.pipeline.stages.documents import WrittenDocuments
from msm_mlx.pipeline.stages.judging import Judging
from msm_mlx.pipeline.status import StageStatus, due_stages
from msm_mlx.progress import Reporter
from msm_mlx.prompting.prompts import Message, chat_from_prompt
from msm_mlx.recipe.demonstrations_file import load_demonstration_settings
from msm_mlx.recipe.load import Duty, Recipe, Role, duty_of
from msm_mlx.spec import load_spec
from msm_mlx.text.words import TOKENS_PER_WORD

if TYPE_CHECKING:
    from msm_mlx.models.chat_renderer import ChatRenderer

CHARACTERS_PER_TOKEN = 4.0  # of English prose in the usual vocabularies; fewer in other languages
SLACK = 1.25  # of a context, for prompts whose tokens are guessed
LEAST_REPLY = 32  # tokens, of a reply that is no document
CountTokens = Callable[[Sequence[Message], bool], int]
"""The tokens of a chat, with or without room to think."""


@dataclass(frozen=True)
class AskedPrompt:
    """What will be asked, with the tokens that the `rest`, its reply above all, takes at least and at most."""

    what: str
    place: str
    chat: Sequence[Message]
    least: int
    most: int
    rest: str = "the reply"
    thinking: bool = False

    @property
    def characters(self) -> int:
        """Of the chat."""
        return sum(len(message["content"]) for message in self.chat)


def duty_in(stage: Stage) -> Duty | None:
    """Whose work a stage is: None if it asks nobody."""
    if isinstance(stage, Critique):
        return "critic"
    if isinstance(stage, Judging):
        return "judge"
    if isinstance(stage, WrittenDocuments) or (isinstance(stage, DocumentPlan) and stage.settings.ideas):
        return "writer"
    return "writer" if isinstance(stage, Demonstrations) and stage.form == "written" else None


def asked_prompts(stage: Stage) -> Iterator[AskedPrompt]:
    """The longest prompts of a stage, for each section or suite."""
    if isinstance(stage, DocumentPlan) and stage.settings.ideas:
        yield from _of_ideas(stage)
    elif isinstance(stage, WrittenDocuments):
        yield from _of_documents(stage)
    elif isinstance(stage, Critique):
        for asked in _of_documents(stage.drafts):
            yield _of_critique(stage, asked)
    elif isinstance(stage, Demonstrations) and stage.form == "written":
        yield from _of_demonstrations(stage)
    elif isinstance(stage, Judging):
        yield from _of_judging(stage)


def long_prompts(
    stages: Iterable[Stage], count: CountTokens, limit: int | None, reader: str, slack: float = 1.0
) -> tuple[list[str], list[str]]:
    """What stands against the prompts of stages that one model does, which reads `limit` tokens, and what is cut short.

    Args:
        count: the tokens of a chat as the model reads it.
        reader: what the model is called in messages.
        slack: how many times the limit is read, where the tokens are guessed.
    """
    if limit is None:
        return [], []
    measured = [(asked, count(asked.chat, asked.thinking)) for stage in stages for asked in _longest(stage)]
    problems = [
        f"{asked.place}: the prompt for {asked.what} has {tokens:,} tokens, and {reader} reads {limit:,} with "
        f"the reply; {_remedy(asked)}"
        for asked, tokens in measured
        if slack * limit - tokens < asked.least
    ]
    notes = [
        f"{asked.place}: the prompt for {asked.what} leaves {limit - tokens:,} tokens to {asked.rest}, which may "
        f"have {asked.most:,}: what is longer is left out or breaks off"
        for asked, tokens in measured
        if asked.least <= limit - tokens < asked.most
    ]
    return problems, notes


def _longest(stage: Stage) -> list[AskedPrompt]:
    """The prompt with the most characters of each kind."""
    longest: dict[str, AskedPrompt] = {}
    for asked in asked_prompts(stage):
        if asked.what not in longest or asked.characters > longest[asked.what].characters:
            longest[asked.what] = asked
    return list(longest.values())


def guess_prompts(plan: RunPlan) -> list[str]:
    """What stands against the prompts of a plan by their characters alone, without any tokenizer.

    Only what is far too long is told. A model whose configuration is not here is left out.
    """
    problems = []
    for role, work in _by_role(plan.recipe, plan.stages).items():
        name = plan.recipe.others.get(role, plan.recipe.model)
        if is_local(name):
            limit = context_length(model_config(name))
            told = long_prompts(work, _guess, limit, f"the {duty_of(role)} ({describe_model(name)})", SLACK)[0]
            problems += [f"{line} (guessed from the number of characters)" for line in told]
    return problems


def _guess(chat: Sequence[Message], thinking: bool) -> int:
    return round(sum(len(message["content"]) for message in chat) / CHARACTERS_PER_TOKEN)


def refuse_long_prompts(
    recipe: Recipe,
    status: StageStatus,
    kinds: Collection[Kind],
    base: ModelRef,
    others: Mapping[Role, ModelRef],
    report: Reporter,
    load: LoadRenderer,
) -> None:
    """Look at all that will be asked in stages that are due, of these kinds; a plan is for the documents after it.

    Raises:
        RecipeError: before anything is asked, if whoever is asked cannot read it.
    """
    due = due_stages(status, {*kinds, *(("documents",) if "plan" in kinds else ())})
    problems, notes = measure_prompts(recipe, due, base, others, load)
    for line in notes:
        report.say(f"{line}.")
    if problems:
        raise RecipeError("\n".join(problems))


def measure_prompts(
    recipe: Recipe, stages: Iterable[Stage], base: ModelRef, others: Mapping[Role, ModelRef], load: LoadRenderer
) -> tuple[list[str], list[str]]:
    """As `long_prompts`, for stages that several models do: each that is on this machine, of which a server is none.

    Raises:
        SetupError: if a tokenizer cannot be read, or its chat template not be used.
    """
    problems, notes = [], []
    for role, work in _by_role(recipe, stages).items():
        if role in recipe.others and role not in others:
            continue
        ref = others.get(role, base)
        limit = context_length(model_config(str(ref.folder)))
        more = long_prompts(
            work, _counter(load(ref.folder, ref.choice)), limit, f"the {duty_of(role)} ({describe_model(ref.name)})"
        )
        problems += more[0]
        notes += more[1]
    return problems, notes


def _by_role(recipe: Recipe, stages: Iterable[Stage]) -> dict[Role, list[Stage]]:
    """The stages that ask a model on this machine, by who that is."""
    by_role: dict[Role, list[Stage]] = {}
    writers = [recipe.role_of(writer) for writer in recipe.local_writers]
    writers += ["writer"] * (not recipe.settings.documents.writers)
    for stage in stages:
        duty = duty_in(stage)
        for role in writers if duty == "writer" else filter(None, [duty]):
            by_role.setdefault(role, []).append(stage)
    return by_role


def _counter(renderer: ChatRenderer) -> CountTokens:
    return lambda chat, thinking: len(renderer.render(chat, reply=True, thinking=thinking))


def _remedy(asked: AskedPrompt) -> str:
    if "document" in asked.what:
        return "set documents.prompt to section or assertion, shorten the spec, or take one that reads more"
    return "shorten it, or take one that reads more"


def _of_documents(stage: WrittenDocuments) -> Iterator[AskedPrompt]:
    settings, longest = stage.settings, dict[str, tuple[Slot, list[Message]]]()
    for slot in plan_documents(stage.spec, settings, control=stage.control):
        chat = writer_messages(slot, stage.spec, settings, attempt=2)  # which has more words than a first one
        before = longest.get(slot.section.id)
        if before is None or len(chat[-1]["content"]) > len(before[1][-1]["content"]):
            longest[slot.section.id] = slot, chat
    least = ceil(TOKENS_PER_WORD * settings.min_words)
    for slot, chat in longest.values():
        place = f"{stage.spec.path}:{slot.section.line}"
        yield AskedPrompt("documents", place, chat, least, max(settings.max_tokens, least), thinking=settings.thinking)


def _of_critique(stage: Critique, asked: AskedPrompt) -> AskedPrompt:
    """Of a draft that is as short as it may be, with a reply that is a document again."""
    settings = stage.drafts.settings
    fields = {"request": asked.chat[-1]["content"], "draft": "word " * settings.min_words, "faults": ""}
    chat = chat_from_prompt("rewrite", fields)
    return AskedPrompt(
        "documents that a critic rewrites",
        asked.place,
        chat,
        asked.least,
        2 * settings.max_tokens,
        "a draft and what it becomes",
    )


def _of_ideas(stage: DocumentPlan) -> Iterator[AskedPrompt]:
    kind = max(stage.settings.types, key=len)
    for section in stage.spec.assertions:
        chat = idea_chat(section, kind, stage.model_name)
        yield AskedPrompt("ideas", f"{stage.spec.path}:{section.line}", chat, LEAST_REPLY, LEAST_REPLY)


def _of_demonstrations(stage: Demonstrations) -> Iterator[AskedPrompt]:
    recipe = stage.recipe
    written = load_demonstration_settings(recipe.demonstrations)
    spec = load_spec(written.spec, model_name=recipe.model_name, provider_name=recipe.provider_name)
    for section in spec.assertions:
        question = UserQuestion(section, "", "word " * 20)
        for chat in (
            situation_chat(section, recipe.model_name),
            answer_chat(question, recipe.model_name, written.style),
        ):
            yield AskedPrompt("demonstrations", f"{spec.path}:{section.line}", chat, LEAST_REPLY, written.max_tokens)


def _of_judging(stage: Judging) -> Iterator[AskedPrompt]:
    for suite in stage.suites:
        for task in tasks_of([suite]):
            item = min(suite.items, key=lambda item: len(item.question))  # a longer one is left out by itself
            case = JudgeCase(task, item.question, "", item.judge_fields())
            chat = judging_chat(case, stage.model_name)
            most = stage.evaluation.max_tokens + stage.settings.max_tokens
            yield AskedPrompt(
                "verdicts", f"suite {suite.name}, item {item.id}", chat, LEAST_REPLY, most, "an answer and its verdict"
            )
