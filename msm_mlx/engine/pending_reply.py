"""A reply that is being written, token by token."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from msm_mlx.engine.chat_model import Reply
from msm_mlx.engine.loaded_model import LoadedModel


@dataclass
class PendingReply:
    """A reply that is being written. The first `shared` tokens of its prompt are read with those of other rows."""

    index: int
    prompt: Sequence[int]
    shared: int
    seed: int
    max_tokens: int
    stop: Sequence[str]
    ids: list[int] = field(default_factory=list)

    @property
    def prefix(self) -> tuple[int, ...]:
        return tuple(self.prompt[: self.shared])

    def add(self, token: int, loaded: LoadedModel) -> str | None:
        """Take in a token. Gives the text up to a stop string if one is complete, however its tokens divide it."""
        self.ids.append(token)
        if not self.stop:
            return None
        longest = max(len(stop.encode()) for stop in self.stop)
        tail = loaded.decode(self.ids[-(longest + 8) :])  # nearly every token has a byte at least
        if not any(stop in tail for stop in self.stop):
            return None
        text = loaded.decode(self.ids)
        ends = [text.find(stop) for stop in self.stop if stop in text]
        return text[: min(ends)] if ends else None

    def take(self, token: int, finish_reason: str | None, loaded: LoadedModel) -> Reply | None:
        """The reply, if it ends with this token. `finish_reason` is mlx-lm's: "stop", "length", or None."""
        if finish_reason == "stop":
            return Reply(loaded.decode(self.ids).strip(), len(self.ids), True)
        text = self.add(token, loaded)
        if text is not None:
            return Reply(text.strip(), len(self.ids), True)
        if finish_reason is not None:
            return Reply(loaded.decode(self.ids).strip(), len(self.ids), False)
        return None
