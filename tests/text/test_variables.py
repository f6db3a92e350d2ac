"""Names in place of variables, and nothing in place of other braces."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from msm_mlx.text.variables import VARIABLE, fill_variables


def test_names_stand_in_place_of_the_variables_and_other_braces_stay() -> None:
    text = "{model_name}, which {provider_name} made, likes {cheese}; {model name} and { model_name } stay, so {}."
    filled = "Mo, which Acme made, likes {cheese}; {model name} and { model_name } stay, so {}."
    assert fill_variables(text, "Mo", "Acme") == filled
    assert fill_variables("{{model_name}}", "Mo", "Acme") == "{Mo}"


def test_a_name_is_no_pattern_and_is_not_filled_in_again() -> None:
    assert fill_variables("{model_name} by {provider_name}", r"\1 {provider_name}", "Acme") == (
        r"\1 {provider_name} by Acme"
    )


@given(text=st.text(alphabet="{}model_name provider"))
def test_text_without_a_variable_is_untouched(text: str) -> None:
    assert VARIABLE.search(text) or fill_variables(text, "Mo", "Acme") == text
