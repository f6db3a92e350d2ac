"""A chat model whose replies are on disk as soon as they are there, so that nothing is written twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from msm_mlx.engine.chat_model import ChatModel, LongPrompt, LongPromptError, Reply, SamplingParams
from msm_mlx.errors import MsmError
from msm_mlx.files import append_jsonl, read_whole_lines, sha256_json
from msm_mlx.prompting.prompts import Message


def read_log(path: Path) -> dict[str, Reply]:
    """The replies of a log, by the keys under which they were asked for. A torn last line, as of a kill, is cut off.

    Raises:
        MsmError: with file and line, if the log is damaged.
    """
    replies = {}
    for line, row in enumerate(read_whole_lines(path), start=1):
        try:
            replies[row["asked"]] = Reply(**row["reply"])
        except (KeyError, TypeError) as error:
            raise MsmError(f"{path}:{line}: damaged; delete the file to begin anew") from error
    return replies


class LoggedModel:
    """`model`, which is asked only what `path` has no reply to: the same chat, sampling and seed.

    A job that was stopped puts the same chats again, gets the same replies, and so comes to where it was. The size of
    a batch is no part of what is looked up, because no reply depends on it.

    Raises:
        MsmError: as `read_log` does.
    """

    def __init__(self, model: ChatModel, path: Path) -> None:
        self.model, self.path = model, path
        self.replied = 0
        """Replies that `model` has given since; those of the log do not count."""
        self._log = read_log(path)

    def replies(
        self,
        chats: Sequence[Sequence[Message]],
        sampling: SamplingParams,
        seeds: Sequence[int],
        *,
        long_prompts: LongPrompt = LongPrompt.REFUSE,
        say: Callable[[str], None] = lambda line: None,
    ) -> Iterator[tuple[int, Reply]]:
        """As `ChatModel` has it, those of the log first."""
        keys = [_key(chat, sampling, seed) for chat, seed in zip(chats, seeds, strict=True)]
        missing = [index for index, key in enumerate(keys) if key not in self._log]
        if not missing:
            return self._replies(keys, [], iter(()))
        new_chats, new_seeds = [chats[index] for index in missing], [seeds[index] for index in missing]
        try:
            new_replies = self.model.replies(new_chats, sampling, new_seeds, long_prompts=long_prompts, say=say)
        except LongPromptError as error:
            raise LongPromptError(missing[error.index], error.tokens, error.limit) from error
        return self._replies(keys, missing, new_replies)

    def _replies(
        self, keys: Sequence[str], missing: Sequence[int], new_replies: Iterator[tuple[int, Reply]]
    ) -> Iterator[tuple[int, Reply]]:
        unknown = set(missing)
        yield from ((index, self._log[key]) for index, key in enumerate(keys) if index not in unknown)
        for position, reply in new_replies:
            key = keys[missing[position]]
            append_jsonl(self.path, [{"asked": key, "reply": asdict(reply)}])
            self._log[key] = reply
            self.replied += 1
            yield missing[position], reply


def _key(chat: Sequence[Message], sampling: SamplingParams, seed: int) -> str:
    options = {name: value for name, value in asdict(sampling).items() if name != "batch_size"}
    return sha256_json([list(chat), options, seed])
