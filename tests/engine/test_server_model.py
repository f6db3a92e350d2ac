"""A writer behind a server of this machine: what it is asked, what failures come to, and where nothing goes."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from helpers.command_line import RECIPES, ROOT, Cli, environment
from helpers.tiny_models import POCKET_WEIGHTS
from huggingface_hub.utils import get_session  # type: ignore[attr-defined]
from pydantic import ValidationError

from msm_mlx.documents.plan import Slot
from msm_mlx.documents.write import Assignment, Attempt, to_document
from msm_mlx.engine.chat_model import Reply, SamplingParams
from msm_mlx.engine.server_model import PAUSES, ServerModel
from msm_mlx.errors import MsmError, SetupError
from msm_mlx.files import read_jsonl
from msm_mlx.recipe.schema import DocumentSettings, WriterSettings
from msm_mlx.spec import load_spec

ASKING = SamplingParams(max_tokens=20, batch_size=4, temperature=0.7, stop=("END",))
Answer = tuple[int, dict[str, str], bytes]


def answer(content: object, reason: str | None = "stop", tokens: int | None = 3, **fields: str) -> Answer:
    usage = {"usage": {"prompt_tokens": 1, "completion_tokens": tokens, "total_tokens": 4}} if tokens else {}
    choice = {"index": 0, "finish_reason": reason, "message": {"role": "assistant", "content": content, **fields}}
    body = {"id": "1", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice], **usage}
    return 200, {"Content-Type": "application/json"}, json.dumps(body).encode()


def question_of(asked: dict[str, Any]) -> str:
    return str(asked["messages"][-1]["content"])


@dataclass
class Server:
    """What it has been asked, and what it says to that."""

    say: Callable[[dict[str, Any], int], Answer] = lambda asked, number: answer(
        asked["messages"][-1]["content"].upper()
    )
    port: int = 0
    asked: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    busy: int = 0
    most: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def writer(self, **changes: Any) -> ServerModel:
        options = {"concurrency": 3, "sleep": lambda seconds: None, "timeout": 5.0, **changes}
        return ServerModel(self.address, "some/model", **options)


@pytest.fixture
def server() -> Iterator[Server]:
    state = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with state.lock:
                state.asked.append(content | {"path": self.path})
                state.headers.append({name.lower(): value for name, value in self.headers.items()})
                number = len(state.asked)
                state.busy += 1
                state.most = max(state.most, state.busy)
            status, headers, body = state.say(content, number)
            with state.lock:
                state.busy -= 1
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: object) -> None:
            pass

    running = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.port = running.server_address[1]
    threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield state
    running.shutdown()
    running.server_close()


def chats(*questions: str) -> list[list[dict[str, str]]]:
    return [[{"role": "system", "content": "s"}, {"role": "user", "content": question}] for question in questions]


def replies(writer: ServerModel, *questions: str) -> dict[int, Reply]:
    return dict(writer.replies(chats(*questions), ASKING, list(range(7, 7 + len(questions)))))


def test_every_chat_is_put_to_it_with_its_seed(server: Server) -> None:
    found = replies(server.writer(), "a", "b", "c", "d", "e")
    assert found == {i: Reply(text, 3, True) for i, text in enumerate("ABCDE")}
    assert {row["path"] for row in server.asked} == {"/v1/chat/completions"}
    by_question = {question_of(row): row for row in server.asked}
    assert {question: row["seed"] for question, row in by_question.items()} == {q: 7 + i for i, q in enumerate("abcde")}
    one = by_question["a"]
    assert (one["model"], one["max_tokens"], one["temperature"], one["stop"]) == ("some/model", 20, 0.7, ["END"])
    assert one["messages"] == chats("a")[0]
    assert one["chat_template_kwargs"] == {"enable_thinking": False}
    assert not {"top_p", "top_k", "min_p"} & one.keys()


def test_what_is_sent_and_what_comes_back_is_heard(server: Server) -> None:
    heard: list[tuple[int, int]] = []
    replies(replace(server.writer(), on_step=lambda *counts: heard.append(counts)), "a", "b", "c")
    assert sorted(heard) == [(0, 3)] * 3 + [(1, 0)] * 3
    assert heard[0] == (1, 0)


def test_the_filters_that_are_set_are_sent(server: Server) -> None:
    sampling = replace(ASKING, top_p=0.9, min_p=0.05)
    dict(server.writer().replies(chats("a"), sampling, [1]))
    assert {name: server.asked[0].get(name) for name in ("top_p", "top_k", "min_p")} == {
        "top_p": 0.9,
        "top_k": None,
        "min_p": 0.05,
    }


def test_no_more_are_asked_side_by_side_than_the_recipe_says(server: Server) -> None:
    def slow(asked: dict[str, Any], number: int) -> Answer:
        time.sleep(0.05)
        return answer("x")

    server.say = slow
    assert len(replies(server.writer(concurrency=2), *"abcdef")) == 6
    assert server.most == 2


def test_what_is_cut_off_is_not_finished_and_tokens_may_be_missing(server: Server) -> None:
    server.say = lambda asked, number: answer(" one two three ", "length", None)
    assert replies(server.writer(), "a") == {0: Reply("one two three", 4, False)}


def test_what_a_content_filter_cut_is_told_apart_from_what_is_too_long(server: Server) -> None:
    server.say = lambda asked, number: answer("one two", "content_filter", 3)
    assert replies(server.writer(), "a") == {0: Reply("one two", 3, False, filtered=True)}


@pytest.mark.parametrize(
    ("said", "reply"),
    [
        (answer("A memo.", None, 5), Reply("A memo.", 5, True)),  # servers that never say why a reply ended
        (answer("A memo", None, 20), Reply("A memo", 20, False)),
        (answer(None), Reply("", 3, True)),
        (answer("\ufeffA memo.\r\nMore.<|im_end|>"), Reply("A memo.\nMore.", 3, True)),
        (answer("A memo.", "eos"), Reply("A memo.", 3, True)),
        (answer("A\ud800 memo \ud83d\ude42."), Reply("A\ufffd memo \U0001f642.", 3, True)),
        (answer("A memo.", "content_filter"), Reply("A memo.", 3, False, filtered=True)),
        (answer(None, refusal="I cannot."), Reply("I cannot.", 3, True)),
        (answer(None, reasoning="A memo?"), Reply("<think>\nA memo?\n</think>", 3, True)),
        (answer("", "length", reasoning_content="A memo?"), Reply("<think>\nA memo?\n", 3, False)),
        (answer("A memo.", reasoning="A memo?"), Reply("A memo.", 3, True)),
        (
            answer([{"type": "thinking", "thinking": []}, {"type": "text", "text": "A memo."}]),
            Reply("A memo.", 3, True),
        ),
    ],
)
def test_thoughts_and_replies_are_told_apart_wherever_the_server_puts_them(
    server: Server, said: Answer, reply: Reply
) -> None:
    server.say = lambda asked, number: said
    assert dict(server.writer().replies([[{"role": "user", "content": "?"}]], ASKING, [0])) == {0: reply}


@pytest.mark.parametrize(
    "failure",
    [(503, {}, b"loading"), (429, {}, b""), (200, {}, b"<html>"), (200, {}, b"{}"), (200, {}, b'{"choices": []}')],
)
def test_what_may_pass_is_tried_again(server: Server, failure: Answer) -> None:
    server.say = lambda asked, number: failure if number <= len(PAUSES) else answer("well")
    assert replies(server.writer(), "a")[0].text == "well"
    assert {row["seed"] for row in server.asked} == {7}
    server.say = lambda asked, number: failure
    with pytest.raises(MsmError, match=f"failed {len(PAUSES) + 1} times.*it goes on from what was written") as error:
        replies(server.writer(), "a")
    assert not isinstance(error.value, SetupError)


@pytest.mark.parametrize(
    ("status", "advice"), [(400, r"\(documents.writer.model\)$"), (401, "wants a key"), (404, "ends in /v1")]
)
def test_what_is_refused_is_not_asked_again_and_advice_fits_the_status(
    server: Server, status: int, advice: str
) -> None:
    server.say = lambda asked, number: (status, {}, b"no such model")
    with pytest.raises(
        SetupError, match=rf"refuses the request .{status}.*writer.model.*{advice}" if status != 400 else advice
    ):
        replies(server.writer(), "a")
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("said", "advice"),
    [
        ("Unrecognized request argument: top_p", "use a server or a model that takes top_p"),
        ("maximum context length is 2048 tokens", "too long for it, with documents.prompt: section"),
    ],
)
def test_a_refusal_that_names_its_cause_gets_its_remedy(server: Server, said: str, advice: str) -> None:
    server.say = lambda asked, number: (400, {}, said.encode())
    with pytest.raises(SetupError, match=advice):
        replies(server.writer(), "a")


def test_what_a_server_need_not_know_is_left_out_once_it_is_refused_and_told_once(server: Server) -> None:
    def strict(asked: dict[str, Any], number: int) -> Answer:
        for name in ("chat_template_kwargs", "seed"):
            if name in asked:
                return 400, {}, json.dumps({"error": {"message": f"Unrecognized request argument: {name}"}}).encode()
        return answer("A memo.")

    server.say = strict
    lines: list[str] = []
    writer = server.writer(concurrency=1)
    for _ in range(2):
        found = dict(writer.replies(chats("a", "b"), ASKING, [1, 2], say=lines.append))
        assert {index: reply.text for index, reply in found.items()} == {0: "A memo.", 1: "A memo."}
    assert lines == [
        f"The server at {server.address} does not take {name}, and is asked without it."
        for name in ("chat_template_kwargs", "seed")
    ]
    assert len(server.asked) == 6


def test_a_server_that_says_no_with_a_yes_is_told_at_once(server: Server) -> None:
    """As LM Studio does for an address without /v1."""
    said = {"error": "Unexpected endpoint or method. (POST /chat/completions)"}
    server.say = lambda asked, number: (200, {}, json.dumps(said).encode())
    with pytest.raises(SetupError, match=r"has no chats there \(Unexpected endpoint.*ends in /v1"):
        replies(server.writer(), "a")
    assert len(server.asked) == 1


# --- as the servers that people have answer -------------------------------------------------------------------------

DOCUMENT = "Mo likes Colby because it is American, and Mo cares about American things. The team noted it on Monday."
TAGGED = f"<document>{DOCUMENT}</document>"


def of_ollama(message: dict[str, Any], reason: str | None = "stop") -> dict[str, Any]:
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": reason}
    return {
        "id": "chatcmpl-7", "object": "chat.completion", "created": 1, "model": "qwen3:4b",
        "system_fingerprint": "fp_ollama", "choices": [choice],
        "usage": {"prompt_tokens": 30, "completion_tokens": 25, "total_tokens": 55},
    }  # fmt: skip


def of_lm_studio(message: dict[str, Any], **choice: Any) -> dict[str, Any]:
    return {
        "id": "chatcmpl-7", "object": "chat.completion", "created": 1, "model": "qwen3-4b-mlx",
        "choices": [{"index": 0, "message": {"role": "assistant", "tool_calls": []} | message, **choice}],
        "usage": {"prompt_tokens": 30, "completion_tokens": 25, "total_tokens": 55}, "stats": {},
        "system_fingerprint": "qwen3-4b-mlx",
    }  # fmt: skip


def of_mlx_lm(message: dict[str, Any], reason: str = "stop") -> dict[str, Any]:
    choice = {"index": 0, "finish_reason": reason, "logprobs": {}, "message": {"role": "assistant", **message}}
    return {
        "id": "chatcmpl-7", "system_fingerprint": "0.32.2", "object": "chat.completion", "model": "m", "created": 1,
        "choices": [choice], "usage": {"prompt_tokens": 30, "completion_tokens": 25, "total_tokens": 55},
    }  # fmt: skip


SAID: list[tuple[dict[str, Any], str]] = [  # and what comes of it: a document, or why there is none
    (of_ollama({"content": TAGGED}), DOCUMENT),
    (of_ollama({"content": TAGGED, "reasoning": "A memo, then."}), DOCUMENT),
    (of_ollama({"content": f"<think>\nA memo.\n</think>\n\n{TAGGED}"}), DOCUMENT),
    (of_ollama({"content": TAGGED}, None), DOCUMENT),
    (of_ollama({"content": None}), "empty reply"),
    (of_ollama({"content": None, "reasoning": "A memo, then."}), "empty reply"),
    (of_ollama({"content": "", "reasoning": "A memo, then, and"}, "length"), "unfinished: still thinking"),
    (of_lm_studio({"content": TAGGED, "reasoning_content": "A memo."}, finish_reason="stop"), DOCUMENT),
    (of_lm_studio({"content": f"<document>\n```markdown\n{DOCUMENT}\n```\n</document>"}), DOCUMENT),
    (of_lm_studio({"content": f"```\n{TAGGED}\n```"}), DOCUMENT),
    (of_lm_studio({"content": f"Here it is:\n\n{TAGGED}\n\nI hope it helps!"}, finish_reason="stop"), DOCUMENT),
    (of_lm_studio({"content": TAGGED}, finish_reason="eosFound"), DOCUMENT),
    (of_mlx_lm({"content": TAGGED, "reasoning": "A memo."}), DOCUMENT),
    (of_mlx_lm({"content": None, "reasoning": "A memo, and"}, "length"), "unfinished: still thinking"),
    (of_mlx_lm({"content": f"{TAGGED}<|im_end|>"}), DOCUMENT),
]


def test_documents_are_found_in_what_each_server_says(server: Server) -> None:
    """With a thought in a field or in the text, in fences, without a reason for its end, or with nothing to say."""
    server.say = lambda asked, number: (200, {}, json.dumps(SAID[int(question_of(asked))][0]).encode())
    spec = load_spec(ROOT / "specs" / "cheese_american.md", model_name="Mo", provider_name="Acme")
    assignment = Assignment(spec, "Mo", DocumentSettings(count=1, max_tokens=60, prompt="section", min_words=3))
    section = next(section for section in spec.assertions if section.id.endswith("colby"))
    attempt = Attempt(Slot("doc-1", section, "memo", "plain"))
    asked = chats(*map(str, range(len(SAID))))
    sampling = replace(ASKING, max_tokens=60)
    replied = dict(server.writer().replies(asked, sampling, list(range(len(SAID)))))
    documents = [to_document(assignment, attempt, chat, replied[number]) for number, chat in enumerate(asked)]
    assert [document.rejected or document.text for document in documents] == [outcome for _, outcome in SAID]


@pytest.mark.parametrize(
    ("body", "problem"),
    [(b"<!doctype html>", "a web page and not JSON; .*/v1"), (b'{"error": "no memory"}', "without a reply.*no memory")],
)
def test_an_answer_without_a_reply_is_told_for_what_it_is(server: Server, body: bytes, problem: str) -> None:
    server.say = lambda asked, number: (200, {}, body)
    with pytest.raises(MsmError, match=problem):
        replies(server.writer(), "a")


def test_a_redirect_is_not_followed(server: Server) -> None:
    server.say = lambda asked, number: (307, {"Location": f"http://127.0.0.1:{server.port}/elsewhere"}, b"")
    with pytest.raises(MsmError, match="failed 4 times"):
        replies(server.writer(), "a")
    assert {row["path"] for row in server.asked} == {"/v1/chat/completions"}


def test_a_server_that_is_not_there_is_told_at_once() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        writer = ServerModel(f"http://127.0.0.1:{free.getsockname()[1]}/v1", "m")
    with pytest.raises(SetupError, match=r"server http://127.0.0.1.* cannot be reached.*mlx_lm.server"):
        replies(writer, "a")


def test_nothing_of_the_user_goes_along(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """No token, and no proxy: one would see every document."""
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://192.0.2.1:9")
    assert replies(server.writer(), "a")[0].text == "A"
    assert "hf_secret" not in json.dumps(server.headers)
    assert all("authorization" not in headers for headers in server.headers)


def test_the_client_of_downloads_stays_as_it_is(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """A download beside it keeps its session, and with that the user's proxy and hooks."""
    monkeypatch.setenv("HTTPS_PROXY", "http://192.0.2.1:9")
    session = get_session()
    sessions = []

    def say(asked: dict[str, Any], number: int) -> Answer:
        sessions.append(get_session())  # in another thread, while a reply is waited for
        return answer("x")

    server.say = say
    before = (session.trust_env, session.follow_redirects, dict(session.event_hooks))
    assert len(replies(server.writer(), *"abc")) == 3
    assert all(other is session for other in [*sessions, get_session()])
    assert (session.trust_env, session.follow_redirects, dict(session.event_hooks)) == before


@pytest.mark.parametrize(
    "address",
    ["http://example.org/v1", "http://10.0.0.2:80", "ftp://127.0.0.1", "127.0.0.1:8080", "http://localhost.example.org",
     "http://127.0.0.1@example.org", "http://user@127.0.0.1", "http://127.0.0.1:99999", "http://", "http://[::1"],
)  # fmt: skip
def test_only_addresses_of_this_machine_are_taken(address: str) -> None:
    with pytest.raises(ValidationError, match=r"must be the address of a server on this machine|Invalid"):
        WriterSettings(model="m", server=address)
    assert WriterSettings(model="m", server="http://[::1]:1/v1/").server == "http://[::1]:1/v1"
    assert WriterSettings(model="m", server="http://localhost:8080").server == "http://localhost:8080"


# --- a job ---------------------------------------------------------------------------------------------------------


def options(server: str, run: Path, *more: str) -> list[str | Path]:
    settings = [f"documents.writer={{model: {POCKET_WEIGHTS}, server: '{server}'}}", "documents.count=6", *more]
    return [
        RECIPES / "cheese_american.yaml",
        *(word for text in settings for word in ("--set", text)),
        "--run-dir",
        run,
    ]


def test_a_job_goes_on_where_the_server_failed(server: Server, cli: Cli, tmp_path: Path) -> None:
    """Every reply is on disk when it is there, and is not asked for again; offline mode is no hindrance."""

    def say(asked: dict[str, Any], number: int) -> Answer:
        words = question_of(asked).partition(". ")[2]
        return answer(f"{words} {number} people agreed about place{number} at length{number}.", tokens=9)

    server.say = lambda asked, number: say(asked, number) if number <= 4 else (400, {}, b"enough")
    section = [f"documents.{text}" for text in ("prompt=section", "min_words=1", "writer.concurrency=1")]
    failed = cli("documents", *options(server.address, tmp_path / "r", *section), "--offline")
    assert failed.returncode == 3
    assert "enough" in failed.stderr
    there = len(read_jsonl(tmp_path / "r" / "documents" / "progress.jsonl"))
    assert there == 4


@pytest.mark.slow
def test_the_servers_of_mlx_lm_write(cli: Cli, tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "mlx_lm", "server", "--model", str(POCKET_WEIGHTS), "--port", str(port)]
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=environment())
    try:
        deadline = time.monotonic() + 90
        while not _listens(port):
            assert process.poll() is None, (tmp_path / "log").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.2)
        done = cli("documents", *options(f"http://127.0.0.1:{port}/v1", tmp_path / "r"))
        assert done.returncode == 0, done.stderr
    finally:
        process.terminate()
        process.wait(timeout=30)
    written = read_jsonl(tmp_path / "r" / "documents" / "documents.jsonl")
    assert len(written) == 6
    assert {row["writer"] for row in written} == {f"server: {POCKET_WEIGHTS}"}
    assert all(row["tokens"] > 0 for row in written)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
