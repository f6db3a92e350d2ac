"""The errors that a user can cause or must act on. Each knows its exit code; only the CLI prints them.

MsmError                1  the run failed
├── RecipeError         2  the recipe, the spec or the command line is wrong
└── SetupError          3  the machine or its environment lacks something

Every message is `PLACE: WHAT; REMEDY`, on a line of its own. PLACE is a file, with line and column where there are any,
an option, or the name of a run, a model or a server. WHAT is a fragment about it, without a semicolon. REMEDY says what
to do, and is left out where WHAT does so already, as in "must be at least 0, not -1".
"""

from __future__ import annotations


class MsmError(Exception):
    """Something a person can act on. The message says what is wrong, where, and what to do."""

    exit_code = 1


class RecipeError(MsmError):
    """A recipe, spec, data file or command line that cannot be used as it is."""

    exit_code = 2


class SetupError(MsmError):
    """A model, package, disk or machine that is not what the job needs."""

    exit_code = 3
