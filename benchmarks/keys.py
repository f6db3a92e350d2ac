"""How soon a key press is handled, and its effect is on the screen, while four panes stream.

    python benchmarks/keys.py [--json] [--presses N]

Pilot drives the app over an engine that writes a word in each of four panes every two milliseconds, much faster than
any model, up to the longest answers that the app allows, and then again from their beginning.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import time
from dataclasses import replace
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from msm_mlx.runs.finished import FinishedRun, ResolvedRecipe

os.environ["TEXTUAL_ANIMATIONS"] = "none"

import click

from msm_mlx.compare.answer_engine import Arm, ScriptedEngine
from msm_mlx.compare.app import CompareApp
from msm_mlx.compare.screens.state import LENGTHS
from msm_mlx.compare.session import Session, typed_prompt

ARMS = ("base", "sft", "msm", "msm+sft")
BAR = 100.0  # ms, p95
SIZES = ((80, 24), (120, 40))
ROUND = 0.002  # seconds between two words of each answer
WORDS = "a few words more " * (LENGTHS[-1] // 4)


class WatchedApp(CompareApp):
    """Remembers when a key's action was done, and when its effect had been painted."""

    handled = 0.0
    painted = 0.0

    def action_temperature(self, steps: int) -> None:
        super().action_temperature(steps)
        self.handled = time.perf_counter()
        self.call_after_refresh(self._paint)

    def _paint(self) -> None:
        self.painted = time.perf_counter()


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
@click.option("--presses", default=60, show_default=True, type=click.IntRange(2), help="At each size of the terminal.")
@click.option("--tokens", default=LENGTHS[-1], show_default=True, type=click.IntRange(20), help="Of each answer.")
def main(as_json: bool, presses: int, tokens: int) -> None:
    """Measure key presses while four panes stream."""
    gc.collect()
    gc.freeze()  # as `run_app` does
    sizes = [asyncio.run(measure(size, presses, tokens)) for size in SIZES]
    figures = {"handled_ms_p95": max(size["handled_ms_p95"] for size in sizes), "bar_ms": BAR, "sizes": sizes}
    if as_json:
        print(json.dumps(figures, indent=2))
        return
    for size in sizes:
        print(
            f"{size['size']:>7}: {size['presses']} presses; handled: median {size['handled_ms_median']:.0f} ms, "
            f"p95 {size['handled_ms_p95']:.0f} ms (bar: {BAR:.0f}); painted: p95 {size['painted_ms_p95']:.0f} ms"
        )


async def measure(size: tuple[int, int], presses: int, tokens: int) -> dict[str, Any]:
    """Press a key again and again in a terminal of this size, as long as the answers are being written."""
    app = WatchedApp(session(), lambda: ScriptedEngine(lambda prompt, arm: WORDS, None, lambda: time.sleep(ROUND)))
    app.state.settings = replace(app.state.settings, max_tokens=tokens)
    handled: list[float] = []
    painted: list[float] = []
    try:
        async with app.run_test(size=size) as pilot:
            while len(handled) < presses:
                if not app.feed.busy:
                    await pilot.press("g")
                await asyncio.sleep(ROUND * tokens / presses)
                app.painted = 0.0
                pressed = time.perf_counter()
                await pilot.press("plus" if len(handled) % 2 else "minus")
                while not app.painted:
                    await asyncio.sleep(0.001)
                handled.append(1000 * (app.handled - pressed))
                painted.append(1000 * (app.painted - pressed))
    finally:
        app.close_engine()
    return {
        "size": f"{size[0]}x{size[1]}",
        "presses": len(handled),
        "handled_ms_median": median(handled),
        "handled_ms_p95": quantiles(handled, n=20)[-1],
        "painted_ms_p95": quantiles(painted, n=20)[-1],
    }


def session() -> Session:
    """Four arms, and a prompt that nobody has answered yet. No file is read or written."""
    arms = tuple(Arm(label, None) for label in ARMS)
    recipe = ResolvedRecipe(
        path=Path("scripted.yaml"),
        name="scripted",
        specs=(),
        model="scripted",
        model_name="Scripted",
        provider_name="nobody",
        arms=ARMS,
        suites=(),
        seeds=(0,),
        profile="pocket",
        overrides=(),
        settings={},
    )
    run = FinishedRun(Path("scripted"), recipe, {"stages": {}, "model": {"name": "scripted", "fingerprint": ""}})
    return Session((run,), arms, (typed_prompt("How?"),), {}, {}, {})


if __name__ == "__main__":
    main()
