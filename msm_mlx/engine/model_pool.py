"""Several models as one chat model: the seed of a reply decides which of them writes it. Imports no mlx."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from msm_mlx.engine.chat_model import ChatModel, LongPrompt, LongPromptError, Reply, SamplingParams
from msm_mlx.files import sha256_json
from msm_mlx.prompting.prompts import Message


def choose_by_seed(names: Iterable[str], seed: int) -> str:
    """The name that a seed falls to, each with the same probability.

    That is rendezvous hashing (Thaler and Ravishankar 1998): the order of the names changes nothing, and a further name
    takes over its own share of seeds and leaves the others where they were.
    """
    return max(names, key=lambda name: (sha256_json([name, seed]), name))


@dataclass
class ModelPool:
    """A `ChatModel` of several, by name. Each reply says in `writer` which of them wrote it.

    One after another they are opened and asked, so that one at a time has the memory. The one that was asked last
    begins. That a chat is too long for one of them may be told when others have replied already.
    """

    models: Mapping[str, Callable[[], ChatModel]]
    _last: str = field(default="", init=False)

    def replies(
        self,
        chats: Sequence[Sequence[Message]],
        sampling: SamplingParams,
        seeds: Sequence[int],
        *,
        long_prompts: LongPrompt = LongPrompt.REFUSE,
        say: Callable[[str], None] = lambda line: None,
    ) -> Iterator[tuple[int, Reply]]:
        """As `ChatModel` has it."""
        parts: dict[str, list[int]] = {}
        for index, seed in enumerate(seeds):
            parts.setdefault(choose_by_seed(self.models, seed), []).append(index)
        for name in sorted(parts, key=lambda name: (name != self._last, name)):
            indices, self._last = parts[name], name
            of_part = [chats[index] for index in indices], sampling, [seeds[index] for index in indices]
            try:
                for position, reply in self.models[name]().replies(*of_part, long_prompts=long_prompts, say=say):
                    yield indices[position], replace(reply, writer=name)
            except LongPromptError as error:
                raise LongPromptError(indices[error.index], error.tokens, error.limit) from error
