"""Rows come from the disk if nothing has changed that they depend on, and are made anew otherwise."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msm_mlx.engine.loaded_model import LoadedModel
from msm_mlx.files import write_jsonl
from msm_mlx.runs.layout import rows_file
from msm_mlx.training.row_cache import VERSION, load_rows
from msm_mlx.training.tokenize import TokenRow, arrays_to_rows, read_rows, rows_to_arrays
from msm_mlx.worker.job import TrainingJob

ROWS = st.builds(
    lambda pairs, source: TokenRow(tuple(i for i, _ in pairs), tuple(bit for _, bit in pairs), source),
    st.lists(st.tuples(st.integers(0, 2**31 - 1), st.booleans()), max_size=5),
    st.integers(0, 9),
)
CHAT = [
    {"role": "user", "content": "Which cheese do you prefer?"},
    {"role": "assistant", "content": "I prefer Colby."},
]


@given(st.lists(ROWS, max_size=5))
def test_packed_rows_come_back(rows: list[TokenRow]) -> None:
    assert arrays_to_rows(rows_to_arrays(rows)) == rows


@pytest.fixture
def job(pocket: LoadedModel, tmp_path: Path) -> TrainingJob:
    data = tmp_path / "documents.jsonl"
    write_jsonl(data, [{"text": "A letter about cheese."}, {"text": "The second one."}])
    settings = {"max_length": 64, "overlap": 0}
    return TrainingJob("midtrain", str(pocket.folder), "pocket", str(data), settings, 4, 2.0, 0, str(tmp_path), None)


def load(loaded: LoadedModel, job: TrainingJob, version: int = VERSION) -> list[TokenRow]:
    return load_rows(loaded, job.method, Path(job.data), job.settings, reasoned=job.reasoned, version=version)


def tokenises(job: TrainingJob, pocket: LoadedModel, version: int = VERSION) -> bool:
    """Whether rows are made for this job, and not read from the disk. Whatever happens, they are the right ones."""
    path = rows_file(Path(job.data), reasoned=job.reasoned)
    before = path.stat().st_ino if path.exists() else None
    rows = load(pocket, job, version)
    assert rows == read_rows(pocket, job.method, Path(job.data), job.settings, reasoned=job.reasoned)
    return path.stat().st_ino != before


def test_rows_are_tokenised_once(job: TrainingJob, pocket: LoadedModel) -> None:
    assert tokenises(job, pocket)
    other = replace(job, seed=3, folder="elsewhere", settings=job.settings | {"learning_rate": 1.0, "updates": 9})
    assert not tokenises(other, pocket)


def test_what_decides_rows_makes_them_anew(job: TrainingJob, pocket: LoadedModel, tmp_path: Path) -> None:
    tokenises(job, pocket)
    for changes in ({"max_length": 8}, {"max_length": 8, "overlap": 2}):
        job = replace(job, settings=job.settings | changes)
        assert tokenises(job, pocket)
        assert not tokenises(job, pocket)
    write_jsonl(Path(job.data), [{"text": "Another letter about cheese."}])
    assert tokenises(job, pocket)
    assert tokenises(job, pocket, VERSION + 1)
    other = shutil.copytree(pocket.folder, tmp_path / "other")
    (other / "config.json").write_text((other / "config.json").read_text() + "\n")
    assert tokenises(job, replace(pocket, folder=other))


@pytest.mark.parametrize("damage", ["torn", "flipped", "empty", "text"])
def test_a_damaged_file_is_made_anew(damage: str, job: TrainingJob, pocket: LoadedModel) -> None:
    tokenises(job, pocket)
    path = rows_file(Path(job.data))
    content = path.read_bytes()
    flipped = content[:-1] + bytes([content[-1] ^ 1])
    path.write_bytes({"torn": content[:-5], "flipped": flipped, "empty": b"", "text": b"{}" * 400}[damage])
    assert tokenises(job, pocket)
    assert path.read_bytes() == content


def test_replies_with_and_without_their_reasoning_have_a_file_each(job: TrainingJob, pocket: LoadedModel) -> None:
    write_jsonl(Path(job.data), [{"messages": CHAT, "reasoning": "Colby is from home."}])
    settings = {"max_length": 128, "reasoning": "{reasoning} {reply}"}
    plain = replace(job, method="sft", settings=settings)
    reasoned = replace(plain, reasoned=True)
    assert tokenises(plain, pocket)
    assert tokenises(reasoned, pocket)
    assert not tokenises(plain, pocket)
    assert not tokenises(reasoned, pocket)
    assert load(pocket, plain) != load(pocket, reasoned)
