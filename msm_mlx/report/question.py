"""What a run asks, in plain words: by its arms, its specs and what its main suite counts."""

from __future__ import annotations

from msm_mlx.recipe.arm_descriptions import describe_training
from msm_mlx.recipe.arms import BASE, arm_of, reads_spec, shows_behaviour, without_documents
from msm_mlx.recipe.contrasts import is_headline
from msm_mlx.recipe.controls import role_beside
from msm_mlx.runs.finished import FinishedRun
from msm_mlx.text.wording import listed, shortened

MAX_NAMES = 4  # of suites, specs or arms in a sentence


def question_of_pair(run: FinishedRun, a: str, b: str) -> str:
    """What the difference between two arms, by their labels, tells."""
    if arm_of(a) == arm_of(b):
        return _of_two_specs(a, b)
    if is_headline(a, b):
        return _of_documents(run, a, b)
    role = role_beside(arm_of(a), arm_of(b), run.recipe.stand_ins)
    if role:
        instead = f" ({role.instead})" if role.instead != "none" else ""
        return f"How do the answers of {a} and {b} differ, which are trained alike but for {role.differs_in}{instead}?"
    return f"How do the answers of {_described(run, a)} and {_described(run, b)} differ?"


def question_of_arms(run: FinishedRun) -> str:
    """What the shares of arms tell that nothing is compared with; of one or two with what they have learned."""
    arms = list(dict.fromkeys(run.recipe.arms))
    if len(arms) <= 2:
        arms = [_described(run, arm) for arm in arms]
    if len(arms) == 1:
        return f"What does {arms[0]} answer?"
    return f"How do the answers of {listed(shortened(arms, MAX_NAMES))} differ?"


def question_of_grid(run: FinishedRun, a: str, b: str) -> str:
    """How a difference depends on what a grid varies."""
    settings = [f"{key} ({', '.join(map(str, values))})" for key, values in (run.results.grid or {}).items()]
    return f"How does the difference between {a} and {b} depend on {listed(settings)}?"


def measured_by(run: FinishedRun, name: str) -> str:
    """The suite that the answer rests on, what it counts, and how many others were asked."""
    suite = run.results.suite(name)
    measures = f" ({suite.measures.rstrip('.')})" if suite and suite.measures else ""
    others = len({row.suite for row in run.results.pooled} - {name})
    beside = f", with {others} other suite{'s' * (others != 1)} beside it" if others else ""
    return f"Measured by {name}{measures}{beside}."


def _of_two_specs(a: str, b: str) -> str:
    arm, (one, other) = arm_of(a), (label.partition("@")[2] for label in (a, b))
    if shows_behaviour(arm):
        same = "Do the same demonstrations teach"
    elif without_documents(arm) != BASE:
        same = "Does the same further training teach"
    else:
        return f"Do documents about {one} teach something else than documents about {other}?"
    return f"{same} something else after documents about {one} than after documents about {other}?"


def _of_documents(run: FinishedRun, a: str, b: str) -> str:
    specs = [spec.stem for spec in run.recipe.specs]
    about = specs[0] if len(specs) == 1 else f"each of {listed(shortened(specs, MAX_NAMES))}"
    if len(specs) == 2 and "@" in a:
        about = a.partition("@")[2]
    taught = "the demonstrations teach" if shows_behaviour(arm_of(a)) else "the same further training teaches"
    arms = f"The arm {arm_of(a)} has read them, the arm {b} has not."
    return f"Do documents about {about} change what {taught}? {arms}"


def _described(run: FinishedRun, label: str) -> str:
    arm, _, spec = label.partition("@")
    about = f", documents about {spec}" if spec else ""
    if not about and reads_spec(arm) and len(run.recipe.specs) == 1:
        about = f", documents about {run.recipe.specs[0].stem}"
    return f"{label} ({describe_training(arm, run.recipe.stages, run.adapters)}{about})"
