"""What one variant answers to the items of a suite: choices by log-probability, and written answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from msm_mlx.engine.generation import generate_replies
from msm_mlx.engine.models import LoadedModel
from msm_mlx.engine.scoring import score_replies
from msm_mlx.evals.suites import Item
from msm_mlx.recipe import EvaluationSettings
from msm_mlx.variants import opening_chat

Choice = Literal["target", "other", "unclear"]


@dataclass(frozen=True)
class Answer:
    """One variant's answer to one item.

    `margins` are the log-odds of the target's full reply over the other's, in nats, with the target named first and
    with it named second. `written` are the greedy replies to the same two prompts, and `choices` what they chose.
    """

    item: str
    margins: tuple[float, float]
    written: tuple[str, str]
    choices: tuple[Choice, Choice]

    @classmethod
    def from_row(cls, row: dict[str, Any]) -> Answer:
        """An answer as it stands in a file."""
        return cls(row["item"], tuple(row["margins"]), tuple(row["written"]), tuple(row["choices"]))

    @property
    def chooses_target(self) -> float:
        """1 if the mean of both orders favours the target, 0 if the other option, one half if neither."""
        margin = sum(self.margins)
        return 0.5 if margin == 0 else float(margin > 0)

    @property
    def writes_target(self) -> float:
        """The share of the written replies that choose the target; an unclear one counts as half."""
        worth = {"target": 1.0, "other": 0.0, "unclear": 0.5}
        return sum(worth[choice] for choice in self.choices) / len(self.choices)

    @property
    def unclear(self) -> float:
        """The share of the written replies that choose neither option or both."""
        return sum(choice == "unclear" for choice in self.choices) / len(self.choices)


def answer_items(
    loaded: LoadedModel, items: Sequence[Item], model_name: str, settings: EvaluationSettings
) -> list[Answer]:
    """Answers of the variant that `loaded` now is."""
    chats = [opening_chat(model_name, item.prompt(target_first)) for item in items for target_first in (True, False)]
    options = [option for item in items for _ in (True, False) for option in item.replies()]
    scores = score_replies(
        loaded, [(chats[i // 2], option) for i, option in enumerate(options)], batch_size=settings.batch_size
    )
    replies = generate_replies(
        loaded,
        [loaded.render(chat, reply=True) for chat in chats],
        max_tokens=settings.max_tokens,
        batch_size=settings.batch_size,
    )
    answers = []
    for number, item in enumerate(items):
        target_first, other_first, target_second, other_second = scores[4 * number : 4 * number + 4]
        written = (replies[2 * number].text, replies[2 * number + 1].text)
        answers.append(
            Answer(
                item=item.id,
                margins=(target_first - other_first, target_second - other_second),
                written=written,
                choices=(parse_choice(written[0], item), parse_choice(written[1], item)),
            )
        )
    return answers


def parse_choice(text: str, item: Item) -> Choice:
    """The option that a written reply names; "unclear" if it names none or both."""
    lowered = text.lower()
    at = {"target": lowered.find(item.target.lower()), "other": lowered.find(item.other.lower())}
    named = [choice for choice, position in at.items() if position >= 0]
    if len(named) != 1:
        return "unclear"
    return "target" if named[0] == "target" else "other"
