"""A chat model whose replies all ranks of `mlx.launch` write together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Literal

from msm_mlx.engine.chat_model import LongPrompt, OnStep, Reply, SamplingParams
from msm_mlx.models.chat_template import AS_IT_STANDS, TemplateChoice
from msm_mlx.prompting.prompts import Message
from msm_mlx.worker.job import WritingJob
from msm_mlx.worker.supervisor import ModelProcess


@dataclass(frozen=True)
class SharedModel:
    """A `ChatModel` that divides its chats among all ranks."""

    process: ModelProcess
    """Rank 0."""
    role: Literal["base", "writer"]
    model: str
    """The folder of the model that replies, on rank 0."""
    choice: TemplateChoice = AS_IT_STANDS
    """What its chats are rendered with."""
    on_step: OnStep = lambda begun, tokens: None
    """Hears of the tokens while they are written, as if every rank were as far as rank 0."""

    def replies(
        self,
        chats: Sequence[Sequence[Message]],
        sampling: SamplingParams,
        seeds: Sequence[int],
        *,
        long_prompts: LongPrompt = LongPrompt.REFUSE,
        say: Callable[[str], None] = lambda line: None,
    ) -> Iterator[tuple[int, Reply]]:
        """See `ChatModel`. `say` is not used, because the process says by itself what there is to say.

        Raises:
            MsmError: before anything is written, if a chat is too long and `long_prompts` is REFUSE.
        """
        job = WritingJob(
            self.role,
            self.model,
            [list(chat) for chat in chats],
            list(seeds),
            asdict(sampling),
            long_prompts.value,
            template=self.choice.text,
            date=self.choice.date,
        )
        for index, fields in self.process.write(job, self.on_step):
            yield index, Reply(**fields)
