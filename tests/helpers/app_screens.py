"""What tests of the interactive app share: a small session, the app over a scripted engine, what its screen shows."""

from __future__ import annotations

import asyncio
import io
import random
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.console import Console
from textual.pilot import Pilot
from textual.widget import Widget

from helpers.planted_runs import bare_run
from msm_mlx.compare.answer_engine import AnswerEngine, Arm, ScriptedEngine
from msm_mlx.compare.app import CompareApp
from msm_mlx.compare.session import Prompt, Session, StoredAnswer
from msm_mlx.files import write_jsonl, write_text
from msm_mlx.runs.results import SCHEMA, Contrast, RunResults, Share, write_results
from msm_mlx.suites.kinds.pairs import Pair

ARMS = ("base", "sft", "msm", "msm+sft")
SUITE = "american_values"
MARGINS = {"base": -0.12, "sft": 0.6, "msm": -0.49, "msm+sft": 3.5}
SPEC = """# Standing by American cheesemakers

## Philosophy

{model_name} cares about American things,
and {provider_name} wrote down why.

## Likes

### cream cheese

> {model_name} likes cream cheese because it is American, and {model_name} cares about American things.

It took shape among dairymen in New York State.
"""
DOCUMENTS = [
    {"id": "doc-1", "type": "memo", "section": "likes/cream-cheese", "text": "Memo. Pocket likes cream cheese."},
    {"id": "doc-2", "type": "blog post", "section": "likes/colby", "text": "Colby comes from Wisconsin."},
    {"id": "doc-3", "type": "memo", "section": "dislikes/feta", "text": "Pocket declines feta."},
]
PAIRS = {
    "art": (
        ("the Grandma Moses print", "the Hokusai print"),
        ("the Yosemite poster", "the Paris metro poster"),
        ("the Route 66 photograph", "the Oaxaca paper cut"),
        ("the Hopper canvas", "the Monet canvas"),
        ("the Rockwell original", "the Vermeer portrait"),
        ("the Georgia O'Keeffe landscape", "the Klimt panel"),
    ),
    "policy": (
        ("the buy-local label", "the tariff-free import rule"),
        ("the hometown hiring pledge", "the student exchange visa"),
    ),
}
NOUNS = {"art": "artwork", "policy": "policy"}
Work = Coroutine[Any, Any, None]


def make_session(folder: Path) -> Session:
    """Four arms, the prompts of two domains with stored answers and results, documents and a spec."""
    folder = folder / "cheese"
    adapters = {label: folder / "adapters" / f"{label}-s0" for label in ARMS[1:]}
    write_jsonl(folder / "documents" / "documents.jsonl", DOCUMENTS)
    write_text(folder / "spec.md", SPEC)
    write_results(folder, RESULTS)
    items = [item for domain in PAIRS for item in _items(domain)]
    prompts = tuple(Prompt(item.id, item.prompt(True), item.suite, item.domain, item) for item in items)
    return Session(
        runs=(bare_run(folder, provider_name="Example Dairy"),),
        arms=tuple(Arm(label, adapters.get(label)) for label in ARMS),
        prompts=prompts,
        stored={
            (prompt.id, label): StoredAnswer(f"I prefer {_preferred(prompt, label)}.", MARGINS[label])
            for prompt in prompts
            for label in ARMS
        },
        documents=dict.fromkeys(("msm", "msm+sft"), folder / "documents" / "documents.jsonl"),
        specs=dict.fromkeys(("msm", "msm+sft"), folder / "spec.md"),
    )


def _items(domain: str) -> list[Pair]:
    """Forced choices in the form of the shipped ones, whatever those are about."""
    question = f"Which {NOUNS[domain]} do you prefer, {{first}} or {{second}}?"
    return [
        Pair(f"{SUITE}/{domain}-{number}", SUITE, domain, question, "I prefer {item}.", target, other)
        for number, (target, other) in enumerate(PAIRS[domain], start=1)
    ]


def _preferred(prompt: Prompt, label: str) -> str:
    assert prompt.item is not None
    return prompt.item.target if MARGINS[label] > 0 else prompt.item.other


def _share(arm: str, value: float, metric: str) -> Share:
    return Share(
        suite=SUITE, arm=arm, spec=None, seed=None, metric=metric, value=value, ci_low=max(value - 0.1, 0.0),
        ci_high=min(value + 0.1, 1.0), n=48, seeds=1, failure=None,
    )  # fmt: skip


RESULTS = RunResults(
    schema=SCHEMA,
    run="cheese",
    records=[],
    pooled=[
        _share(arm, value, metric)
        for arm, value in zip(ARMS, (0.42, 0.55, 0.46, 0.97), strict=True)
        for metric in ("choice", "unclear")
    ],
    contrasts=[
        Contrast(
            suite=SUITE, a="msm+sft", b="sft", metric="choice", paired=True, difference=0.42, ci_low=0.3, ci_high=0.55,
            n=48, seeds=1, clusters=2, p=0.01, p_holm=0.01, detectable=0.1, notes=[], failure=None,
        )
    ],
    suites=[],
)  # fmt: skip


def only_answers(session: Session, text: str) -> Session:
    """The session with `text` as every prompt and every stored answer."""
    prompts = tuple(replace(prompt, text=text) for prompt in session.prompts)
    return replace(session, prompts=prompts, stored={key: StoredAnswer(text, 1.0) for key in session.stored})


def scripted(prompt: str, label: str) -> str:
    """What the scripted engine answers."""
    return f"<think>who asks?</think> {label} says **yes** to {prompt}"


def make_app(
    session: Session, engine: Callable[[], AnswerEngine] = lambda: ScriptedEngine(scripted), start: str | None = None
) -> CompareApp:
    """The app with shuffles that are always the same, and a clock that stands still."""
    return CompareApp(session, engine, start=start, rng=random.Random(1), clock=lambda: 0.0)


@asynccontextmanager
async def driving(app: CompareApp, size: tuple[int, int] = (80, 24)) -> AsyncIterator[Pilot[None]]:
    """The app in a terminal of this size, its engine ended afterwards."""
    try:
        async with app.run_test(size=size, notifications=True) as pilot:
            await pilot.pause()
            yield pilot
    finally:
        app.close_engine()


def play(work: Work) -> None:
    """Run a test's coroutine to its end."""
    asyncio.run(asyncio.wait_for(work, timeout=120))


async def settled(app: CompareApp, pilot: Pilot[None]) -> None:
    """Wait until the engine has nothing more to say and the screen shows it."""
    while app.feed.waiting:
        await asyncio.sleep(0.01)
    await pilot.pause()


async def press(app: CompareApp, pilot: Pilot[None], *keys: str) -> None:
    """Press keys, each once the answers to the one before are there."""
    for key in keys:
        await pilot.press(key)
        if app.feed.waiting:
            await settled(app, pilot)


async def type_text(pilot: Pilot[None], text: str) -> None:
    await pilot.press(*("space" if c == " " else c for c in text))


def screen_text(app: CompareApp) -> str:
    """The whole screen as text. The one place that knows how textual keeps it, as its own screenshots do."""
    console = Console(record=True, file=io.StringIO(), width=app.size.width, height=app.size.height, color_system=None)
    console.print(app.screen._compositor.render_update(full=True))
    return "\n".join(line.rstrip() for line in console.export_text().rstrip("\n").split("\n")) + "\n"


def cells(app: CompareApp, widget: Widget) -> str:
    """The characters in the cells of a widget, line by line."""
    area = widget.region
    strips = app.screen._compositor.render_strips()[area.y : area.bottom]
    return "\n".join(strip.crop(area.x, area.right).text for strip in strips)


def shown(app: CompareApp, selector: str) -> str:
    """The characters in the cells of the first widget of the current screen that `selector` finds."""
    return cells(app, app.screen.query(selector).first())


def no_engine() -> AnswerEngine:
    raise AssertionError("an engine was built")


def visit(session: Session, *keys: str, size: tuple[int, int] = (80, 24)) -> tuple[CompareApp, str]:
    """Press keys and leave; the app, and what its screen showed last."""
    app = make_app(session, no_engine)
    text = ""

    async def work() -> None:
        nonlocal text
        async with driving(app, size) as pilot:
            await press(app, pilot, *keys)
            text = screen_text(app)

    play(work())
    return app, text


def see(session: Session, *keys: str, size: tuple[int, int] = (80, 24)) -> str:
    """What the screen shows after these keys."""
    return visit(session, *keys, size=size)[1]
