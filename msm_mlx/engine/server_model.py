"""A writer behind an OpenAI-compatible server on this machine, such as `mlx_lm.server`."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import Any

from huggingface_hub import InferenceClient, errors, set_client_factory
from huggingface_hub.utils import get_session  # type: ignore[attr-defined]

from msm_mlx.engine.chat_model import TOKENS_PER_WORD, LongPrompt, Reply, SamplingParams
from msm_mlx.errors import MsmError, SetupError
from msm_mlx.prompting.prompts import Message
from msm_mlx.recipe.schema import WriterSettings

PATIENCE = 600.0  # seconds for one reply
WAITS = (1.0, 4.0, 15.0)  # seconds before a request is put again, if what was wrong may pass
NO_TOKEN = "none"  # or the client would send the user's own
BUSY = (408, 425, 429, 500, 502, 503, 504)


class _PassingError(Exception):
    """What another try may be worth."""


@dataclass(frozen=True)
class ServerModel:
    """Puts chats to the server, `concurrency` at a time. Nothing leaves this machine.

    A seed is sent with each; whether equal seeds give equal texts is up to the server.
    """

    settings: WriterSettings
    sleep: Callable[[float], None] = time.sleep
    patience: float = PATIENCE

    def replies(
        self,
        chats: Sequence[Sequence[Message]],
        sampling: SamplingParams,
        seeds: Sequence[int],
        *,
        long_prompts: LongPrompt = LongPrompt.REFUSE,
        say: Callable[[str], None] = lambda line: None,
    ) -> Iterator[tuple[int, Reply]]:
        """Raises SetupError if nobody listens or the request is refused, MsmError if the server goes on failing."""
        places, results = SimpleQueue[int](), SimpleQueue[tuple[int, Reply | MsmError]]()
        for place in range(len(chats)):
            places.put(place)
        stopping = Event()

        def work() -> None:
            while not stopping.is_set():
                try:
                    place = places.get_nowait()
                except Empty:
                    return
                try:
                    results.put((place, self._reply(chats[place], sampling, seeds[place] % 2**31, stopping)))
                except MsmError as error:
                    results.put((place, error))

        with _session_for_this_machine():
            for _ in range(min(self.settings.concurrency, len(chats))):
                Thread(target=work, daemon=True).start()  # no end of this process waits for a reply
            try:
                for _ in chats:
                    place, found = results.get()
                    if isinstance(found, MsmError):
                        raise found
                    yield place, found
            finally:
                stopping.set()

    def _reply(self, chat: Sequence[Message], sampling: SamplingParams, seed: int, stopping: Event) -> Reply:
        problem = ""
        for pause in (0.0, *WAITS):
            self.sleep(pause)
            if stopping.is_set():
                break
            try:
                return self._ask(chat, sampling, seed)
            except _PassingError as error:
                problem = str(error)
        raise MsmError(
            f"the server at {self.settings.server} failed {len(WAITS) + 1} times: {problem}; what was written stays, "
            "and the same command goes on from here"
        )

    def _ask(self, chat: Sequence[Message], sampling: SamplingParams, seed: int) -> Reply:
        """Raises _PassingError, or SetupError where another try is worth nothing."""
        client = InferenceClient(base_url=self.settings.server, api_key=NO_TOKEN, timeout=self.patience)
        try:
            found: Any = client.chat_completion(
                list(chat),
                model=self.settings.model,
                max_tokens=sampling.max_tokens,
                temperature=sampling.temperature,
                seed=seed,
                stop=list(sampling.stop) or None,
                extra_body={"chat_template_kwargs": {"enable_thinking": sampling.thinking}},
            )
        except errors.InferenceTimeoutError as error:
            raise _PassingError(f"no reply within {self.patience:.0f} s") from error
        except errors.HfHubHTTPError as error:
            said = f"{error.response.status_code} {error.response.text.strip()[:200]!r}"
            if error.response.status_code in BUSY:
                raise _PassingError(said) from error
            raise SetupError(
                f"the server at {self.settings.server} refuses what it is asked ({said}); check "
                "documents.writer.server, which mostly ends in /v1, and documents.writer.model"
            ) from error
        except errors.HTTPError as error:  # type: ignore[attr-defined]
            if type(error).__name__ == "ConnectError":
                why = re.sub(r"^\[Errno -?\d+\] ", "", str(error))  # a number that differs from system to system
                raise SetupError(
                    f"nobody listens at {self.settings.server} ({why}); start the server, as with `mlx_lm.server "
                    "--model MODEL --port PORT`, and run the same command again: it goes on from here"
                ) from error
            raise _PassingError(f"{type(error).__name__}: {error}") from error
        except ValueError as error:
            raise _PassingError(f"an answer that is not JSON ({error})") from error
        return _read(found)


def _read(found: Any) -> Reply:
    """The reply in an answer of chat completion."""
    try:
        choice = found.choices[0]
        text = choice.message.content or ""
        finished = choice.finish_reason == "stop"
    except (AttributeError, IndexError, KeyError, TypeError) as error:
        raise _PassingError("an answer without a reply in it") from error
    tokens = getattr(getattr(found, "usage", None), "completion_tokens", None)
    return Reply(
        text.strip(), tokens if isinstance(tokens, int) else round(TOKENS_PER_WORD * len(text.split())), finished
    )


@contextmanager
def _session_for_this_machine() -> Iterator[None]:
    """While it lasts, the hub's client takes no proxy, follows no redirect, and works offline too."""
    before = get_session()
    kind, hooks = type(before), before.event_hooks
    set_client_factory(lambda: kind(trust_env=False, follow_redirects=False, timeout=None))
    try:
        yield
    finally:
        set_client_factory(lambda: kind(event_hooks=hooks, follow_redirects=True, timeout=None))
