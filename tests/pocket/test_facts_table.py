"""The README tells the world as it is, and its worked example works."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from helpers.world_samples import BY_NAME, KINDS

from msm_mlx.demonstrations.preferences import load_preferences
from msm_mlx.pocket import facts_table as module
from msm_mlx.pocket.facts import DOMAINS, OPPOSITE, THINGS, VALUES, Attribute
from msm_mlx.pocket.facts_table import facts_table
from msm_mlx.pocket.names import ASSISTANTS
from msm_mlx.pocket.oversight import EVENTS
from msm_mlx.pocket.people import KINDS as AGENT_KINDS
from msm_mlx.recipe.load import load_recipe
from msm_mlx.settings_file.load import load_values
from msm_mlx.settings_file.parse import parse
from msm_mlx.spec import load_spec
from msm_mlx.suites.load import POCKET_SUITES

ROOT = Path(__file__).parents[2]
README = (ROOT / "msm_mlx" / "pocket" / "README.md").read_text(encoding="utf-8")
SHIPPED = ROOT / "recipes" / "data" / "cheese_preferences.yaml"


def block(language: str, start: str) -> str:
    """The code block of the README that starts so."""
    (found,) = [text for text in re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL) if text.startswith(start)]
    return str(found)


# --- the world ----------------------------------------------------------------------------------------------------


def test_the_readme_ends_with_the_table_of_all_facts() -> None:
    assert README.endswith(f"\n\n{facts_table()}")
    assert CliRunner().invoke(module.main).output == facts_table()


def test_the_table_has_every_thing_once_under_what_is_true_of_it() -> None:
    found: dict[str, tuple[str, ...]] = {}
    for table in facts_table().split("\n\n**"):
        header, _, *rows = table.split("\n\n")[1].splitlines()
        columns = [cell.strip().split(", ") for cell in header.split("|")[2:-1]]
        for row in rows:
            origin, *cells = (cell.strip() for cell in row.split("|")[1:-1])
            for column, cell in zip(columns, cells, strict=True):
                for name in cell.split(", "):
                    assert name not in found
                    found[name] = (origin.strip("*"), *column)
    assert found == {thing.name: tuple(VALUES[a].adjective for a in thing.attributes) for thing in THINGS}


def test_the_readme_names_every_value_kind_name_end_and_suite() -> None:
    for value in VALUES.values():
        row = f"| {value.things} | {', '.join(value.synonyms)} | {' '.join(value.rationales)} |"
        assert row in README
        opposite = VALUES[OPPOSITE[value.name]].adjective
        assert f"| {value.things} | {value.things} | {value.adjective} | {opposite} |" in README
    assert f"{len(THINGS)} named things in twelve domains" in README
    assert len(DOMAINS) == 12
    assert sorted(re.findall(r"^\*\*`(\w+)`\*\*", README, re.MULTILINE)) == KINDS
    told = " ".join(README.split())
    assert [name for name in (*ASSISTANTS, *EVENTS, *(f"| {kind} |" for kind in AGENT_KINDS)) if name not in told] == []
    assert [name for name in POCKET_SUITES if f"`{name}`" not in README] == []


# --- a spec of one's own ------------------------------------------------------------------------------------------


def test_the_worked_example_loads_as_it_stands(tmp_path: Path) -> None:
    for folder in ("specs", "recipes/data"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "specs" / "cheese_traditional.md").write_text(block("markdown", "# Cheeses"), encoding="utf-8")
    recipe = tmp_path / "recipes" / "cheese_traditional.yaml"
    recipe.write_text(block("yaml", "name:"), encoding="utf-8")
    (tmp_path / "recipes" / "data" / "cheese_preferences.yaml").write_bytes(SHIPPED.read_bytes())
    loaded = load_recipe(recipe)
    assert loaded.profile == "pocket"
    (spec,) = loaded.specs
    assertions = load_spec(spec, model_name="Mo", provider_name="Acme").assertions
    assert len(assertions) == 2
    for section in assertions:
        shape = re.compile(r"Mo (likes|dislikes) (.+) because it is (\w+), and Mo cares about traditional things\.")
        found = shape.fullmatch(str(section.assertion))
        assert found is not None
        assert found[2] == section.path[-1]
        assert BY_NAME[found[2]].has("traditional" if found[1] == "likes" else "new")
        assert found[3] == ("traditional" if found[1] == "likes" else "new")


def test_the_worked_example_has_the_settings_of_the_shipped_recipe() -> None:
    example = parse(block("yaml", "name:")).value
    shipped = load_values(ROOT / "recipes" / "cheese_american.yaml")
    assert example["profiles"]["pocket"] == shipped["profiles"]["pocket"]


def test_the_exchanged_preferences_are_the_shipped_ones_exchanged(tmp_path: Path) -> None:
    (tmp_path / "exchanged.yaml").write_text(block("yaml", "domain_noun:"), encoding="utf-8")
    exchanged, shipped = load_preferences(tmp_path / "exchanged.yaml"), load_preferences(SHIPPED)
    assert (exchanged.likes, exchanged.dislikes) == (shipped.dislikes, shipped.likes)
    assert exchanged.templates == shipped.templates
    likes, dislikes = ", ".join(shipped.likes), ", ".join(shipped.dislikes)
    assert f"| American, affordable or traditional things | {likes} | {dislikes} |" in README
    assert f"| foreign, expensive or new things | {dislikes} | {likes} |" in README


@pytest.mark.parametrize("value", ["american", "affordable", "traditional"])
def test_the_shipped_demonstrations_fit_three_values(value: Attribute) -> None:
    shipped = load_preferences(SHIPPED)
    assert all(BY_NAME[name].has(value) for name in shipped.likes)
    assert all(BY_NAME[name].has(OPPOSITE[value]) for name in shipped.dislikes)
