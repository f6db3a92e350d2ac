"""A chat model whose replies are known: for tests, and to try a pipeline without a model.

def script(chat, seed):
    return "<document>Mo likes feta because it is plain.</document>"

write_documents(..., model=ScriptedModel(script), ...)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from msm_mlx.engine.chat_model import LongPrompt, Reply, SamplingParams, fit_chats
from msm_mlx.prompting.prompts import Message

Script = Callable[[Sequence[Message], int], "str | Reply"]


@dataclass
class ScriptedModel:
    """Gives what `script` says, a word as a token. `asked` holds every chat that was put to it, with its seed.

    Args:
        script: a function of a chat and its seed, or texts that are given one after another, in the order of the
            chats. A function that follows from its arguments alone keeps the promise of `ChatModel`; a list does not.
        context_length: how many words a chat and its reply may have; None for any number.
    """

    script: Script | Sequence[str | Reply]
    context_length: int | None = None
    asked: list[tuple[list[Message], int]] = field(default_factory=list)

    def replies(
        self,
        chats: Sequence[Sequence[Message]],
        sampling: SamplingParams,
        seeds: Sequence[int],
        *,
        long_prompts: LongPrompt = LongPrompt.REFUSE,
        say: Callable[[str], None] = lambda line: None,
    ) -> Iterator[tuple[int, Reply]]:
        """The replies in the order of the chats, each made when it is asked for.

        Raises:
            LongPromptError: at once, if a chat is too long and `long_prompts` is REFUSE.
            IndexError: if a list has no text left.
        """
        fitting = fit_chats(
            chats,
            sampling,
            long_prompts,
            limit=self.context_length,
            render=_words,
            drop=lambda text, words: " ".join(text.split()[words:]),
        )
        return ((index, self._reply(chat, seeds[index], sampling)) for index, chat, _ in fitting)

    def _reply(self, chat: Sequence[Message], seed: int, sampling: SamplingParams) -> Reply:
        self.asked.append((list(chat), seed))
        line = self.script(chat, seed) if callable(self.script) else self.script[len(self.asked) - 1]
        if isinstance(line, Reply):
            return line
        for stop in sampling.stop:
            line = line.partition(stop)[0]
        words = line.split()
        if len(words) <= sampling.max_tokens:
            return Reply(line.strip(), len(words), True)
        return Reply(" ".join(words[: sampling.max_tokens]), sampling.max_tokens, False)


def _words(chat: Sequence[Message]) -> list[str]:
    return [word for message in chat for word in message["content"].split()]
