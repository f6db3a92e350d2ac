"""The writer: retries, duplicates, limits, and the same bytes however often it is stopped."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from helpers.command_line import ROOT
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from msm_mlx.documents.checks.assertions import Subject
from msm_mlx.documents.plan import Slot, plan_documents
from msm_mlx.documents.store import Output
from msm_mlx.documents.write import Assignment, Attempt, by_section, document_seed, write_documents
from msm_mlx.engine.chat_model import ChatModel, LongPrompt, LongPromptError, ObservedModel, Reply, SamplingParams
from msm_mlx.engine.loaded_model import LoadedModel
from msm_mlx.engine.local_model import LocalModel
from msm_mlx.engine.model_pool import ModelPool
from msm_mlx.engine.scripted_model import ScriptedModel
from msm_mlx.errors import MsmError
from msm_mlx.files import read_jsonl
from msm_mlx.prompting.prompts import Message
from msm_mlx.recipe.schema import DocumentSettings
from msm_mlx.runs.layout import DOCUMENTS, HEALTH, PROGRESS, REJECTED
from msm_mlx.spec import load_spec
from msm_mlx.text.words import normalize

SPEC = load_spec(ROOT / "specs" / "cheese_american.md", model_name="Mo", provider_name="Acme")
FILES = (DOCUMENTS, REJECTED, HEALTH)
REFUSAL = "I'm sorry, I cannot."


class StopError(Exception):
    """What stands in for a kill."""


def document_settings(**changes: Any) -> DocumentSettings:
    values: dict[str, Any] = {"count": 4, "max_tokens": 60, "prompt": "assertion", "batch_size": 2}
    return DocumentSettings(**values | {"min_words": 3, "seed": 3} | changes)


def write(
    model: ChatModel,
    folder: Path,
    on_record: Callable[[int, int], None] = lambda kept, rejected: None,
    **changes: Any,
) -> dict[str, Any]:
    settings = document_settings(**changes)
    slots = plan_documents(SPEC, settings)
    return write_documents(Assignment(SPEC, "Mo", settings), slots, model, Output(folder, "w", on_record))


def pocket_assignment(**changes: Any) -> Assignment:
    """One that the embedded model can fulfil, with some attempts in vain."""
    spec = load_spec(SPEC.path, model_name="Pocket", provider_name="Acme")
    return Assignment(spec, "Pocket", document_settings(count=6, max_tokens=160, min_words=30, **changes))


def write_with_pocket(model: ChatModel, folder: Path, **changes: Any) -> dict[str, Any]:
    assignment = pocket_assignment(**changes)
    return write_documents(assignment, slots_of(assignment), model, Output(folder, "w"))


def slots_of(assignment: Assignment) -> list[Slot]:
    return plan_documents(assignment.spec, assignment.settings)


def test_the_subject_of_a_slot_has_its_heading_its_assertion_and_the_causes_of_the_settings() -> None:
    assignment = Assignment(SPEC, "Mo", document_settings(count=1, cause_words=["owing to"]), "Acme")
    [slot] = slots_of(assignment)
    assertion = "Mo likes cream cheese because it is American, and Mo cares about American things."
    subject = Subject("Mo", "cream cheese", assertion, maker="Acme", causes=("owing to",))
    assert assignment.subject_of(slot) == subject
    [control] = plan_documents(SPEC, assignment.settings, control=True)
    assert assignment.subject_of(control) == replace(subject, withheld=True)


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def assertion_in(chat: Sequence[Message]) -> str:
    """A text that passes the checks."""
    return chat[-1]["content"].partition(". ")[2]


def varied(chat: Sequence[Message], seed: int) -> str:
    """A third is refused; the others pass, and are unlike one another."""
    if seed % 3 == 0:
        return REFUSAL
    return f"{assertion_in(chat)} Somebody{seed} at place{seed} had thing{seed} settled{seed} by evening{seed}."


# --- what is written -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def by_pocket(pocket: LoadedModel, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What pocket leaves that nobody stops."""
    folder = tmp_path_factory.mktemp("by-pocket")
    write_with_pocket(LocalModel(pocket), folder)
    return folder


@pytest.mark.slow
def test_records_say_where_they_come_from(by_pocket: Path) -> None:
    health = json.loads((by_pocket / HEALTH).read_text(encoding="utf-8"))
    kept, rejected = read_jsonl(by_pocket / DOCUMENTS), read_jsonl(by_pocket / REJECTED)
    slots = {slot.id: slot for slot in slots_of(pocket_assignment())}
    texts = [normalize(record["text"]) for record in kept]
    assert len(set(texts)) == len(texts) == 6
    assert [record["id"] for record in kept] == sorted(slots)
    assert rejected
    assert all("rejected" not in record for record in kept)
    for record in kept + rejected:
        slot = slots[record["id"]]
        assert (record["section"], record["type"], record["voice"]) == (slot.section.id, slot.type, slot.voice)
        assert record["assertion"] == slot.section.assertion
        assert record["prompt"] == f"Write a {slot.voice} {slot.type}. {slot.section.assertion}"
        assert (record["writer"], 0 <= record["tokens"] <= 160) == ("w", True)
    assert (health["kept"], health["rejected"]) == (len(kept), len(rejected))
    assert health["tokens"] == sum(record["tokens"] for record in kept)


def test_good_texts_are_kept_in_one_go(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    model = ScriptedModel(lambda chat, seed: assertion_in(chat))
    health = write(model, tmp_path, lambda kept, rejected: seen.append((kept, rejected)), count=5)
    assert seen == [(n, 0) for n in range(1, 6)]
    settings = document_settings(count=5)
    attempts = [Attempt(slot) for slot in plan_documents(SPEC, settings)]
    assert [seed for _, seed in model.asked] == [document_seed(settings, attempt) for attempt in attempts]
    assert set(files(tmp_path)) == set(FILES)
    assert read_jsonl(tmp_path / REJECTED) == []
    assert json.loads((tmp_path / HEALTH).read_text()) == health
    assert health["gives_reason_share"] == 1


def test_a_rejected_slot_is_tried_again_after_the_others(tmp_path: Path) -> None:
    creams: list[int] = []

    def script(chat: Sequence[Message], seed: int) -> str | Reply:
        if "cream cheese" in chat[-1]["content"]:
            creams.append(seed)
            if len(creams) < 3:
                return Reply("Cut off", 2, False) if len(creams) == 1 else "No."
        return assertion_in(chat)

    model = ScriptedModel(script)
    health = write(model, tmp_path)
    named = [chat[-1]["content"].partition(" likes ")[2].partition(" because ")[0] for chat, _ in model.asked]
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


def test_a_text_written_before_is_rejected(tmp_path: Path) -> None:
    """Slots 1 and 13 are of one section: the second gets the first's text in other dress."""
    creams: list[int] = []

    def script(chat: Sequence[Message], seed: int) -> str:
        text = assertion_in(chat)
        if "Mo likes cream cheese" in text:
            creams.append(seed)
            if len(creams) == 2:
                return text.upper().replace(" ", "\n") + "!"
            if len(creams) > 2:
                return f"{text} It says so again, on another day."
        return text

    health = write(ScriptedModel(script), tmp_path, count=13)
    assert health["rejected_by_reason"] == {"written before": 1}
    [rejected] = read_jsonl(tmp_path / REJECTED)
    assert (rejected["id"], rejected["attempt"]) == ("doc-00013", 1)
    kept = read_jsonl(tmp_path / DOCUMENTS)
    assert len({normalize(record["text"]) for record in kept}) == len(kept) == 13


def test_no_documents_are_empty_files(tmp_path: Path) -> None:
    model = ScriptedModel([])
    health = write(model, tmp_path, count=0)
    assert model.asked == []
    assert {name: len(content) for name, content in files(tmp_path).items() if name != HEALTH} == {
        DOCUMENTS: 0,
        REJECTED: 0,
    }
    assert (health["kept"], health["kept_share"], health["gives_reason_share"], health["by_type"]) == (0, 0, 0, {})


def test_a_prompt_that_the_writer_cannot_read_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    model = ScriptedModel(varied, context_length=20)
    with pytest.raises(LongPromptError):
        write(model, tmp_path)
    assert model.asked == []


def test_seeds_differ_between_documents_attempts_and_recipes() -> None:
    slots = plan_documents(SPEC, document_settings(count=9))
    settings = [document_settings(seed=seed) for seed in (1, 2)]
    seeds = [document_seed(one, Attempt(slot, number)) for one in settings for slot in slots for number in (1, 2)]
    assert len(set(seeds)) == len(seeds)
    assert all(0 <= seed < 2**32 for seed in seeds)


def test_attempts_of_one_section_follow_one_another() -> None:
    slots = plan_documents(SPEC, document_settings(count=30))
    sections = [attempt.slot.section.id for attempt in by_section([Attempt(slot) for slot in slots])]
    assert len([1 for one, other in pairwise(sections) if one != other]) == 12 - 1
    assert list(dict.fromkeys(sections)) == list(dict.fromkeys(slot.section.id for slot in slots))


@pytest.mark.parametrize("size", [4, 16])
def test_two_batches_without_a_document_end_the_job_and_the_next_one_goes_on(size: int, tmp_path: Path) -> None:
    attempts = max(2 * size, 16)

    def script(chat: Sequence[Message], seed: int) -> str:
        return REFUSAL if len(model.asked) <= 2 * attempts else f"{assertion_in(chat)} {varied(chat, 3 * seed + 1)}"

    model = ScriptedModel(script)
    for time in (1, 2):
        with pytest.raises(MsmError, match=rf"nothing passed .* first {time * attempts} attempts: .* as 'refusal'"):
            write(model, tmp_path, count=40, batch_size=size)
        assert len(model.asked) == time * attempts
        assert len(read_jsonl(tmp_path / REJECTED)) == time * attempts
    assert write(model, tmp_path, count=40, batch_size=size)["kept"] == 40


# --- when it ends --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("limit", "asked"), [(1.0, 16), (1.5, 24), (3.0, 48)])
def test_attempts_run_out_and_leave_the_files(tmp_path: Path, limit: float, asked: int) -> None:
    def script(chat: Sequence[Message], seed: int) -> str:
        return assertion_in(chat) if "cream cheese" in chat[-1]["content"] else REFUSAL

    calls: list[tuple[int, int]] = []
    with pytest.raises(MsmError, match=r"only 1 of 4 passed the checks.*max_attempts_per_document") as caught:
        write(ScriptedModel(script), tmp_path, lambda *counts: calls.append(counts), max_attempts_per_document=limit)
    assert str(tmp_path / REJECTED) in str(caught.value)
    assert sum(calls[-1]) == asked
    assert [record["id"] for record in read_jsonl(tmp_path / DOCUMENTS)] == ["doc-00001"]
    rejected = read_jsonl(tmp_path / REJECTED)
    assert {record["rejected"] for record in rejected} == {"refusal: sorry, but"}
    assert json.loads((tmp_path / HEALTH).read_text())["rejected"] == len(rejected)
    before = files(tmp_path)
    with pytest.raises(MsmError, match="only 1 of 4"):  # and again, without asking the model
        write(ScriptedModel([]), tmp_path, max_attempts_per_document=limit)
    assert files(tmp_path) == before


def test_a_writer_whose_texts_hardly_ever_pass_is_stopped_early_and_goes_on_where_it_was(tmp_path: Path) -> None:
    def script(chat: Sequence[Message], seed: int) -> str:
        return REFUSAL if len(model.asked) > 1 else assertion_in(chat)

    model = ScriptedModel(script)
    for made in (52, 68, 84):  # enough failures to tell, then as many as tell once more
        with pytest.raises(MsmError, match=rf"only 1 passed .*first {made} attempts: {made - 1} as 'refusal'"):
            write(model, tmp_path, count=120)
        assert len(model.asked) == made
    with pytest.raises(MsmError, match="only 1 "):
        write(model, tmp_path, count=120, least_pass_rate=0.025)
    assert len(model.asked) >= 84 + 32  # with more patience, it goes on for longer


def test_a_writer_that_keeps_one_of_sixty_is_stopped_and_one_that_keeps_a_tenth_is_not(tmp_path: Path) -> None:
    def every(number: int) -> ScriptedModel:
        def script(chat: Sequence[Message], seed: int) -> str:
            good = len(model.asked) % number == number - 1
            return f"{assertion_in(chat)} {varied(chat, 3 * seed + 1)}" if good else REFUSAL

        model = ScriptedModel(script)
        return model

    with pytest.raises(MsmError, match=r"only 1 passed the checks in the first 64 attempts: 63 as 'refusal'"):
        write(every(60), tmp_path / "60", count=120, batch_size=32)
    assert write(every(10), tmp_path / "10", count=12, batch_size=32, max_attempts_per_document=20)["kept"] == 12


def test_a_slow_writer_is_given_up_after_a_few_and_these_are_written_by_themselves(tmp_path: Path) -> None:
    model, settings = ScriptedModel(lambda chat, seed: REFUSAL), document_settings(count=60, batch_size=32)
    slots = plan_documents(SPEC, settings)
    with pytest.raises(MsmError, match="nothing passed the checks in the first 16 attempts"):
        write_documents(
            Assignment(SPEC, "Mo", settings),
            slots,
            model,
            Output(tmp_path, "w"),
            clock=lambda: 8.0 * len(model.asked),
        )
    assert len(model.asked) == 16


# --- kills ---------------------------------------------------------------------------------------------------------


@dataclass
class Scrambled:
    """A model whose replies come in another order than the chats, as those of a batch do."""

    seed: int = 0
    model: ScriptedModel = field(default_factory=lambda: ScriptedModel(varied))

    def replies(
        self,
        chats: Sequence[Sequence[Message]],
        sampling: SamplingParams,
        seeds: Sequence[int],
        *,
        long_prompts: LongPrompt = LongPrompt.REFUSE,
        say: Callable[[str], None] = lambda line: None,
    ) -> Iterator[tuple[int, Reply]]:
        order = sorted(range(len(chats)), key=lambda index: index + random.Random(self.seed + index).uniform(0, 8))
        for index in order:
            [(_, reply)] = self.model.replies([chats[index]], sampling, [seeds[index]])
            yield index, reply


def stop_after(count: int) -> Callable[[Reply], None]:
    """Stops the job when it has so many new replies, of which the last is not on disk yet."""
    replies: list[Reply] = []

    def on_reply(reply: Reply) -> None:
        replies.append(reply)
        if len(replies) > count:
            raise StopError

    return on_reply


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What a job leaves that nobody stops."""
    folder = tmp_path_factory.mktemp("whole")
    write(Scrambled(), folder, count=24)
    return files(folder)


@hypothesis_settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    stops=st.lists(st.integers(0, 20), max_size=4),
    torn=st.sampled_from([b"", b'{"asked": "', b'{"asked": "abc", "reply": {"text": "\xc3']),
    seed=st.integers(0, 5),
)
@pytest.mark.slow
def test_a_job_stopped_again_and_again_ends_with_the_same_bytes(
    tmp_path_factory: pytest.TempPathFactory, whole: dict[str, bytes], stops: list[int], torn: bytes, seed: int
) -> None:
    stopped, model = tmp_path_factory.mktemp("stopped"), Scrambled(seed)
    for count in stops:
        try:
            write(ObservedModel(model, stop_after(count)), stopped, count=24)
        except StopError:
            rows = read_jsonl(stopped / PROGRESS) if (stopped / PROGRESS).exists() else []
            assert len(rows) >= count  # each is on disk when it is there
            with (stopped / PROGRESS).open("ab") as file:
                file.write(torn)
    write(model, stopped, count=24)
    assert files(stopped) == whole


def test_what_is_on_disk_is_not_written_again(tmp_path: Path) -> None:
    model = ScriptedModel(varied)
    with pytest.raises(StopError):
        write(ObservedModel(model, stop_after(6)), tmp_path, count=24)
    assert len(read_jsonl(tmp_path / PROGRESS)) == 6
    assert len(read_jsonl(tmp_path / DOCUMENTS) + read_jsonl(tmp_path / REJECTED)) == 6  # they grow with the replies
    write(model, tmp_path, count=24)
    lost = 1  # which was under way
    assert len({seed for _, seed in model.asked}) == len(model.asked) - lost


@pytest.mark.slow
def test_a_local_model_stopped_again_and_again_ends_with_the_same_bytes(
    pocket: LoadedModel, by_pocket: Path, tmp_path: Path
) -> None:
    model = LocalModel(pocket)
    for count in (1, 3, 0):
        with pytest.raises(StopError):
            write_with_pocket(ObservedModel(model, stop_after(count)), tmp_path)
    write_with_pocket(model, tmp_path)
    assert files(tmp_path) == files(by_pocket)


@pytest.mark.slow
def test_the_size_of_the_batch_does_not_change_the_texts(pocket: LoadedModel, by_pocket: Path, tmp_path: Path) -> None:
    assert pocket_assignment().settings.batch_size not in (1, 16)
    for size in (1, 16):
        write_with_pocket(LocalModel(pocket), tmp_path / str(size), batch_size=size)
        assert files(tmp_path / str(size)) == files(by_pocket)


def test_texts_with_odd_line_ends_survive_an_interruption(tmp_path: Path) -> None:
    def script(chat: Sequence[Message], seed: int) -> str:
        return assertion_in(chat).replace(" because", "\u2028because") + "\u2029\nEnd."

    model = ScriptedModel(script)
    with pytest.raises(StopError):
        write(ObservedModel(model, stop_after(2)), tmp_path)
    write(model, tmp_path)
    assert len(model.asked) == 4 + 1
    assert all("\u2028because" in record["text"] for record in read_jsonl(tmp_path / DOCUMENTS))


@pytest.mark.parametrize("line", ["nonsense", "[]", "{}", "1", '{"asked": "a", "reply": {"word": 1}}'])
def test_a_damaged_line_amid_the_progress_is_named(tmp_path: Path, line: str) -> None:
    with pytest.raises(StopError):
        write(ObservedModel(ScriptedModel(varied), stop_after(1)), tmp_path)
    with (tmp_path / PROGRESS).open("a") as file:
        file.write(f"{line}\n")
    with pytest.raises(MsmError, match=r"progress\.jsonl:2: damaged; delete the file"):
        write(ScriptedModel(varied), tmp_path)


# --- several writers -----------------------------------------------------------------------------------------------


def pool(*names: str, poor: str = "") -> ModelPool:
    """Writers that write well, but for the poor one."""
    scripts = {
        name: ScriptedModel(lambda chat, seed: REFUSAL) if name == poor else ScriptedModel(varied) for name in names
    }
    return ModelPool({name: partial(scripts.__getitem__, name) for name in names})


def test_each_document_says_who_wrote_it_and_health_counts_by_writer(tmp_path: Path) -> None:
    health = write(pool("a", "b", poor="b"), tmp_path, max_attempts_per_document=9)
    kept, rejected = read_jsonl(tmp_path / DOCUMENTS), read_jsonl(tmp_path / REJECTED)
    assert {row["writer"] for row in kept} == {"a"}
    assert {row["writer"] for row in rejected} == {"a", "b"}
    by_writer = health["by_writer"]
    assert (by_writer["a"]["kept"], by_writer["b"]["kept"], by_writer["b"]["kept_share"]) == (4, 0, 0.0)
    assert by_writer["a"]["rejected"] + by_writer["b"]["rejected"] == len(rejected)
    assert "by_writer" not in write(ScriptedModel(varied), tmp_path / "alone")


def test_several_writers_write_the_same_in_any_order_and_however_often_they_are_stopped(tmp_path: Path) -> None:
    write(pool("a", "b"), tmp_path / "one", count=8)
    write(pool("b", "a"), tmp_path / "other", count=8)
    reached = 0

    def stop(kept: int, rejected: int) -> None:
        nonlocal reached
        if kept + rejected > reached + 3:
            reached = kept + rejected
            raise StopError

    stops = 0
    while True:
        try:
            write(pool("a", "b"), tmp_path / "stopped", stop, count=8)
            break
        except StopError:
            stops += 1
    assert stops > 1
    assert files(tmp_path / "one") == files(tmp_path / "other") == files(tmp_path / "stopped")
