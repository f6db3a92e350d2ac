"""A chat model whose replies all ranks of `mlx.launch` write together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Literal

from msm_mlx.engine.chat_model import SamplingParams, in_places
from msm_mlx.engine.generation import Reply
from msm_mlx.prompting.prompts import Message
from msm_mlx.worker.job import WritingJob
from msm_mlx.worker.supervisor import TrainingProcess


@dataclass(frozen=True)
class SharedModel:
    """The ranks of `mlx.launch`, of which `process` is the first; `model` is the folder of the model that replies."""

    process: TrainingProcess
    role: Literal["base", "writer"]
    model: str

    def together(
        self, chats: Sequence[list[Message]], sampling: SamplingParams, seed: int, on_reply: Callable[[Reply], None]
    ) -> list[Reply]:
        return in_places(len(chats), self._replies(chats, sampling, [seed], together=True), on_reply)

    def each(
        self, chats: Sequence[list[Message]], sampling: SamplingParams, seeds: Sequence[int], say: Callable[[str], None]
    ) -> Iterator[tuple[int, Reply]]:
        return self._replies(chats, sampling, seeds, together=False)  # the process says by itself what there is to say

    def _replies(
        self, chats: Sequence[list[Message]], sampling: SamplingParams, seeds: Sequence[int], *, together: bool
    ) -> Iterator[tuple[int, Reply]]:
        job = WritingJob(self.role, self.model, list(chats), list(seeds), together, asdict(sampling))
        for place, fields in self.process.write(job):
            yield place, Reply(**fields)
