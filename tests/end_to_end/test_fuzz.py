"""Damaged files never bring the command line down. `python -m helpers.fuzz 2000` tries more of them."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers.damage import VALUES
from helpers.fuzz import TARGETS, Endless, alarm, make_workspace, run_command, try_damage
from hypothesis import given, settings
from hypothesis import strategies as st

from msm_mlx.recipe.schema import Profile, RecipeFile
from msm_mlx.settings_file.base import Settings

pytestmark = pytest.mark.slow

EACH = 12


@pytest.fixture(scope="module")
def workspace(finished_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("fuzz")
    (place / "bystander").write_text("not to be touched")
    (place / "work").mkdir()
    return make_workspace(place / "work", finished_run)


@pytest.mark.parametrize("kind", TARGETS)
def test_damaged_files(kind: str, workspace: Path) -> None:
    """What went wrong here goes wrong again with `python -m helpers.fuzz 1 --from SEED`."""
    first = list(TARGETS).index(kind)
    tried = [(seed, *try_damage(seed, workspace)) for seed in range(first, first + EACH * len(TARGETS), len(TARGETS))]

    assert not [trial for trial in tried if trial[3]]
    assert len({code for _, _, code, _ in tried}) > 1, "some damage is noticed, and some is harmless"


_ANYTHING = st.recursive(
    st.sampled_from(VALUES) | st.text(max_size=8) | st.integers() | st.floats(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


def keys(schema: type[Settings], prefix: str = "") -> Iterator[str]:
    """Every key below, and those below each of them."""
    for name, field in schema.model_fields.items():
        yield f"{prefix}{name}"
        if isinstance(field.annotation, type) and issubclass(field.annotation, Settings):
            yield from keys(field.annotation, f"{prefix}{name}.")


@settings(max_examples=50)
@given(key=st.sampled_from([*keys(RecipeFile), *keys(Profile)]), value=_ANYTHING)
def test_any_value_of_any_setting(workspace: Path, key: str, value: object) -> None:
    code, said = run_command(("validate", "mine", "--set", f"{key}={value!r}"), workspace)

    assert code in (0, 2), said
    assert "at fault is not known" not in said


def test_the_fuzzer_notices_what_does_not_end() -> None:
    with pytest.raises(Endless), alarm(1):
        signal.pause()
