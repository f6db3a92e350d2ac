"""How long it takes from a command to its first screen of stored answers, beyond the import of Textual.

    python benchmarks/first_screen.py RUN [--json] [--rounds N]

RUN is a finished run folder. The app runs as a process of its own on a pseudo-terminal of 80 x 24, and the clock stops
when every pane has its answer's foot on that terminal.
"""

from __future__ import annotations

import fcntl
import json
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path
from statistics import median

import click

BAR = 1.0
ROWS, COLUMNS = 24, 80
PATIENCE = 60.0
FOOT = "stored"  # what stands under an answer of the evaluation
FEWEST = 2  # panes with an answer


@click.command()
@click.argument("run", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
@click.option("--rounds", default=7, show_default=True, type=click.IntRange(1), help="Times that each is started.")
def main(run: Path, as_json: bool, rounds: int) -> None:
    """Measure the first screen of `msm-mlx compare RUN`."""
    first_screen(run)  # what is read once more comes from the memory of the machine
    pairs = [(import_of_textual(), first_screen(run)) for _ in range(rounds)]
    imports, screens = zip(*pairs, strict=True)
    figures = {
        "import_textual_seconds": median(imports),
        "first_screen_seconds": median(screens),
        "beyond_import_seconds": median(screen - imported for imported, screen in pairs),
        "rounds": rounds,
        "bar_seconds": BAR,
    }
    if as_json:
        print(json.dumps(figures, indent=2))
        return
    print(f"import of textual   {figures['import_textual_seconds']:.2f} s")
    print(f"first screen        {figures['first_screen_seconds']:.2f} s")
    print(f"beyond the import   {figures['beyond_import_seconds']:.2f} s (bar: at most {BAR:.1f} s)")


def import_of_textual() -> float:
    """Seconds of a process that does nothing else."""
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import textual.app"], check=True)
    return time.perf_counter() - started


def first_screen(run: Path) -> float:
    """Seconds from the start of the process until the answers are on its terminal."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    command = [sys.executable, "-m", "msm_mlx.cli.main", "compare", str(run)]
    environment = os.environ | {"TERM": "xterm-256color", "LINES": str(ROWS), "COLUMNS": str(COLUMNS)}
    started = time.perf_counter()
    process = subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment, start_new_session=True
    )
    os.close(theirs)
    try:
        written = b""
        while written.count(FOOT.encode()) < FEWEST:
            ready, _, _ = select.select([ours], [], [], PATIENCE)
            if not ready:
                raise click.ClickException(f"no answers on the screen after {PATIENCE:.0f} s")
            try:
                written += os.read(ours, 65536)
            except OSError as error:  # the other end is closed
                raise click.ClickException(f"the app ended too early: {written.decode(errors='replace')}") from error
        return time.perf_counter() - started
    finally:
        process.kill()
        process.wait()
        os.close(ours)


if __name__ == "__main__":
    main()
