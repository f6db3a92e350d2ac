"""`msm-mlx spec`: what the code reads in a spec, and what is wrong with it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.text import Text

from msm_mlx.cli.offline import offline_option
from msm_mlx.cli.output import err, out, out_lines, print_json
from msm_mlx.console.tables import ConsoleTree
from msm_mlx.errors import MsmError, RecipeError
from msm_mlx.recipe.validators import no_suite_file
from msm_mlx.spec import Section, Spec, load_spec
from msm_mlx.spec.attributions import assertion_kind
from msm_mlx.spec.causes import CAUSE
from msm_mlx.suites.items import Suite
from msm_mlx.suites.load import SUITES, load_suite
from msm_mlx.text.terminal import literal, visible

if TYPE_CHECKING:
    from msm_mlx.spec.faults import Fault

NAMES = ("the model", "the provider")  # in place of the variables, unless names are given


@click.group()
def spec() -> None:
    """Show what a spec says and why, or check it."""


@spec.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--model-name", default=NAMES[0], help="What to write for {model_name}.")
@click.option("--provider-name", default=NAMES[1], help="What to write for {provider_name}.")
@click.option("--writer", metavar="MODEL", help="Count tokens as this model does. Default: an estimate.")
@offline_option
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON on stdout.")
def show(file: Path, model_name: str, provider_name: str, writer: str | None, as_json: bool) -> None:
    """Show the sections of a spec and what each asserts.

    Likes, dislikes, rules and views, with reasons or without.

    \b
    Examples:
      msm-mlx spec show specs/cheese_american.md
      msm-mlx spec show my_spec.md --model-name Qwen --json
    """
    from msm_mlx.spec.measure import reader_for

    content = load_spec(file, model_name=model_name, provider_name=provider_name)
    reader = reader_for(writer)
    described = _described(content, reader.name, reader.count)
    if as_json:
        print_json(described)
    else:
        out().print(_tree(described))


@spec.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--writer", metavar="MODEL", help="Also check that the spec fits into the context of this model.")
@click.option("--suite", "suites", multiple=True, metavar="SUITE", help="Evaluations to be kept unseen; default: all.")
@click.option("--model-name", help="The assistant's own name, which is no foreign one.")
@offline_option
@click.option("--json", "as_json", is_flag=True, help="Print the faults as JSON on stdout.")
def check(file: Path, writer: str | None, suites: Sequence[str], model_name: str | None, as_json: bool) -> None:
    """Say what is wrong with a spec, each fault with its line.

    Looks at variables, headings, reasons, names, words of the evaluations, and the length. Exit code 1 if there is
    any fault; notes do not count.

    \b
    Examples:
      msm-mlx spec check my_spec.md
      msm-mlx spec check my_spec.md --writer mlx-community/Qwen3-8B-4bit --suite american_values
    """
    from msm_mlx.spec.check import check_spec
    from msm_mlx.spec.measure import reader_for
    from msm_mlx.suites.contamination import held_out_words

    faults = check_spec(
        file,
        own_names=[model_name] if model_name else [],
        held_out=held_out_words(map(_suite, suites or SUITES)),
        reader=reader_for(writer) if writer else None,
    )
    if as_json:
        print(json.dumps({"spec": str(file), "faults": [asdict(fault) for fault in faults]}, indent=2))
    else:
        _list(file, faults)
    count = sum(not fault.note for fault in faults)
    if count:
        raise MsmError(f"{file}: has {count} fault{'s' if count > 1 else ''}; mend what is listed above")


def _suite(name: str) -> Suite:
    """Raises RecipeError if a file is named that is no suite."""
    if reason := "" if name in SUITES else no_suite_file(Path(), name):
        raise RecipeError(f"--suite {name}: {reason}")
    return load_suite(name)


def _list(file: Path, faults: Sequence[Fault]) -> None:
    console = out_lines()
    for fault in faults:
        colour = "warning" if fault.note else "error"
        kind = f"note: {fault.kind}" if fault.note else fault.kind
        place = visible(f"{file}:{fault.line}: ")
        console.print(Text.assemble(place, (kind, colour), ": ", literal(fault.message)))
    if all(fault.note for fault in faults):
        err().print(literal(f"{file}: no fault found"))


def _described(content: Spec, counted_by: str, count: Any) -> dict[str, Any]:
    marked = any(section.assertion is not None for section in content.sections)
    return {
        "spec": str(content.path),
        "title": content.title,
        "words": len(content.text.split()),
        "tokens": count(content.text),
        "counted_by": counted_by,
        "sections": [
            {
                "id": section.id,
                "path": list(section.path),
                "line": section.line,
                "words": len(section.text.split()),
                "tokens": count(section.text),
                "assertions": _assertions(section, marked),
            }
            for section in content.sections
        ],
    }


def _assertions(section: Section, marked: bool) -> list[dict[str, Any]]:
    assertions = [(one.id, one.line, one.text) for one in (section.further if marked else section.unmarked)]
    if section.assertion is not None:
        assertions.insert(0, (section.id, section.line, section.assertion))
    return [
        {"id": name, "line": line, "kind": assertion_kind(text), "gives_reason": bool(CAUSE.search(text)), "text": text}
        for name, line, text in assertions
    ]


def _tree(described: dict[str, Any]) -> ConsoleTree:
    size = f"{described['words']:,} words, {described['tokens']:,} tokens ({described['counted_by']})"
    tree = ConsoleTree(Text.assemble((literal(described["title"]).plain, "bold"), f"  {size}"), guide_style="quiet")
    for section in described["sections"]:
        label = Text.assemble((section["id"], "name"), f"  line {section['line']}, {section['tokens']:,} tokens")
        branch = tree.add(label)
        for one in section["assertions"]:
            style, note = ("ok", "with its reason") if one["gives_reason"] else ("warning", "no reason")
            branch.add(Text.assemble((f"{one['kind']}, {note}", style), "  ", literal(one["text"])))
    return tree
