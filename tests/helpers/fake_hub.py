"""A stand-in of the Hugging Face hub: as much of its HTTP interface as downloads and uploads need."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

FIRST, SECOND = "1" * 40, "2" * 40
HEADER = json.dumps({"__metadata__": {}, "w": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}).encode()
WEIGHTS = len(HEADER).to_bytes(8, "little") + HEADER + bytes(8)
FILES = {"config.json": b'{"model_type": "llama"}', "tokenizer.json": b"{}", "model.safetensors": WEIGHTS}


def make_model(folder: Path, **files: bytes | None) -> Path:
    """A folder with the smallest files that pass; keyword `a__b` stands for the file `a.b`, None for its absence."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in (FILES | {name.replace("__", "."): content for name, content in files.items()}).items():
        if content is not None:
            (folder / name).write_bytes(content)
    return folder


Answer = tuple[int, dict[str, str], bytes]


@dataclass
class Repository:
    """What was pushed: `lfs` has the names of the files that went through the large file store."""

    private: bool
    files: dict[str, bytes] = field(default_factory=dict)
    lfs: set[str] = field(default_factory=set)
    commits: int = 0


@dataclass
class Hub:
    """A server with one repository `o/m` with two revisions, and those that are pushed, by `models/o/m`."""

    port: int = 0
    head: str = FIRST
    files: dict[str, bytes] = field(default_factory=lambda: FILES | {"README.md": b"# hi", "code.py": b"import os"})
    failures: dict[str, tuple[int, str]] = field(default_factory=dict)  # part of a path -> status and error code
    cuts: dict[str, int] = field(default_factory=dict)  # name of a file -> bytes after which the line drops, once
    served: list[str] = field(default_factory=list)
    ranges: list[str] = field(default_factory=list)  # parts of files that were asked for
    pushed: dict[str, Repository] = field(default_factory=dict)
    stored: dict[str, bytes] = field(default_factory=dict)  # the large file store, by SHA-256
    tokens: set[str] = field(default_factory=set)  # that uploads came with

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def fails(self, path: str) -> Answer | None:
        for part, (status, code) in self.failures.items():
            if part in path:
                return status, {"X-Error-Code": code} if code else {}, b"<html>"
        return None

    def answer(self, path: str) -> Answer:
        if failed := self.fails(path):
            return failed
        path = path.partition("?")[0]
        if "/datasets/o/m" in path:  # the one repository is a data set too
            path = path.replace("/api/datasets/", "/api/models/").removeprefix("/datasets")
        if repository := self.pushed.get(path.removeprefix("/api/")):
            facts = {"id": path.partition("s/")[2], "sha": FIRST, "siblings": [], "private": repository.private}
            return self.json(facts)
        if path in ("/api/models/o/m", f"/api/models/o/m/revision/{FIRST}", "/api/models/o/m/revision/main"):
            return self.json({"id": "o/m", "sha": self.head, "siblings": []})
        if path in {f"/api/models/o/m/tree/{revision}" for revision in (FIRST, SECOND, "main")}:
            listing = [{"type": "file", "path": n, "size": len(c), "oid": etag(c)} for n, c in self.files.items()]
            return self.json(listing)
        name = path.split("/", 5)[-1]
        if path.startswith("/o/m/resolve/") and name in self.files:
            content, sha = self.files[name], path.split("/")[4]
            return 200, {"ETag": f'"{etag(content)}"', "X-Repo-Commit": sha}, content
        missing = "RevisionNotFound" if "/o/m/" in path else "RepoNotFound"
        return 404, {"X-Error-Code": missing}, b""

    def receive(self, method: str, path: str, body: bytes, token: str) -> Answer:
        """The answer to a POST or PUT."""
        if failed := self.fails(path):
            return failed
        path = path.partition("?")[0]
        if method == "PUT":  # as of a signed address: no token comes along
            oid = path.rpartition("/")[2]
            if hashlib.sha256(body).hexdigest() != oid:
                return 400, {}, b""
            self.stored[oid] = body
            return 200, {}, b""
        self.tokens.add(token)
        if path == "/api/validate-yaml":
            return self.json({"errors": [], "warnings": []})
        if path == "/api/repos/create":
            return self._create(json.loads(body))
        if path.endswith("/info/lfs/objects/batch"):
            return self._batch(json.loads(body)["objects"])
        if path == "/verify":
            told = json.loads(body)
            return (200 if len(self.stored.get(told["oid"], b"")) == told["size"] else 404), {}, b""
        key, _, action = path.removeprefix("/api/").removesuffix("/main").rpartition("/")
        if action == "preupload":
            return self.json({"files": [_mode(file) for file in json.loads(body)["files"]]})
        return self._commit(key, [json.loads(line) for line in body.splitlines()])

    def _create(self, told: dict[str, Any]) -> Answer:
        kind, repo = told.get("type", "model"), f"{told['organization']}/{told['name']}"
        url = f"{self.address}/{'' if kind == 'model' else f'{kind}s/'}{repo}"
        status = 409 if f"{kind}s/{repo}" in self.pushed else 200
        self.pushed.setdefault(f"{kind}s/{repo}", Repository(told["visibility"] == "private"))
        return status, {"Content-Type": "application/json"}, json.dumps({"url": url}).encode()

    def _batch(self, objects: list[dict[str, Any]]) -> Answer:
        actions = [
            {}
            if told["oid"] in self.stored
            else {
                "actions": {
                    "upload": {"href": f"{self.address}/{told['oid']}"},
                    "verify": {"href": f"{self.address}/verify"},
                }
            }
            for told in objects
        ]
        found = [told | action for told, action in zip(objects, actions, strict=True)]
        return self.json({"transfer": "basic", "objects": found})

    def _commit(self, key: str, lines: list[dict[str, Any]]) -> Answer:
        repository = self.pushed[key]
        repository.commits += 1
        for line in lines[1:]:
            told = line["value"]
            if line["key"] == "lfsFile":
                repository.files[told["path"]] = self.stored[told["oid"]]
                repository.lfs.add(told["path"])
            else:
                repository.files[told["path"]] = base64.b64decode(told["content"])
        return self.json({"commitUrl": f"{self.address}/{key}/commit/{SECOND}", "commitOid": SECOND})

    def json(self, content: Any) -> Answer:
        return 200, {"Content-Type": "application/json"}, json.dumps(content).encode()


def _mode(file: dict[str, Any]) -> dict[str, Any]:
    """How a file is to be sent: by the large file store if it is one of weights, as the hub's .gitattributes say."""
    large = file["path"].endswith(".safetensors")
    return {"path": file["path"], "uploadMode": "lfs" if large else "regular", "shouldIgnore": False, "oid": None}


def etag(content: bytes) -> str:
    return hashlib.sha1(content).hexdigest()


class Handler(BaseHTTPRequestHandler):
    hub: Hub

    def do_GET(self) -> None:
        status, headers, body = self.hub.answer(self.path)
        wanted = self.headers.get("Range", "")
        if status == 200 and wanted:
            self.hub.ranges.append(wanted)
            start = int(wanted.removeprefix("bytes=").partition("-")[0])
            headers |= {"Content-Range": f"bytes {start}-{len(body) - 1}/{len(body)}"}
            status, body = 206, body[start:]
        self._send(status, headers, body)

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length) if length else self._chunks()
        self._send(*self.hub.receive(self.command, self.path, body, self.headers.get("Authorization", "")))

    def _chunks(self) -> bytes:
        body = b""
        while self.headers.get("Transfer-Encoding") == "chunked" and (size := int(self.rfile.readline(), 16)):
            body += self.rfile.read(size)
            self.rfile.readline()
        return body

    def _send(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.hub.served.append(self.path)
            cut = self.hub.cuts.pop(self.path.rpartition("/")[2], None)
            self.wfile.write(body[:cut])

    do_HEAD = do_GET  # noqa: N815
    do_PUT = do_POST  # noqa: N815

    def log_message(self, format: str, *args: Any) -> None:
        """Keep quiet."""


@pytest.fixture
def server() -> Iterator[Hub]:
    fake = Hub()
    with ThreadingHTTPServer(("127.0.0.1", 0), type("H", (Handler,), {"hub": fake})) as http:
        fake.port = http.server_port
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield fake
        http.shutdown()
        thread.join()


@pytest.fixture
def client(tmp_path: Path, server: Hub, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The hub's client, pointed to the server and to an empty cache, which it reads at import; and that cache."""
    use(monkeypatch, f"http://127.0.0.1:{server.port}")
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "token"))
    for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "cache"


def use(monkeypatch: pytest.MonkeyPatch, endpoint: str) -> None:
    from huggingface_hub import constants
    from huggingface_hub.hf_api import api

    monkeypatch.setattr(constants, "ENDPOINT", endpoint)
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", endpoint + "/{repo_id}/resolve/{revision}/{filename}")
    monkeypatch.setattr(api, "endpoint", endpoint)


def cache_data_set(home: Path, files: dict[str, bytes]) -> None:
    """What the hub's client leaves behind when it has downloaded a data set."""
    folder = home / "hub" / "datasets--someone--chats"
    for name, content in files.items():
        path = folder / "snapshots" / ("1" * 40) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    (folder / "refs").mkdir()
    (folder / "refs" / "main").write_text("1" * 40)
