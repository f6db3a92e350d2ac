"""What a plan will cost: tokens from lengths or from what is written, and time from a probe."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from helpers.command_line import ROOT

from msm_mlx.documents.document import Document
from msm_mlx.documents.plan import plan_documents
from msm_mlx.documents.time_estimate import USED_SHARE, Outline, Pace, measure_pace, outline_plan
from msm_mlx.engine.chat_model import Reply, SamplingParams
from msm_mlx.files import write_jsonl
from msm_mlx.prompting.prompts import Message
from msm_mlx.recipe.schema import DocumentSettings, WriterSettings
from msm_mlx.spec import load_spec


@dataclass
class SlowWriter:
    """A writer with a clock: each prompt that it reads and each token that it writes takes so many seconds."""

    reading: float
    token: float
    time: float = 0.0
    asked: list[list[str]] = field(default_factory=list)

    def clock(self) -> float:
        return self.time

    def replies(
        self, chats: Sequence[Sequence[Message]], sampling: SamplingParams, seeds: Sequence[int], **options: Any
    ) -> Iterator[tuple[int, Reply]]:
        self.asked.append([chat[-1]["content"] for chat in chats])
        self.time += len(chats) * (self.reading + self.token * sampling.max_tokens)
        return iter([(index, Reply("", sampling.max_tokens, False)) for index in range(len(chats))])


SPEC = load_spec(ROOT / "specs" / "cheese_american.md", model_name="Mo", provider_name="Acme")
SETTINGS = DocumentSettings(count=24, max_tokens=400, prompt="assertion", batch_size=8)


def test_tokens_are_expected_from_the_lengths_that_are_asked_for(tmp_path: Path) -> None:
    slots = plan_documents(SPEC, SETTINGS)
    slots[0] = replace(slots[0], length="100 to 200 words", idea="A tent.")
    slots[1] = replace(slots[1], length="1,000 to 2,000 words")  # more than there is room for
    outline = outline_plan(slots, SETTINGS, tmp_path / "documents.jsonl")
    assert outline.tokens == pytest.approx(150 * 1.4 + 400 + 22 * USED_SHARE * 400, abs=30)
    assert (outline.documents, outline.written, outline.left, outline.ideas) == (24, 0, 24, 1)
    assert len(outline.by_section) == 12
    assert all(sum(types.values()) == 2 for types in outline.by_section.values())


def test_tokens_are_measured_on_what_is_written(tmp_path: Path) -> None:
    slots = plan_documents(SPEC, SETTINGS)
    written = [
        Document(slot.id, "Mo.", slot.section.id, None, slot.type, tokens=tokens)
        for slot, tokens in zip(slots[:2], (10, 30), strict=True)
    ]
    write_jsonl(tmp_path / "documents.jsonl", [document.to_row() for document in written])
    outline = outline_plan(slots, SETTINGS, tmp_path / "documents.jsonl")
    assert (outline.written, outline.left, outline.tokens) == (2, 22, 22 * 20)
    assert outline.tokens_from == "measured on the 2 documents that are written"


def test_of_several_writers_each_has_its_part(tmp_path: Path) -> None:
    several = SETTINGS.model_copy(
        update={"count": 60, "writer": (WriterSettings(model="a"), WriterSettings(model="b"))}
    )
    outline = outline_plan(plan_documents(SPEC, several), several, tmp_path / "none.jsonl")
    assert sum(outline.by_writer.values()) == 60
    assert min(outline.by_writer.values()) > 15
    parts = [outline.part_of(name) for name in outline.by_writer]
    assert [part.left for part in parts] == list(outline.by_writer.values())
    assert sum(part.tokens for part in parts) == pytest.approx(outline.tokens, abs=2)
    alone = outline_plan(plan_documents(SPEC, SETTINGS), SETTINGS, tmp_path / "none.jsonl")
    assert (alone.by_writer, alone.part_of("")) == ({}, alone)


def test_pace_is_the_time_of_reading_and_of_a_token() -> None:
    writer = SlowWriter(reading=0.25, token=0.03)
    pace = measure_pace(writer, plan_documents(SPEC, SETTINGS), SPEC, SETTINGS, clock=writer.clock)
    assert pace.batch == 8
    assert pace.reading == pytest.approx(8 * 0.28)
    assert pace.tokens_per_second == pytest.approx(1 / 0.03)
    assert [len(asked) for asked in writer.asked] == [1, 1, 8, 8, 8]


def test_a_pause_of_the_machine_makes_no_writer_endlessly_fast() -> None:
    writer = SlowWriter(reading=0.25, token=0.03)
    pauses = iter((0.0,) * 8 + (10.0,))  # while one token of each document is asked for

    def clock() -> float:
        writer.time += next(pauses, 0.0)
        return writer.clock()

    pace = measure_pace(writer, plan_documents(SPEC, SETTINGS), SPEC, SETTINGS, clock=clock)
    assert 1 / 0.03 < pace.tokens_per_second < 20 / 0.03


@pytest.mark.parametrize(
    ("reading", "token", "rows", "tokens"),
    [(1.5, 0.1, 3, 5), (5.0, 0.1, 1, 5), (200.0, 0.1, 1, 1), (1.0, 30.0, 1, 1), (0.1, 0.4, 8, 5)],
    ids=["slow to read", "slower to read", "very slow to read", "very slow to write", "slow to write"],
)
def test_a_slow_writer_is_probed_with_less(reading: float, token: float, rows: int, tokens: int) -> None:
    writer = SlowWriter(reading, token)
    pace = measure_pace(writer, plan_documents(SPEC, SETTINGS), SPEC, SETTINGS, clock=writer.clock)
    assert (pace.batch, pace.tokens) == (rows, tokens)
    assert writer.time < 30 or len(writer.asked) == 2  # nothing shorter than one token can be asked for
    assert pace.tokens_per_second == pytest.approx(1 / token if tokens > 1 else 1 / (reading + token))
    beside = "1 document" if rows == 1 else f"{rows} documents side by side"
    assert pace.measured_on == f"from {beside}, {tokens} {'token' if tokens == 1 else 'tokens'}"


def test_of_a_long_prompt_the_beginning_is_read_and_the_time_is_that_of_the_whole() -> None:
    whole = SETTINGS.model_copy(update={"prompt": "spec"})
    writer = SlowWriter(reading=0.25, token=0.0)
    pace = measure_pace(writer, plan_documents(SPEC, whole), SPEC, whole, clock=writer.clock)
    assert all(len(prompt.split(" ")) <= 610 for asked in writer.asked for prompt in asked)
    assert pace.reading > 2 * 8 * 0.25


def test_batches_that_are_left_are_read_one_after_another() -> None:
    outline = Outline(documents=20, written=3, by_section={}, ideas=0, tokens=1000, tokens_from="")
    assert Pace(batch=8, reading=2, tokens_per_second=100).seconds(outline) == 3 * 2 + 10
