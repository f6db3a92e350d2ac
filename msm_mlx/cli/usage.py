"""What click finds wrong with a command line, in the form of all other errors."""

from __future__ import annotations

import click

from msm_mlx.text.wording import did_you_mean


def usage_problem(error: click.ClickException) -> str:
    """`PLACE: WHAT; REMEDY` of an error of click, whose place is an option, an argument or the command."""
    context = error.ctx if isinstance(error, click.UsageError) else None
    path = context.command_path if context else "msm-mlx"
    help_ = f"`{path} --help` shows what there is"
    match error:
        case click.NoSuchOption():
            near = did_you_mean(error.option_name, error.possibilities or [])
            return f"{error.option_name}: no such option{near}; {help_}"
        case click.exceptions.NoSuchCommand():
            known = (
                context.command.list_commands(context) if context and isinstance(context.command, click.Group) else []
            )
            return f"{error.command_name}: no such command{did_you_mean(error.command_name, known)}; {help_}"
        case click.MissingParameter():
            return f"{_parameter(error)}: is missing; {help_}"
        case click.BadParameter():
            return f"{_parameter(error)}: {_fragment(error.message)}; {help_}"
    message = error.format_message()
    if message.startswith("-"):  # one of ours, which names its place
        return message
    return f"{path}: {_fragment(message)}; {help_}"


def _parameter(error: click.BadParameter) -> str:
    hint = error.param_hint or (error.param.get_error_hint(error.ctx) if error.param else "an argument")
    return hint.replace("'", "") if isinstance(hint, str) else " / ".join(hint)


def _fragment(sentence: str) -> str:
    """A sentence as a part of another."""
    words = sentence.strip().removesuffix(".")
    return words[:1].lower() + words[1:]
