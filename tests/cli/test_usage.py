"""A command line that click refuses is told in the form of all errors."""

from __future__ import annotations

import click
import pytest

from msm_mlx.cli.main import cli
from msm_mlx.cli.usage import usage_problem


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ("rnu x", "rnu: no such command (did you mean run?); `msm-mlx --help` shows what there is"),
        ("runs shwo", "shwo: no such command (did you mean show?); `msm-mlx runs --help` shows what there is"),
        ("run x --sed 1", "--sed: no such option (did you mean --seed?); `msm-mlx run --help` shows what there is"),
        ("run", "RECIPE: is missing; `msm-mlx run --help` shows what there is"),
        ("run x --seed one", "--seed: 'one' is not a valid integer; `msm-mlx run --help` shows what there is"),
        ("run x y", "msm-mlx run: got unexpected extra argument (y); `msm-mlx run --help` shows what there is"),
    ],
)
def test_it_says_where_what_and_what_to_do(words: str, problem: str) -> None:
    with pytest.raises(click.ClickException) as refused:
        cli.main(words.split(), prog_name="msm-mlx", standalone_mode=False)
    assert usage_problem(refused.value) == problem


def test_a_problem_that_names_its_place_stays_as_it_is() -> None:
    assert usage_problem(click.UsageError("--lm-eval: asks its own tasks; leave out --suite")) == (
        "--lm-eval: asks its own tasks; leave out --suite"
    )
