"""Documents with seeds of their own: on disk one by one, and the same whatever is written beside them."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from msm_mlx.documents import writer
from msm_mlx.documents.plan import Slot, plan_documents
from msm_mlx.documents.writer import Attempt, document_seed, write_documents
from msm_mlx.engine.chat_model import Reply
from msm_mlx.engine.loaded_model import LoadedModel
from msm_mlx.engine.local_model import LocalModel
from msm_mlx.errors import MsmError
from msm_mlx.files import read_jsonl
from msm_mlx.recipe.schema import DocumentSettings
from msm_mlx.runs.layout import DOCUMENTS, HEALTH, PROGRESS, REJECTED
from msm_mlx.spec import load_spec

SPEC = Path(__file__).parents[2] / "specs" / "cheese_american.md"


class StopError(Exception):
    """What stands in for a kill."""


def settings_with(**changes: int) -> DocumentSettings:
    values = {"count": 9, "max_tokens": 12, "batch_size": 4, "min_words": 3, "seed": 3} | changes
    return DocumentSettings(prompt="assertion", max_attempts_per_document=3, **values)  # type: ignore[arg-type]


def write(
    loaded: LoadedModel,
    folder: Path,
    on_reply: Callable[[Reply], None] = lambda reply: None,
    settings: DocumentSettings | None = None,
) -> dict[str, bytes]:
    settings = settings or settings_with()
    spec = load_spec(SPEC, model_name="Mo", provider_name="Acme")
    slots = plan_documents(spec, settings)
    try:
        write_documents(
            spec, "Mo", LocalModel(loaded), settings, folder, slots=slots, written_by="w", on_reply=on_reply
        )
    except MsmError:  # the attempts ran out: that too must come out the same
        assert (folder / PROGRESS).exists()
    return {name: (folder / name).read_bytes() for name in (DOCUMENTS, REJECTED, HEALTH)}


@pytest.fixture(autouse=True)
def lenient(monkeypatch: pytest.MonkeyPatch) -> None:
    """No text of a small model would pass: all are taken as they are, and some are rejected."""
    monkeypatch.setattr(writer, "written_text", lambda text, settings: text)
    monkeypatch.setattr(
        writer, "reject_reason", lambda reply, *rest: "unlucky" if sum(reply.text.encode()) % 3 == 0 else None
    )


def test_a_job_stopped_again_and_again_ends_with_the_same_files(pocket: LoadedModel, tmp_path: Path) -> None:
    calls: list[Reply] = []
    whole = write(pocket, tmp_path / "whole", calls.append)
    draw, stopped, replies = random.Random(1), tmp_path / "stopped", []
    for _ in range(8):
        left = draw.randrange(1, 4)

        def stop(reply: Reply) -> None:
            nonlocal left
            replies.append(reply)
            left -= 1
            if not left:
                raise StopError

        before = len(replies)
        try:
            assert write(pocket, stopped, stop) == whole
            break
        except StopError:
            rows = read_jsonl(stopped / PROGRESS)
            assert len(rows) == len(replies) > before  # each is on disk when it is there
            with (stopped / PROGRESS).open("ab") as file:
                file.write(b'{"turn": 0, "replies": [[1, {"text": "\xc3')
    else:
        assert write(pocket, stopped, replies.append) == whole
    assert len(replies) == len(calls)  # nothing was written twice


def test_documents_are_in_their_files_as_they_come(pocket: LoadedModel, tmp_path: Path) -> None:
    settings = settings_with(batch_size=2)
    spec = load_spec(SPEC, model_name="Mo", provider_name="Acme")
    seen: list[tuple[int, int]] = []

    def look(kept: int, rejected: int) -> None:
        seen.append((len(read_jsonl(tmp_path / DOCUMENTS)), len(read_jsonl(tmp_path / REJECTED))))
        assert seen[-1] == (kept, rejected)

    with suppress(MsmError):
        slots = plan_documents(spec, settings)
        write_documents(spec, "Mo", LocalModel(pocket), settings, tmp_path, slots=slots, written_by="w", on_batch=look)
    assert [sum(one) for one in seen] == list(range(1, len(seen) + 1))
    assert len(seen) >= 9


def test_a_stubborn_writer_is_stopped_within_its_turn(pocket: LoadedModel, tmp_path: Path) -> None:
    """Not only when a whole turn of all documents is over."""
    settings = settings_with(count=24, max_tokens=2).model_copy(update={"least_pass_rate": 0.5})
    replies: list[Reply] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(writer, "reject_reason", lambda *parts: "unlucky")
        write(pocket, tmp_path, replies.append, settings)
        before = len(replies)
        assert 5 <= before < 24
        write(pocket, tmp_path, replies.append, settings)
    assert len(replies) == before


def test_the_size_of_the_batch_does_not_change_the_texts(pocket: LoadedModel, tmp_path: Path) -> None:
    texts = [
        [(row["id"], row["text"]) for row in read_jsonl_of(write, pocket, tmp_path / str(size), size)]
        for size in (1, 3, 16)
    ]
    assert texts[0] == texts[1] == texts[2] != []


def read_jsonl_of(
    write: Callable[..., dict[str, bytes]], loaded: LoadedModel, folder: Path, size: int
) -> list[dict[str, str]]:
    write(loaded, folder, settings=settings_with(batch_size=size))
    return read_jsonl(folder / DOCUMENTS)


def test_seeds_differ_between_documents_tries_and_recipes() -> None:
    spec = load_spec(SPEC, model_name="Mo", provider_name="Acme")
    slots: list[Slot] = plan_documents(spec, settings_with())
    seeds = [document_seed(seed, Attempt(slot, n)) for seed in (1, 2) for slot in slots for n in (1, 2, 3)]
    assert len(set(seeds)) == len(seeds)
    assert all(0 <= seed < 2**32 for seed in seeds)
