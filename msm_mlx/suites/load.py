"""Suites of evaluation items, as YAML files: those that are shipped, and those that a recipe brings along."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from msm_mlx.errors import RecipeError
from msm_mlx.models.folder import POCKET
from msm_mlx.settings_file.parse import Loc, Tree, parse, read
from msm_mlx.settings_file.problems import report_errors
from msm_mlx.suites.items import Act, Item, Kind, OpenPrompt, Pair, Question, Rated, Scene, Suite, Turn
from msm_mlx.suites.schema import (
    FILES,
    OpenFile,
    PairsFile,
    QuestionsFile,
    RatedFile,
    SceneEntry,
    ScenesFile,
    SuiteFile,
    TurnEntry,
)
from msm_mlx.text.wording import did_you_mean, shown

_FOLDER = Path(str(resources.files(__package__))) / "shipped"
POCKETS = tuple(sorted(path.stem for path in _FOLDER.glob("*.yaml")))
"""The shipped suites in pocket's words."""
_REAL = _FOLDER / "real"
REAL = tuple(sorted(path.stem for path in _REAL.glob("*.yaml")))
"""Those that have a version for real models, in words beyond pocket's."""
SUITES = tuple(sorted({*POCKETS, *REAL}))
"""The names of the shipped suites."""
SUFFIXES = (".yaml", ".yml")
_VARIABLE = re.compile(r"\{(model_name|provider_name)\}")


@dataclass(frozen=True)
class Names:
    """What `{model_name}` and `{provider_name}` stand for in a suite."""

    model: str
    provider: str


def shipped_suite(name: str, profile: str = POCKET) -> Path:
    """The file of a shipped suite that fits the profile: at any but pocket's the one for real models, if it has one.

    What takes a judge has no other: pocket is asked it as it is.
    """
    real = name in REAL and (profile != POCKET or name not in POCKETS)
    return (_REAL if real else _FOLDER) / f"{name}.yaml"


def load_suite(suite: str, names: Names | None = None, profile: str = POCKET) -> Suite:
    """The shipped suite of this name that fits the profile, or the one in the file at this path.

    Raises:
        RecipeError: with one line for every problem, each as `file:line:column key: what is wrong`.
    """
    return _shipped(shipped_suite(suite, profile), names) if suite in SUITES else _load(Path(suite), names)


@cache
def _shipped(path: Path, names: Names | None) -> Suite:
    return replace(_load(path, names), file=path.relative_to(_FOLDER).as_posix())


def _load(path: Path, names: Names | None) -> Suite:
    tree = parse(read(path))
    if not isinstance(tree.value, dict):
        if not tree.problems:
            tree.report((), "a suite must be a mapping of keys to values")
        raise _error(path, tree)
    if names is not None:
        tree.value = _filled(tree.value, names, plain=True)
    content = _validate(tree)
    if content is None or tree.problems:
        raise _error(path, tree)
    items = _ITEMS[type(content)](path.stem, content)
    return Suite(path.stem, content.kind, content.metric, tuple(items), path.name)


def _filled(value: object, names: Names, *, plain: bool) -> object:
    """`value` with the names in all its texts; in a regular expression they stand for themselves."""
    match value:
        case str():
            known = {"model_name": names.model, "provider_name": names.provider}
            return _VARIABLE.sub(lambda m: known[m[1]] if plain else re.escape(known[m[1]]), value)
        case list():
            return [_filled(entry, names, plain=plain) for entry in value]
        case dict():
            return {
                key: _filled(entry, names, plain=key not in ("pattern", "patterns")) for key, entry in value.items()
            }
    return value


def _validate(tree: Tree) -> SuiteFile | None:
    """The content of the tree; or None, with every problem noted in the tree."""
    assert isinstance(tree.value, dict)
    kind = tree.value.get("kind", "pairs")
    if kind not in FILES:
        known = ", ".join(get_args(Kind))
        tree.report(("kind",), f"must be one of {known}, not {shown(kind)}{did_you_mean(kind, FILES)}")
        return None
    try:
        content = FILES[kind].model_validate(tree.value)
    except ValidationError as error:
        report_errors(tree, error, lambda loc: _keys_at(FILES[kind], loc))
        return None
    for loc, message in content.problems():
        tree.report(loc, message)
    return content


def _keys_at(model: type[BaseModel], loc: Loc) -> list[str]:
    """The keys that could stand where `loc` does."""
    found = model
    for part in loc[:-1]:
        if isinstance(part, str) and part in found.model_fields:
            inner = _model_in(found.model_fields[part].annotation)
            found = inner or found
    return list(found.model_fields)


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """The schema of a key's value, or of the entries of its list or mapping."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _model_in(part))), None)


def _error(path: Path, tree: Tree) -> RecipeError:
    return RecipeError("\n".join(dict.fromkeys(problem.line(path) for problem in sorted(tree.problems))))


def _turns(entries: tuple[TurnEntry, ...]) -> tuple[Turn, ...]:
    return tuple(Turn(entry.user, entry.assistant) for entry in entries)


def _pairs(suite: str, file: PairsFile) -> list[Item]:
    return [
        Pair(
            id=f"{suite}/{domain}-{number}",
            suite=suite,
            domain=domain,
            question=(content.question or file.question).replace("{noun}", content.noun),
            reply=(content.reply or file.reply).replace("{noun}", content.noun),
            target=target,
            other=other,
        )
        for domain, content in file.domains.items()
        for number, (target, other) in enumerate(content.pairs, start=1)
    ]


def _numbered(suite: str, domain: str | None, number: int) -> dict[str, Any]:
    return {"id": f"{suite}/{domain or 'item'}-{number}", "suite": suite, "domain": domain}


def _questions(suite: str, file: QuestionsFile) -> list[Item]:
    return [
        Question(
            **_numbered(suite, entry.domain, number),
            question=entry.prompt,
            right=entry.right,
            wrong=entry.wrong,
            spec=entry.spec,
            turns=_turns(entry.turns),
        )
        for number, entry in enumerate(file.items, start=1)
    ]


def _open(suite: str, file: OpenFile) -> list[Item]:
    return [
        OpenPrompt(
            **_numbered(suite, entry.domain, number),
            question=entry.prompt,
            any_of=(*entry.any_of, *(file.lists[entry.list] if entry.list else ())),
            pattern=entry.pattern,
            spec=entry.spec,
            turns=_turns(entry.turns),
        )
        for number, entry in enumerate(file.items, start=1)
    ]


def _rated(suite: str, file: RatedFile) -> list[Item]:
    return [
        Rated(
            **_numbered(suite, entry.domain, number),
            question=entry.prompt,
            best=entry.best,
            worst=entry.worst,
            spec=entry.spec,
            turns=_turns(entry.turns),
        )
        for number, entry in enumerate(file.items, start=1)
    ]


def _under_conditions(file: ScenesFile) -> Iterator[SceneEntry]:
    """The scenes, those without a condition of their own once under each of the suite's."""
    for entry in file.items:
        if entry.condition is not None or not file.conditions:
            yield entry
            continue
        for name, content in file.conditions.items():
            prompt = entry.prompt.replace("{goal}", content.goal).replace("{notice}", content.notice)
            yield entry.model_copy(update={"condition": name, "prompt": prompt})


def _scenes(suite: str, file: ScenesFile) -> list[Item]:
    scenes: list[Item] = []
    for number, entry in enumerate(_under_conditions(file), start=1):
        acts = tuple(
            Act(name, entry.replies.get(name, act.replies), act.patterns, act.harmful, act.none)
            for name, act in file.acts.items()
            if name in (entry.acts or file.acts)
        )
        scenes.append(
            Scene(
                **_numbered(suite, entry.scenario, number),
                question=entry.prompt.strip(),
                condition=entry.condition,
                acts=acts,
                spec=entry.spec,
                turns=_turns(entry.turns),
            )
        )
    return scenes


_ITEMS: Mapping[type[SuiteFile], Callable[[str, Any], list[Item]]] = {
    PairsFile: _pairs,
    QuestionsFile: _questions,
    OpenFile: _open,
    ScenesFile: _scenes,
    RatedFile: _rated,
}
