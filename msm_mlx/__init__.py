"""Model spec midtraining on Apple silicon laptops.

From Python, the names below do what the commands do; `docs/python.md` tells how. They are imported when they are used.
"""

from __future__ import annotations

TYPE_CHECKING = False  # type checkers take it for true; `typing` alone would take most of the time of this import
__version__ = "0.1.0"
__all__ = [
    "AnswerRecord",
    "ArmRecord",
    "ContrastRecord",
    "MsmError",
    "Recipe",
    "Run",
    "ScoreRecord",
    "load_recipe",
    "open_run",
    "run",
]

if TYPE_CHECKING:
    from msm_mlx.api import (
        AnswerRecord,
        ArmRecord,
        ContrastRecord,
        MsmError,
        Recipe,
        Run,
        ScoreRecord,
        load_recipe,
        open_run,
        run,
    )
else:

    def __getattr__(name: str) -> object:
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from msm_mlx import api

        return getattr(api, name)

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
