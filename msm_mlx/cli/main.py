"""The entry point: the group of all commands, and the only place that turns errors into messages and exit codes."""

from __future__ import annotations

import io
import os
import shutil
import sys
from pathlib import Path

import click

from msm_mlx import __version__
from msm_mlx.cli.lazy import LazyCommand, LazyGroup
from msm_mlx.console.abilities import SCREEN_READER, abilities_of
from msm_mlx.errors import MsmError, SetupError
from msm_mlx.files import HOME
from msm_mlx.resources.blas import load_openblas
from msm_mlx.text.encoding import take_every_text, unreadable_name

SECTIONS = {
    "Start here": {
        "doctor": LazyCommand("msm_mlx.cli.info", "Check that this machine is ready, and say what to do if not."),
        "recipes": LazyCommand("msm_mlx.cli.info", "List the experiments that come with msm-mlx, by their recipes."),
        "specs": LazyCommand("msm_mlx.cli.info", "List the specs that come with msm-mlx, with their files."),
        "init": LazyCommand("msm_mlx.cli.init", "Make a folder NAME with an experiment of your own to edit."),
    },
    "Run": {
        "run": LazyCommand("msm_mlx.cli.run", "Run an experiment from its recipe to its report."),
        "validate": LazyCommand("msm_mlx.cli.validate", "Say everything that is wrong with recipes, at once."),
        "estimate": LazyCommand(
            "msm_mlx.cli.estimate", "Say how much memory and time a run takes here, stage by stage."
        ),
        "models": LazyCommand("msm_mlx.cli.models", "Show the models that are here and what fits, or import one."),
        "spec": LazyCommand("msm_mlx.cli.spec", "Show what a spec says and why, or check it."),
        "documents": LazyCommand("msm_mlx.cli.documents", "Write the documents that explain the spec, or read them."),
        "midtrain": LazyCommand("msm_mlx.cli.run", "Train on the documents; a part of `run`."),
        "sft": LazyCommand("msm_mlx.cli.run", "Train on the chats that show the behaviour; a part of `run`."),
        "evaluate": LazyCommand("msm_mlx.cli.run", "Ask the models of a run questions that they have not answered."),
    },
    "Look": {
        "runs": LazyCommand("msm_mlx.cli.runs", "List, show, compare and remove runs."),
        "compare": LazyCommand("msm_mlx.cli.compare", "Show side by side what the models of a run answer."),
        "chat": LazyCommand("msm_mlx.cli.chat", "Talk with one model of a run, on a terminal or through a pipe."),
        "report": LazyCommand("msm_mlx.cli.report", "Write what was found as one page to read or to send."),
    },
    "Share": {
        "export": LazyCommand("msm_mlx.cli.export", "Write a trained model, or its data, for other tools."),
        "push": LazyCommand("msm_mlx.cli.push", "Put a run on the Hugging Face hub."),
    },
}
DEBUG = "MSM_MLX_DEBUG"  # shows the traceback of unexpected errors
INTERRUPTED = 130
HELP_WIDTH = 80  # columns at most
GOES_ON = {"run", "documents", "midtrain", "sft", "evaluate"}


@click.group(
    cls=LazyGroup,
    sections=SECTIONS,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, prog_name="msm-mlx")
@click.option("--screen-reader", is_flag=True, help="Plain lines: no tables, bars or colours, nothing that moves.")
@click.pass_context
def cli(ctx: click.Context, screen_reader: bool) -> None:
    """Model spec midtraining on a laptop: a model reads why before it is shown how.

    Begin with `msm-mlx run cheese_american`: two minutes, offline, with a small model that comes with msm-mlx. Without
    a command, msm-mlx shows how the last run stands and what to type next.
    """
    if screen_reader:
        os.environ[SCREEN_READER] = "1"
    if not abilities_of(sys.stderr, os.environ).cursor:
        for name in ("HF_HUB_DISABLE_PROGRESS_BARS", "TQDM_DISABLE"):  # of the libraries that draw bars of their own
            os.environ.setdefault(name, "1")
    if ctx.invoked_subcommand is None:
        from msm_mlx.cli.start import show_start

        show_start()


def main() -> None:
    """Run the command line and exit: 0 ok, 1 failed, 2 usage or recipe, 3 environment, 130 interrupted."""
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    take_every_text()
    load_openblas()  # whichever command comes to import mlx
    try:
        _check_names()
        columns = shutil.get_terminal_size().columns  # click itself never goes below 50
        cli.main(standalone_mode=False, prog_name="msm-mlx", terminal_width=min(columns, HELP_WIDTH))
    except MsmError as error:
        _print_error(str(error))
        sys.exit(error.exit_code)
    except click.exceptions.Exit as error:
        sys.exit(error.exit_code)
    except click.exceptions.NoArgsIsHelpError as error:
        _print_help(error)
        sys.exit(error.exit_code)
    except click.ClickException as error:
        from msm_mlx.cli.usage import usage_problem

        _print_error(usage_problem(error))
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        from msm_mlx.cli.output import err

        err().print("interrupted; the same command goes on where it stopped" if _goes_on() else "interrupted")
        sys.exit(INTERRUPTED)
    except BrokenPipeError:  # the reader of the output, such as `head`, has ended
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except Exception as error:
        if os.environ.get(DEBUG):
            raise
        sys.exit(_explain(error))


def _goes_on() -> bool:
    """Whether this is a command that keeps what it has done."""
    return next((word for word in sys.argv[1:] if not word.startswith("-")), "") in GOES_ON


def _explain(error: Exception) -> int:
    """Say of an error that nobody expected what is known of it, and return the exit code."""
    from msm_mlx.worker.crashes import explain_error

    explanation = explain_error(error)
    if explanation.cause:
        _print_error(f"{explanation.reason}; {explanation.remedy}, and run the same command again")
        return SetupError.exit_code
    _print_error(
        f"{explanation.reason}: whether msm-mlx or what it was given is at fault is not known; please report it with "
        f"the traceback that {DEBUG}=1 shows and with what `msm-mlx doctor` prints"
    )
    return MsmError.exit_code


def _check_names() -> None:
    """Raises SetupError if there is no working folder, or a name is not UTF-8: no file could hold such a name."""
    try:
        folder = str(Path.cwd())
    except FileNotFoundError as error:
        raise SetupError("working folder: is no longer there; change to another with cd") from error
    if name := unreadable_name([*sys.argv, os.environ.get(HOME, ""), folder]):
        raise SetupError(
            f"{name}: not a name in UTF-8, as this terminal gives it; set LC_ALL=en_US.UTF-8, or rename the file"
        )


def _print_help(error: click.exceptions.NoArgsIsHelpError) -> None:
    """What click shows of a group without a command, in lines that fit."""
    from msm_mlx.cli.output import err
    from msm_mlx.text.terminal import literal

    page = io.StringIO()
    error.show(page)
    err().print(literal(page.getvalue().rstrip("\n")))


def _print_error(message: str) -> None:
    from msm_mlx.cli.output import err
    from msm_mlx.console.problems import show_problems

    show_problems(err(), "error", message)


if __name__ == "__main__":
    main()
