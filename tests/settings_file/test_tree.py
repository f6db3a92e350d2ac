"""Problems point at the place that a value came from: of the file, or an option of the command line."""

from __future__ import annotations

from msm_mlx.settings_file.parse import parse
from msm_mlx.settings_file.tree import Place

TEXT = "name: mo\nlora:\n  rank: 8\n  layers: [1, 2]\n"


def test_values_and_keys_have_places_of_their_own() -> None:
    tree = parse(TEXT)
    assert tree.place(("lora", "rank")) == Place(3, 9)
    assert tree.place(("lora", "rank"), key=True) == Place(3, 3)
    assert tree.place(("lora", "layers", 1)) == Place(4, 15)


def test_what_is_not_there_has_the_place_of_what_is_around_it() -> None:
    tree = parse(TEXT)
    assert tree.place(("lora", "scale", "x")) == tree.place(("lora",))


def test_problems_come_in_the_order_of_the_file_and_those_of_the_command_line_last() -> None:
    tree = parse(TEXT)
    tree.assign(("lora", "rank"), "many", "--set lora.rank=many")
    tree.report(("lora", "rank"), "must be an integer")
    tree.report(("lora", "layers", 0), "must be text")
    tree.report(("name",), "is too short")
    tree.report(("name",), "is too short")
    assert str(tree.error("r.yaml")).splitlines() == [
        "r.yaml:1:7 name: is too short",
        "r.yaml:4:12 lora.layers: must be text",
        "--set lora.rank=many: must be an integer",
    ]


def test_an_option_makes_the_mappings_on_its_way() -> None:
    tree = parse(TEXT)
    tree.assign(("sft", "epochs"), 2, "--set sft.epochs=2")
    assert tree.value["sft"] == {"epochs": 2}
    assert tree.place(("sft",)).option == "--set sft.epochs=2"
    assert tree.problems == []


def test_an_option_below_something_that_is_no_mapping_is_a_problem() -> None:
    tree = parse(TEXT)
    tree.assign(("name", "first"), "x", "--set name.first=x")
    assert tree.value["name"] == "mo"
    assert str(tree.error("r.yaml")) == "--set name.first=x: name is not a mapping, so it has no keys to set"


def test_nothing_in_a_problem_drives_the_terminal() -> None:
    tree = parse('"a\\eb": 1\n')
    tree.report(("a\x1bb",), "is unknown\x1b[31m", key=True)
    assert str(tree.error("r.yaml")) == r"r.yaml:1:1 a\x1bb: is unknown\x1b[31m"


def test_what_an_option_leaves_missing_beside_its_key_is_named() -> None:
    tree = parse(TEXT)
    tree.assign(("writer", "server"), "here", "--set writer.server=here")
    tree.report(("writer", "model"), "is missing")
    assert str(tree.error("r.yaml")) == "--set writer.server=here: writer.model: is missing"
