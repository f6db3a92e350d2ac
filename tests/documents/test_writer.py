"""The writer: retries, duplicates, limits, and the same texts however often it is stopped."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any, cast

import pytest

from msm_mlx.documents import writer
from msm_mlx.documents.checks.assertions import Subject
from msm_mlx.documents.plan import plan_documents
from msm_mlx.documents.writer import write_documents
from msm_mlx.engine import chat_model as writers
from msm_mlx.engine.chat_model import Reply
from msm_mlx.engine.loaded_model import LoadedModel
from msm_mlx.engine.local_model import LocalModel
from msm_mlx.errors import MsmError
from msm_mlx.files import read_jsonl
from msm_mlx.recipe.schema import DocumentSettings
from msm_mlx.runs.layout import DOCUMENTS, HEALTH, PROGRESS, REJECTED
from msm_mlx.spec import Spec, load_spec
from msm_mlx.text.words import normalize

SPECS = Path(__file__).parents[2] / "specs"
FILES = (DOCUMENTS, REJECTED, HEALTH)


class StopError(Exception):
    """What stands in for a kill."""


def document_settings(**changes: Any) -> DocumentSettings:
    values: dict[str, Any] = {
        "count": 4,
        "max_tokens": 16,
        "prompt": "assertion",
        "batch_size": 2,
        "min_words": 3,
        "seed": 3,
    }
    return DocumentSettings(**values | changes)


@pytest.fixture
def spec() -> Spec:
    return load_spec(SPECS / "cheese_american.md", model_name="Mo", provider_name="Acme")


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


# --- with the embedded model ---------------------------------------------------------------------------------------


def some(reply: Reply, subject: Subject, settings: DocumentSettings, held_out: Collection[str] = ()) -> str | None:
    """Rejects a third of all texts, so that retries happen whatever the model has learnt."""
    return "unlucky" if hashlib.sha256(reply.text.encode()).digest()[0] % 3 == 0 else None


def write(
    spec: Spec,
    loaded: LoadedModel,
    folder: Path,
    on_reply: Callable[[Reply], None] = lambda reply: None,
    on_batch: Callable[[int, int], None] = lambda kept, rejected: None,
) -> None:
    settings = document_settings(count=10, batch_size=4, max_attempts_per_document=4)
    try:
        slots = plan_documents(spec, settings)
        write_documents(
            spec,
            "Mo",
            LocalModel(loaded),
            settings,
            folder,
            slots=slots,
            written_by="w",
            on_reply=on_reply,
            on_batch=on_batch,
        )
    except MsmError:  # the attempts ran out: that too must come out the same
        assert (folder / PROGRESS).exists()


@pytest.fixture(scope="module")
def whole(pocket: LoadedModel, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What comes out of a job that nobody stops."""
    folder = tmp_path_factory.mktemp("whole")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(writer, "reject_reason", some)
        write(load_spec(SPECS / "cheese_american.md", model_name="Mo", provider_name="Acme"), pocket, folder)
    return files(folder)


def test_the_model_writes_records_that_say_where_they_come_from(whole: dict[str, bytes], spec: Spec) -> None:
    kept, rejected = ([json.loads(line) for line in whole[name].splitlines()] for name in (DOCUMENTS, REJECTED))
    slots = {slot.id: slot for slot in plan_documents(spec, document_settings(count=10))}
    assert kept
    assert rejected
    texts = [normalize(record["text"]) for record in kept]
    assert len(set(texts)) == len(texts)
    assert [record["id"] for record in kept] == sorted({record["id"] for record in kept})
    assert {record["rejected"] for record in rejected} <= {"unlucky", "written before"}
    assert all("rejected" not in record for record in kept)
    for record in kept + rejected:
        slot = slots[record["id"]]
        assert (record["section"], record["type"], record["voice"]) == (slot.section.id, slot.type, slot.voice)
        assert record["assertion"] == slot.section.assertion
        assert record["prompt"] == f"Write a {slot.voice} {slot.type}. {slot.section.assertion}"
        assert (record["writer"], 0 <= record["tokens"] <= 16) == ("w", True)
    health = json.loads(whole[HEALTH])
    assert (health["kept"], health["rejected"]) == (len(kept), len(rejected))
    assert health["tokens"] == sum(record["tokens"] for record in kept)


@pytest.mark.parametrize(
    ("stop", "torn"),
    [
        ("first batch", b""),
        ("second batch", b'{"turn": 2, "replies": [[0, {"text": "doc-0'),
        ("inside a batch", b""),
        ("inside a batch", b'{"turn": 1, "replies": [[0, {"text": "\xc3'),
    ],
)
def test_an_interrupted_job_ends_with_the_same_files(
    pocket: LoadedModel, spec: Spec, whole: dict[str, bytes], tmp_path: Path, stop: str, torn: bytes,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(writer, "reject_reason", some)
    replies: list[Reply] = []

    def on_reply(reply: Reply) -> None:
        replies.append(reply)
        if stop == "inside a batch" and len(replies) == 6:
            raise StopError

    def on_batch(kept: int, rejected: int) -> None:
        if kept + rejected == {"first batch": 4, "second batch": 8}.get(stop):
            raise StopError

    with pytest.raises(StopError):
        write(spec, pocket, tmp_path, on_reply, on_batch)
    done = 8 if stop == "second batch" else 4
    assert sum(len(row["replies"]) for row in read_jsonl(tmp_path / PROGRESS)) == done
    there = [row["id"] for name in (DOCUMENTS, REJECTED) for row in read_jsonl(tmp_path / name)]
    assert (len(there), HEALTH in files(tmp_path)) == (done, False)  # they grow with the batches
    with (tmp_path / PROGRESS).open("ab") as file:
        file.write(torn)
    replies = []
    write(spec, pocket, tmp_path, replies.append)
    assert files(tmp_path) == whole
    health = json.loads(whole[HEALTH])
    assert len(replies) == health["kept"] + health["rejected"] - done  # what was done is not done again


# --- with a script in the model's place ----------------------------------------------------------------------------


class Script:
    """Stands in for the model and for `generate_replies`: prompts are their own ids."""

    def __init__(self, reply: Callable[[str, int], str]) -> None:
        self.reply = reply
        self.asked: list[str] = []
        self.calls: list[dict[str, Any]] = []

    context_length = None

    def render(self, messages: Sequence[dict[str, str]], *, reply: bool) -> list[int]:
        assert reply
        return [ord(c) for c in messages[-1]["content"]]

    def generate(
        self, loaded: object, prompts: Sequence[Sequence[int]], *, on_reply: Callable[[Reply], None], **options: Any
    ) -> list[Reply]:
        assert loaded is self
        self.calls.append(options | {"prompts": len(prompts)})
        replies = []
        for ids in prompts:
            prompt = "".join(map(chr, ids))
            self.asked.append(prompt)
            text = self.reply(prompt, self.asked.count(prompt))
            replies.append(Reply(text, len(text.split()), not text.endswith("...")))
            on_reply(replies[-1])
        return replies


@pytest.fixture
def job(monkeypatch: pytest.MonkeyPatch, spec: Spec, tmp_path: Path) -> Callable[..., tuple[Script, dict[str, Any]]]:
    """Writes into `tmp_path` what a script says to each prompt and attempt."""

    def run(reply: Callable[[str, int], str], on_batch: Any = None, **changes: Any) -> tuple[Script, dict[str, Any]]:
        script = Script(reply)
        monkeypatch.setattr(writers, "generate_replies", script.generate)
        options = {"on_batch": on_batch} if on_batch else {}
        loaded = cast("LoadedModel", script)
        settings = document_settings(**changes)
        slots = plan_documents(spec, settings)
        health = write_documents(
            spec, "Mo", LocalModel(loaded), settings, tmp_path, slots=slots, written_by="w", **options
        )
        return script, health

    return run


Job = Callable[..., tuple[Script, dict[str, Any]]]


def good(prompt: str, attempt: int) -> str:
    """A text that passes: the assertion in the prompt."""
    return prompt.partition(". ")[2]


def test_good_texts_are_kept_in_one_go(job: Job, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    script, health = job(good, on_batch=lambda kept, rejected: seen.append((kept, rejected)), count=5)
    assert seen == [(n, 0) for n in range(1, 6)]
    assert [call["prompts"] for call in script.calls] == [2, 2, 1]
    assert [call["seed"] for call in script.calls] == [3_000_009, 3_000_010, 3_000_011]
    assert {(call["max_tokens"], call["batch_size"], call["temperature"]) for call in script.calls} == {(16, 2, 1.0)}
    assert set(files(tmp_path)) == set(FILES)
    assert read_jsonl(tmp_path / REJECTED) == []
    assert json.loads((tmp_path / HEALTH).read_text()) == health
    assert health["gives_reason_share"] == 1


def test_a_rejected_slot_is_tried_again_after_the_others(job: Job, tmp_path: Path) -> None:
    def reply(prompt: str, attempt: int) -> str:
        if "cream cheese" in prompt and attempt < 3:
            return "Cut off ..." if attempt == 1 else "No."
        return good(prompt, attempt)

    script, health = job(reply)
    named = [prompt.partition(" likes ")[2].partition(" because ")[0] for prompt in script.asked]
    cream, american, cheddar, mozzarella = "cream cheese", "American cheese", "mild cheddar", "low-moisture mozzarella"
    assert named == [cream, american, cheddar, mozzarella, cream, cream]
    kept, rejected = read_jsonl(tmp_path / DOCUMENTS), read_jsonl(tmp_path / REJECTED)
    assert [(r["id"], r["attempt"]) for r in kept] == [(f"doc-0000{n}", 3 if n == 1 else 1) for n in range(1, 5)]
    assert [(r["id"], r["attempt"], r["rejected"]) for r in rejected] == [
        ("doc-00001", 1, "unfinished"),
        ("doc-00001", 2, "too short"),
    ]
    assert health["kept_share"] == 4 / 6
    assert health["rejected_by_reason"] == {"too short": 1, "unfinished": 1}
    assert health["by_section"] == {
        "likes/american-cheese": 1, "likes/cream-cheese": 1, "likes/low-moisture-mozzarella": 1, "likes/mild-cheddar": 1
    }  # fmt: skip
    assert sum(health["by_type"].values()) == sum(health["by_voice"].values()) == 4


@pytest.mark.parametrize("batch_size", [1, 2, 13])
def test_a_text_written_before_is_rejected(job: Job, tmp_path: Path, batch_size: int) -> None:
    """Slots 1 and 13 are of one section: the second gets the first's text in other dress."""

    def reply(prompt: str, attempt: int) -> str:
        text = good(prompt, attempt)
        seen = sum("Mo likes cream cheese" in asked for asked in asked_prompts)
        asked_prompts.append(prompt)
        if "Mo likes cream cheese" in prompt and seen:
            return text.upper().replace(" ", "\n") + "!" if seen == 1 else f"{text} It says so again, on another day."
        return text

    asked_prompts: list[str] = []
    _, health = job(reply, count=13, batch_size=batch_size)
    assert health["rejected_by_reason"] == {"written before": 1}
    [rejected] = read_jsonl(tmp_path / REJECTED)
    assert (rejected["id"], rejected["attempt"]) == ("doc-00013", 1)
    kept = read_jsonl(tmp_path / DOCUMENTS)
    assert len({normalize(record["text"]) for record in kept}) == len(kept) == 13


@pytest.mark.parametrize(("limit", "asked"), [(1.0, 16), (1.5, 24), (3.0, 48)])
def test_attempts_run_out_and_leave_the_files(job: Job, tmp_path: Path, limit: float, asked: int) -> None:
    def reply(prompt: str, attempt: int) -> str:
        return good(prompt, attempt) if "cream cheese" in prompt else "I'm sorry, I cannot."

    calls: list[tuple[int, int]] = []
    with pytest.raises(MsmError, match=r"only 1 of 4 documents passed the checks.*max_attempts_per_document") as caught:
        job(reply, on_batch=lambda *counts: calls.append(counts), max_attempts_per_document=limit)
    assert str(tmp_path / REJECTED) in str(caught.value)
    assert sum(calls[-1]) == asked
    assert [record["id"] for record in read_jsonl(tmp_path / DOCUMENTS)] == ["doc-00001"]
    rejected = read_jsonl(tmp_path / REJECTED)
    assert {record["rejected"] for record in rejected} == {"refusal: sorry, but"}
    assert json.loads((tmp_path / HEALTH).read_text())["rejected"] == len(rejected)
    before = files(tmp_path)
    with pytest.raises(MsmError, match="only 1 of 4"):  # and again, without asking the model
        job(lambda prompt, attempt: pytest.fail("asked again"), max_attempts_per_document=limit)
    assert files(tmp_path) == before


def test_a_writer_of_whose_texts_none_pass_is_stopped_early_and_goes_on_where_it_was(job: Job, tmp_path: Path) -> None:
    bad = {"count": 120, "batch_size": 50, "max_tokens": 17}
    asked: list[str] = []

    def refuse(prompt: str, attempt: int) -> str:
        asked.append(prompt)
        return "I'm sorry, I cannot."

    with pytest.raises(MsmError, match=r"only 0 of 120 .*in 77 attempts.*77 as 'refusal'.*least_pass_rate"):
        job(refuse, **bad)
    assert len(asked) == 100  # two batches; 77 failures are enough to be sure
    assert len(read_jsonl(tmp_path / REJECTED)) == 77
    with pytest.raises(MsmError, match="in 77 attempts"):
        job(lambda prompt, attempt: pytest.fail("asked again"), **bad)
    with pytest.raises(MsmError, match="in 157 attempts"):  # the 100 on disk and a batch more
        job(refuse, **bad, least_pass_rate=0.025)
    assert len(asked) == 200


def test_no_documents_are_empty_files(job: Job, tmp_path: Path) -> None:
    script, health = job(lambda prompt, attempt: pytest.fail("asked"), count=0)
    assert script.calls == []
    assert {name: len(content) for name, content in files(tmp_path).items() if name != HEALTH} == {
        DOCUMENTS: 0,
        REJECTED: 0,
    }
    assert (health["kept"], health["kept_share"], health["gives_reason_share"], health["by_type"]) == (0, 0, 0, {})


def stop_after_first(kept: int, rejected: int) -> None:
    raise StopError


def test_texts_with_odd_line_ends_survive_an_interruption(job: Job, tmp_path: Path) -> None:
    def reply(prompt: str, attempt: int) -> str:
        return good(prompt, attempt).replace(" because", "\u2028because") + "\u2029\nEnd."

    with pytest.raises(StopError):
        job(reply, on_batch=stop_after_first)
    script, _ = job(reply)
    assert len(script.asked) == 2
    assert all("\u2028because" in record["text"] for record in read_jsonl(tmp_path / DOCUMENTS))


def test_a_torn_line_is_gone_before_the_next_is_written(job: Job, tmp_path: Path) -> None:
    (tmp_path / PROGRESS).write_bytes(b'{"turn": 0, "rep')
    with pytest.raises(StopError):
        job(good, on_batch=stop_after_first)
    assert len(read_jsonl(tmp_path / PROGRESS)) == 1
    script, _ = job(good)
    assert len(script.asked) == 2


@pytest.mark.parametrize("line", ["nonsense", "[]", "{}", "1"])
def test_a_damaged_line_amid_the_progress_is_named(job: Job, tmp_path: Path, line: str) -> None:
    with pytest.raises(StopError):
        job(good, on_batch=stop_after_first)
    with (tmp_path / PROGRESS).open("a") as file:
        file.write(f"{line}\n")
    with pytest.raises(MsmError, match=r"progress\.jsonl:2: damaged; delete the file"):
        job(good)
