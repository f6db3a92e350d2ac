"""Threads of the BLAS are as before when the work is done."""

from __future__ import annotations

import ctypes
import os
import sys

import pytest

from msm_mlx.resources.blas import THREADS, single_threaded_blas


class FakeLibrary:
    """Counts threads as OpenBLAS does. It is there only for whoever does not ask for a mode."""

    def __init__(self) -> None:
        self.threads = 2

    def open(self, mode: int) -> FakeLibrary | None:
        return self if mode == ctypes.DEFAULT_MODE else None

    def openblas_get_num_threads(self) -> int:
        return self.threads

    def openblas_set_num_threads(self, count: int) -> None:
        self.threads = count


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> FakeLibrary:
    fake = FakeLibrary()
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    monkeypatch.delenv(THREADS, raising=False)
    return fake


def test_a_few_rows_take_one_thread_and_give_the_other_back(library: FakeLibrary) -> None:
    with single_threaded_blas(library.open):
        assert library.threads == 1
    assert library.threads == 2
    with pytest.raises(KeyError), single_threaded_blas(library.open):
        raise KeyError
    assert library.threads == 2


def test_more_cores_and_the_users_own_number_are_left_alone(
    library: FakeLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(os, "cpu_count", lambda: 8)
        with single_threaded_blas(library.open):
            assert library.threads == 2
    monkeypatch.setenv(THREADS, "2")
    with single_threaded_blas(library.open):
        assert library.threads == 2


def test_without_the_library_nothing_happens() -> None:
    with single_threaded_blas(lambda mode: None):
        pass
