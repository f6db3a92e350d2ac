"""The list of all checks."""

from __future__ import annotations

from msm_mlx.documents.checks.registry import CHECKS
from msm_mlx.recipe.schema import CheckSettings


def test_each_setting_of_the_recipe_is_that_of_a_check() -> None:
    assert {check.setting for check in CHECKS} == {*CheckSettings.model_fields, None} - {"near_duplicate"}
