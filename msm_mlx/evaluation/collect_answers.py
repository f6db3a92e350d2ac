"""What one variant answers to the items of its suites: options by log-probability, and written replies."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

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
from msm_mlx.prompting.prompts import Message, system_prompt
from msm_mlx.prompting.replies import strip_thinking
from msm_mlx.recipe.schema import EvaluationSettings
from msm_mlx.runs.answers import Answer
from msm_mlx.suites.items import Item, OptionScore, TextScore


@dataclass(frozen=True)
class ItemOpening:
    """An item with what stands before its prompts: the system line, and the earlier turns with their replies."""

    item: Item
    messages: list[Message]

    @property
    def chats(self) -> list[list[Message]]:
        """One for each of the item's prompts."""
        return [[*self.messages, {"role": "user", "content": prompt}] for prompt in self.item.prompts()]

    @property
    def earlier(self) -> tuple[str, ...]:
        """The variant's own replies in the earlier turns."""
        replies = [message["content"] for message in self.messages if message["role"] == "assistant"]
        return tuple(text for text, turn in zip(replies, self.item.turns, strict=True) if turn.assistant is None)


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
    openings = _open_items(model, items, model_name, settings)
    logprobs = _score_options(loaded, openings, settings.batch_size)
    replies = _write(ObservedModel(model, on_reply), openings, settings)
    return [
        score_answer(opening.item, item_logprobs, texts, opening.earlier, settings.temperatures)
        for opening, item_logprobs, texts in zip(openings, logprobs, replies, strict=True)
    ]


def _open_items(
    model: ChatModel, items: Sequence[Item], model_name: str, settings: EvaluationSettings
) -> list[ItemOpening]:
    """The items with their openings. The variant's own replies of one turn are all asked for in one go."""
    openings = [ItemOpening(item, [{"role": "system", "content": system_prompt(model_name)}]) for item in items]
    for number in range(max((len(item.turns) for item in items), default=0)):
        turns = [(one.messages, one.item.turns[number]) for one in openings if number < len(one.item.turns)]
        for messages, turn in turns:
            messages.append({"role": "user", "content": turn.user})
        chats = [messages for messages, turn in turns if turn.assistant is None]
        replies = iter(_replies(model, chats, settings, [0] * len(chats)))
        for messages, turn in turns:
            reply = next(replies) if turn.assistant is None else turn.assistant
            messages.append({"role": "assistant", "content": reply})
    return openings


def _score_options(loaded: LoadedModel, openings: Sequence[ItemOpening], batch_size: int) -> list[list[list[float]]]:
    """The log-probabilities of each item's options, in nats: (items, prompts, options)."""
    chats = [(chat, opening.item.options()) for opening in openings for chat in opening.chats]
    rows = [(chat, option) for chat, options in chats for option in options]
    scores = score_replies(loaded, rows, batch_size=batch_size) if rows else []
    by_chat = split_by_size(scores, [len(options) for _, options in chats])
    return split_by_size(by_chat, [len(opening.chats) for opening in openings])


def _write(model: ChatModel, openings: Sequence[ItemOpening], settings: EvaluationSettings) -> list[list[str]]:
    """The written replies to each item: one greedy reply to each prompt or, where the item's kind is sampled,
    `settings.samples` at each temperature, in the order of the temperatures.

    A reply has a seed of its own, from its item, the temperature and its number among the draws, so that it does not
    change with what else is asked.
    """
    texts: dict[str, list[str]] = {opening.item.id: [] for opening in openings}
    sampled = [opening for opening in openings if opening.item.sampled]
    greedy = [opening for opening in openings if not opening.item.sampled and opening.item.is_written]
    rounds = [(sampled, settings.samples, temperature) for temperature in settings.temperatures]
    for group, draws, temperature in [*rounds, (greedy, 1, 0.0)]:
        chats = [(opening.item.id, draw, chat) for opening in group for draw, chat in enumerate(opening.chats * draws)]
        seeds = [reply_seed(id, temperature, draw) for id, draw, _ in chats]
        replies = _replies(model, [chat for _, _, chat in chats], settings, seeds, temperature)
        for (id, _, _), reply in zip(chats, replies, strict=True):
            texts[id].append(reply)
    return [texts[opening.item.id] for opening in openings]


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
    """What the log-probabilities of the item's options, (prompts, options), and the written replies say.

    Sampled replies are equally many at each of `temperatures`. With several temperatures, each has metrics of its own,
    and those without a temperature are at the first.
    """
    options = item.score_options(logprobs) if item.options() else OptionScore()
    written = item.score_texts([strip_thinking(text) for text in texts]) if texts else TextScore(())
    metrics = {**options.metrics, **written.metrics}
    if item.sampled and len(temperatures) > 1:
        parts = split_by_size(texts, [len(texts) // len(temperatures)] * len(temperatures))
        scores = [item.score_texts([strip_thinking(text) for text in part]) for part in parts]
        metrics |= scores[0].metrics
        for temperature, score in zip(temperatures, scores, strict=True):
            metrics |= {f"{metric} at {temperature:g}": value for metric, value in score.metrics.items()}
    return Answer(item.id, tuple(texts), written.choices, options.margins, metrics, tuple(earlier))
