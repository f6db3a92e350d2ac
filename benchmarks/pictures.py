"""The pictures of the README and the docs: the flow of a run, and the app and the report of a real one.

    python benchmarks/pictures.py [RUN] [--out FOLDER]

RUN is a finished run of `msm-mlx run recipes/cheese_american.yaml`; without it, the flow alone is drawn. The app is
drawn by Textual's own export of its screen, with stored answers and no model, and the report's picture is the figure
at the head of its page.
"""

from __future__ import annotations

import asyncio
import os
import re
from pathlib import Path
from xml.sax.saxutils import escape

os.environ["TEXTUAL_ANIMATIONS"] = "none"
os.environ.pop("NO_COLOR", None)
os.environ["COLORTERM"] = "truecolor"

import click

from msm_mlx.compare.app import CompareApp, session_engine
from msm_mlx.compare.session import open_session
from msm_mlx.errors import MsmError
from msm_mlx.files import write_text
from msm_mlx.report.page import build_report
from msm_mlx.runs.finished import open_run

PICTURES = Path(__file__).parents[1] / "docs" / "pictures"
SCREEN = (108, 24)  # columns and lines of the terminal
START = "transport"  # the first prompt of this domain is on the screen
SERVERS_FONT = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)  # a picture asks no server for anything
LINK = re.compile(r"</?a\b[^>]*>")
ON_WHITE = 'font-family="sans-serif" color="#222"'
BOX, HIGH, GAP, LOW = 112, 44, 24, 96  # width and height of a box, room between two, and between the rows
UPPER = ("spec", "plan", "documents", "midtrain", "sft", "evaluate", "report")
LOWER = ("preferences or chats", "demonstrations")


def draw_app(run: Path) -> str:
    """The app over a run's stored answers."""
    session = open_session([run])
    app = CompareApp(session, session_engine(session), start=START)

    async def look() -> str:
        async with app.run_test(size=SCREEN) as pilot:
            await pilot.pause()
            return app.export_screenshot(title="msm-mlx compare latest")

    try:
        return SERVERS_FONT.sub("", asyncio.run(look()))
    finally:
        app.close_engine()


def draw_report(run: Path) -> str:
    """The figure at the head of a run's report, as a picture on white, without its links.

    Raises:
        MsmError: if it has none.
    """
    figure = build_report([open_run(run)]).figure
    if figure is None:
        raise MsmError(f"{run}: its report has no figure")
    return on_white(LINK.sub("", figure.svg))


def on_white(svg: str) -> str:
    """A drawing that takes its colours from a page, made a file of its own."""
    box = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', svg)
    assert box, "every drawing of ours has one"
    svg = svg.replace("var(--paper, white)", "white")
    margin = 12
    size = " ".join(f"{float(side) + 2 * margin:g}" for side in box.groups())
    background = f'<rect x="{-margin}" y="{-margin}" width="100%" height="100%" fill="white"/>'
    svg = svg.replace(box[0], f'viewBox="{-margin} {-margin} {size}"', 1)
    svg = svg.replace("<svg ", f'<svg xmlns="http://www.w3.org/2000/svg" {ON_WHITE} ', 1)
    return svg.replace(">", f">\n{background}", 1)


def draw_flow() -> str:
    """The stages of a run, and what goes from which to which."""
    upper = [(20 + place * (BOX + GAP), 20) for place in range(len(UPPER))]
    lower = [(20, 20 + LOW), (20 + 2 * (BOX + GAP), 20 + LOW)]
    width, height = upper[-1][0] + BOX + 20, 20 + LOW + HIGH + 20
    parts = [f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="The flow of a run" font-size="13">', ARROW]
    for (x, y), name in (*zip(upper, UPPER, strict=True), *zip(lower, LOWER, strict=True)):
        parts.append(f'<rect x="{x}" y="{y}" width="{BOX}" height="{HIGH}" rx="6" {LINE}/>')
        words = name.split(" or ")
        lines = [words[0], *(f"or {word}" for word in words[1:])]
        first = y + HIGH / 2 + 5 - 8 * (len(lines) - 1)
        for number, line in enumerate(lines):
            text = f'<text x="{x + BOX / 2:g}" y="{first + 16 * number:g}" text-anchor="middle" fill="currentColor">'
            parts.append(f"{text}{escape(line)}</text>")
    for x, y in upper[:-1]:
        parts.append(_arrow(x + BOX, y + HIGH / 2, f"h{GAP - 6}"))
    (first, y), (second, _) = lower
    parts.append(_arrow(first + BOX, y + HIGH / 2, f"H{second - 6}"))
    sft = upper[UPPER.index("sft")][0] + BOX / 2
    parts.append(_arrow(second + BOX, y + HIGH / 2, f"H{sft:g}V{20 + HIGH + 6}"))
    return on_white("\n".join([*parts, "</svg>"]))


LINE = 'fill="none" stroke="currentColor" stroke-width="1.5"'
ARROW = (
    '<defs><marker id="end" viewBox="0 0 8 8" refX="2" refY="4" markerWidth="6" markerHeight="6" orient="auto">'
    '<path d="M0,0L8,4L0,8z" fill="currentColor"/></marker></defs>'
)


def _arrow(x: float, y: float, way: str) -> str:
    return f'<path d="M{x:g},{y:g}{way}" {LINE} marker-end="url(#end)"/>'


@click.command()
@click.argument("run", type=click.Path(exists=True, file_okay=False, path_type=Path), required=False)
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), default=PICTURES, help="Where they go.")
def main(run: Path | None, out: Path) -> None:
    """Draw the pictures."""
    write_text(out / "flow.svg", draw_flow() + "\n")
    if run:
        write_text(out / "app.svg", draw_app(run) + "\n")
        write_text(out / "report.svg", draw_report(run) + "\n")


if __name__ == "__main__":
    main()
