"""A chat model behind an OpenAI-compatible server on this machine: `mlx_lm.server`, Ollama, LM Studio and others."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import Any

import httpx2

from msm_mlx.engine.chat_model import LongPrompt, OnStep, Reply, SamplingParams
from msm_mlx.errors import MsmError, SetupError
from msm_mlx.prompting.prompts import Message
from msm_mlx.text.encoding import whole_characters
from msm_mlx.text.words import TOKENS_PER_WORD

TIMEOUT = 600.0  # seconds for one reply
PAUSES = (1.0, 4.0, 15.0)  # seconds before a request is put again, if what was wrong may pass
_ADDRESS = "check documents.writer.server, which for most servers ends in /v1"
ADVICE = {
    401: "; it wants a key, and msm-mlx sends none: use a server that does without",
    403: "; it wants a key, and msm-mlx sends none: use a server that does without",
    404: f"; it has no such model or no such address: {_ADDRESS}",
    405: f"; {_ADDRESS}",
    413: "; shorten the prompt with documents.prompt: section or assertion",
}
"""What a status means, by RFC 9110; of others only the answer is known."""
_PARAMETER = re.compile(r"\b(?:max_tokens|temperature|top_p|top_k|min_p|seed|stop|chat_template_kwargs)\b")
MAY_LACK = ("seed", "chat_template_kwargs")  # parameters without which a reply is as it was asked for, if not always
_NO_ENDPOINT = re.compile(r"(?:unexpected|unknown|invalid) (?:endpoint|path|route)", re.IGNORECASE)
_CONTEXT = re.compile(r"context (?:length|size|window)|too (?:long|many tokens)|maximum.{0,20}tokens", re.IGNORECASE)
RETRIED = (408, 425, 429, 500, 502, 503, 504)  # status codes of what may pass
THOUGHT_FIELDS = ("reasoning", "reasoning_content", "thinking")  # where servers put what a model has thought
FINISHED = ("stop", "eos", "eos_token", "end_turn", "stop_sequence")  # what servers call the end of a whole reply
CONTENT_FILTER = "content_filter"  # what they call the end of one that their filter cut
# of a reply, which some servers leave in it
_END_TOKENS = re.compile(r"(?:\s*(?:<\|[^<>|\n]{1,30}\|>|</s>|<end_of_turn>))+$")
LARGEST_SEED = 2**31  # some servers take signed seeds only

_RequestQueue = SimpleQueue[tuple[int, dict[str, Any]]]
_ReplyQueue = SimpleQueue[tuple[int, Reply | MsmError | str | None]]  # None once a request is sent, a line to tell


class _RetriableError(Exception):
    """What another try may be worth."""


class _UnknownParameterError(Exception):
    """A parameter that the server does not take, and that can be left out."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


@dataclass(frozen=True)
class ServerModel:
    """The model that the server at `url` knows as `model`, asked for `concurrency` replies at a time.

    Nothing leaves this machine: the client takes no proxy from the environment, follows no redirect and sends no token.
    A seed is sent with each chat; whether equal seeds give equal texts is up to the server, and one that refuses the
    parameter is asked without it. How much the model can read is known to the server alone, which refuses what is too
    long, or cuts it, whatever `long_prompts` asks for.
    `on_step` hears of a request when it is sent, and of the tokens of its reply when that is there.
    """

    url: str
    model: str
    concurrency: int = 8
    sleep: Callable[[float], None] = time.sleep
    timeout: float = TIMEOUT
    on_step: OnStep = lambda begun, tokens: None
    _unknown: set[str] = field(default_factory=set, init=False, repr=False, compare=False)
    """Parameters that the server has refused."""

    def replies(
        self,
        chats: Sequence[Sequence[Message]],
        sampling: SamplingParams,
        seeds: Sequence[int],
        *,
        long_prompts: LongPrompt = LongPrompt.REFUSE,
        say: Callable[[str], None] = lambda line: None,
    ) -> Iterator[tuple[int, Reply]]:
        """As `ChatModel` has it.

        Raises:
            SetupError: if there is no server, or it refuses a request.
            MsmError: if the server goes on failing.
        """
        requests, results, stopping = _RequestQueue(), _ReplyQueue(), Event()
        for index, (chat, seed) in enumerate(zip(chats, seeds, strict=True)):
            requests.put((index, self._request(chat, sampling, seed)))
        for _ in range(min(self.concurrency, len(chats))):
            # as a daemon, so that no end of this process waits for a reply
            Thread(target=self._work, args=(requests, results, stopping), daemon=True).start()
        try:
            due = len(chats)
            while due:
                index, result = results.get()
                if isinstance(result, MsmError):
                    raise result
                if isinstance(result, str):
                    say(result)
                    continue
                self.on_step(int(result is None), result.tokens if result else 0)
                if result:
                    due -= 1
                    yield index, result
        finally:
            stopping.set()

    def _work(self, requests: _RequestQueue, results: _ReplyQueue, stopping: Event) -> None:
        """Send what is in `requests`, and put the reply to each, or its error, into `results`."""
        with httpx2.Client(trust_env=False, follow_redirects=False, timeout=self.timeout) as client:
            while not stopping.is_set():
                try:
                    index, request = requests.get_nowait()
                except Empty:
                    return
                results.put((index, None))
                try:
                    results.put((index, self._reply(client, request, stopping, lambda line: results.put((0, line)))))
                except MsmError as error:
                    results.put((index, error))

    def _request(self, chat: Sequence[Message], sampling: SamplingParams, seed: int) -> dict[str, Any]:
        """The body of a request for a chat completion."""
        return {
            "model": self.model,
            "messages": list(chat),
            "max_tokens": sampling.max_tokens,
            "temperature": sampling.temperature,
            **_filter(sampling),
            "seed": seed % LARGEST_SEED,
            "chat_template_kwargs": {"enable_thinking": sampling.thinking},
            **({"stop": list(sampling.stop)} if sampling.stop else {}),
        }

    def _reply(
        self, client: httpx2.Client, request: dict[str, Any], stopping: Event, say: Callable[[str], None]
    ) -> Reply:
        problem = ""
        for pause in (0.0, *PAUSES):
            self.sleep(pause)
            if stopping.is_set():
                break
            try:
                return self._asked(client, request, say)
            except _RetriableError as error:
                problem = str(error)
        raise MsmError(
            f"server {self.url}: failed {len(PAUSES) + 1} times: {problem}; run the same command again: it goes on "
            "from what was written"
        )

    def _asked(self, client: httpx2.Client, request: dict[str, Any], say: Callable[[str], None]) -> Reply:
        """The reply, asked for without what the server does not know. Raises as `_post` does."""
        while True:
            try:
                return self._post(client, {name: value for name, value in request.items() if name not in self._unknown})
            except _UnknownParameterError as error:
                if error.name not in self._unknown:
                    self._unknown.add(error.name)
                    say(f"The server at {self.url} does not take {error.name}, and is asked without it.")

    def _post(self, client: httpx2.Client, request: dict[str, Any]) -> Reply:
        """Raises _RetriableError or _UnknownParameterError, or SetupError where another try is worth nothing."""
        try:
            response = client.post(f"{self.url}/chat/completions", json=request)
        except httpx2.ConnectError as error:
            reason = re.sub(r"^\[Errno -?\d+\] ", "", str(error))  # a number that differs from system to system
            raise SetupError(
                f"server {self.url}: cannot be reached ({reason}); start it, as with `mlx_lm.server --model MODEL "
                "--port PORT`, and run the same command again: it goes on from here"
            ) from error
        except httpx2.TimeoutException as error:
            raise _RetriableError(f"no reply within {self.timeout:.0f} s") from error
        except httpx2.HTTPError as error:
            raise _RetriableError(f"{type(error).__name__}: {error}") from error
        if not response.is_success:
            answer = f"{response.status_code} {response.text.strip()[:200]!r}"
            if response.is_redirect:
                answer += f", on to {response.headers.get('location', 'nowhere')}"
            if response.status_code in RETRIED or response.is_redirect:
                raise _RetriableError(answer)
            refused = _PARAMETER.search(response.text)
            if response.status_code in (400, 422) and refused and refused[0] in MAY_LACK and refused[0] in request:
                raise _UnknownParameterError(refused[0])
            raise SetupError(
                f"server {self.url}: refuses the request ({answer}) for the model {self.model} "
                f"(documents.writer.model){_advice(response)}"
            )
        return _read(response, request["max_tokens"])


def _advice(response: httpx2.Response) -> str:
    """What to do about a refusal, as far as its status or its words tell the cause."""
    if response.status_code in ADVICE:
        return ADVICE[response.status_code]
    if _CONTEXT.search(response.text):
        return "; shorten the prompt, which is too long for it, with documents.prompt: section or assertion"
    if match := _PARAMETER.search(response.text):
        return f"; use a server or a model that takes {match[0]}, which is sent with each chat"
    return ""


def _filter(sampling: SamplingParams) -> dict[str, float]:
    """What is asked of the filtering of tokens. Only `top_p` is in OpenAI's interface; many servers know all three."""
    wanted = {"top_p": sampling.top_p, "top_k": sampling.top_k, "min_p": sampling.min_p}
    every_token = {"top_p": 1.0, "top_k": 0, "min_p": 0.0}
    return {name: value for name, value in wanted.items() if value != every_token[name]}


def _read(response: httpx2.Response, max_tokens: int) -> Reply:
    """The reply of at most `max_tokens` in an answer to a request for a chat completion."""
    try:
        answer = response.json()
    except ValueError as error:
        if response.text.lstrip()[:1] == "<":
            raise _RetriableError(f"an answer that is a web page and not JSON; {_ADDRESS}") from error
        raise _RetriableError(f"an answer that is not JSON ({error})") from error
    if isinstance(answer, dict) and "choices" not in answer and _NO_ENDPOINT.search(str(answer.get("error"))):
        raise SetupError(f"server {response.url}: has no chats there ({str(answer['error'])[:200]}); {_ADDRESS}")
    try:
        choice = answer["choices"][0]
        message, reason = choice["message"], choice.get("finish_reason")
        content = _text(message.get("content")) or _text(message.get("refusal"))
        text = _END_TOKENS.sub("", content.lstrip("\ufeff").replace("\r\n", "\n").strip())
        counted = (answer.get("usage") or {}).get("completion_tokens")
        thought = next((whole_characters(str(message[name])) for name in THOUGHT_FIELDS if message.get(name)), "")
    except (AttributeError, IndexError, KeyError, TypeError) as error:
        raise _RetriableError(f"an answer without a reply in it: {response.text.strip()[:200]!r}") from error
    if thought and not text:  # a model of which nothing but its thought came: whoever reads the reply names that
        text = f"<think>\n{thought}\n" + ("" if reason == "length" else "</think>")
    tokens = counted if isinstance(counted, int) else round(TOKENS_PER_WORD * len(text.split()))
    # some servers give no reason
    finished = reason in FINISHED or (reason is None and tokens < max_tokens)
    return Reply(text, tokens, finished, filtered=reason == CONTENT_FILTER)


def _text(content: object) -> str:
    """The text of a message, which some servers give in parts, thoughts among them."""
    if isinstance(content, list):
        content = "".join(part.get("text") or "" for part in content)
    if content is not None and not isinstance(content, str):
        raise TypeError("content that is no text")
    return whole_characters(content or "")
