"""What one variant answers to the items of its suites: options by log-probability, and written replies."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import chain, groupby

from msm_mlx.engine.chat_model import (
    ChatModel,
    ObservedModel,
    OnStep,
    Reply,
    SamplingParams,
    replies_in_order,
    reply_seed,
)
from msm_mlx.engine.loaded_model import LoadedModel
from msm_mlx.engine.local_model import LocalModel
from msm_mlx.engine.scoring import score_replies
from msm_mlx.evaluation.grouping import split_by_size
from msm_mlx.evaluation.lengths import check_lengths
from msm_mlx.prompting.prompts import Message
from msm_mlx.prompting.replies import strip_thinking
from msm_mlx.recipe.schema import EvaluationSettings
from msm_mlx.runs.answers import Answer
from msm_mlx.suites.items import Item, OptionScore
from msm_mlx.suites.opening import OpenedPrompt, open_prompts


def answer_items(
    loaded: LoadedModel,
    items: Sequence[Item],
    model_name: str,
    settings: EvaluationSettings,
    on_reply: Callable[[Reply], None] = lambda reply: None,
    on_step: OnStep = lambda begun, tokens: None,
) -> list[Answer]:
    """Answers of the variant that `loaded` now is. All items are scored in one go, and written in another.

    `on_reply` hears of every written reply, and `on_step` of the tokens while they are written.

    Raises:
        MsmError: before anything is asked, if an item does not fit into the model's context.
    """
    check_lengths(loaded, loaded.context_length, items, model_name, settings.max_tokens)
    model = LocalModel(loaded, on_step=on_step)
    opened = _open_all(model, items, model_name, settings)
    logprobs = _score_options(loaded, opened, settings.batch_size)
    replies = _write(ObservedModel(model, on_reply), opened, settings)
    return [
        score_answer(prompts[0].item, item_logprobs, texts, _earlier(prompts), settings.temperatures)
        for prompts, item_logprobs, texts in zip(_by_item(opened), logprobs, replies, strict=True)
    ]


def _open_all(
    model: ChatModel, items: Sequence[Item], model_name: str, settings: EvaluationSettings
) -> list[OpenedPrompt]:
    """All prompts with their earlier turns. The variant's own replies of one turn are all asked for in one go."""
    opened = list(open_prompts(items, model_name))
    for number in range(max((len(prompt.turns) for prompt in opened), default=0)):
        turns = [(prompt, prompt.turns[number]) for prompt in opened if number < len(prompt.turns)]
        for prompt, turn in turns:
            prompt.ask(turn)
        chats = [prompt.messages for prompt, turn in turns if turn.assistant is None]
        replies = iter(_replies(model, chats, settings, [0] * len(chats)))
        for prompt, turn in turns:
            prompt.answer(next(replies) if turn.assistant is None else turn.assistant)
    return opened


def _by_item(opened: Sequence[OpenedPrompt]) -> list[list[OpenedPrompt]]:
    """The prompts of each item."""
    return [list(prompts) for _, prompts in groupby(opened, key=lambda prompt: prompt.item.id)]


def _earlier(prompts: Sequence[OpenedPrompt]) -> tuple[str, ...]:
    """The variant's own replies in the earlier turns; once where all prompts of an item have the same turns."""
    replies = [prompt.earlier for prompt in prompts]
    return replies[0] if len({prompt.turns for prompt in prompts}) == 1 else tuple(chain.from_iterable(replies))


def _score_options(loaded: LoadedModel, opened: Sequence[OpenedPrompt], batch_size: int) -> list[list[list[float]]]:
    """The log-probabilities of each item's options, in nats: (items, prompts, options).

    A begun reply is scored with each option: what it adds is the same for all of an item's options.
    """
    rows = [(prompt.chat, prompt.item.begun(option)) for prompt in opened for option in prompt.item.options()]
    scores = score_replies(loaded, rows, batch_size=batch_size) if rows else []
    by_chat = split_by_size(scores, [len(prompt.item.options()) for prompt in opened])
    return split_by_size(by_chat, [len(prompts) for prompts in _by_item(opened)])


def _write(model: ChatModel, opened: Sequence[OpenedPrompt], settings: EvaluationSettings) -> list[list[str]]:
    """The written replies to each item, without what was begun for it: one greedy reply to each prompt or, where the
    item's kind is sampled, `settings.samples` at each temperature, in the order of the temperatures.

    A reply has a seed of its own, from its item, the temperature and its number among the draws, so that it does not
    change with what else is asked.
    """
    items = _by_item(opened)
    texts: dict[str, list[str]] = {prompts[0].item.id: [] for prompts in items}
    sampled = [prompts for prompts in items if prompts[0].item.sampled]
    greedy = [prompts for prompts in items if not prompts[0].item.sampled and prompts[0].item.is_written]
    rounds = [(sampled, settings.samples, temperature) for temperature in settings.temperatures]
    for group, draws, temperature in [*rounds, (greedy, 1, 0.0)]:
        asked = [(prompt, draw) for prompts in group for draw, prompt in enumerate(prompts * draws)]
        seeds = [reply_seed(prompt.item.id, temperature, draw) for prompt, draw in asked]
        chats = [prompt.chat_to_go_on_with for prompt, _ in asked]
        replies = _replies(model, chats, settings, seeds, temperature)
        for (prompt, _), reply in zip(asked, replies, strict=True):
            texts[prompt.item.id].append(reply)
    return [texts[prompts[0].item.id] for prompts in items]


def _replies(
    model: ChatModel,
    chats: Sequence[list[Message]],
    settings: EvaluationSettings,
    seeds: Sequence[int],
    temperature: float = 0.0,
) -> list[str]:
    sampling = SamplingParams.of(settings, max_tokens=settings.max_tokens, batch_size=settings.batch_size)
    sampling = replace(sampling, temperature=temperature)
    return [reply.text for reply in replies_in_order(model, chats, sampling, seeds)]


def score_answer(
    item: Item,
    logprobs: Sequence[Sequence[float]],
    texts: Sequence[str],
    earlier: Sequence[str] = (),
    temperatures: Sequence[float] = (),
) -> Answer:
    """What the log-probabilities of the item's options, (prompts, options), and the written replies say. `texts` are
    the replies without what was begun for them.

    Sampled replies are equally many at each of `temperatures`. With several temperatures, each has metrics of its own,
    and those without a temperature are at the first.
    """
    options = item.score_options(logprobs) if item.options() else OptionScore()
    choices = tuple(item.read(strip_thinking(text)) for text in texts)
    metrics = {**options.metrics, **(item.score_choices(choices) if choices else {})}
    if item.sampled and len(temperatures) > 1:
        parts = split_by_size(choices, [len(choices) // len(temperatures)] * len(temperatures))
        scores = [item.score_choices(part) for part in parts]
        metrics |= scores[0]
        for temperature, score in zip(temperatures, scores, strict=True):
            metrics |= {f"{metric} at {temperature:g}": value for metric, value in score.items()}
    return Answer(item.id, tuple(map(item.begun, texts)), choices, options.margins, metrics, tuple(earlier))
