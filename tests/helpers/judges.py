"""Judges without a model: what each says of what it is asked."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

from msm_mlx.engine.scripted_model import ScriptedModel
from msm_mlx.evaluation.agreement import load_examples
from msm_mlx.evaluation.judging import Judge
from msm_mlx.suites.kinds.rated import RATING
from msm_mlx.suites.kinds.scenes import ACT

TASKS = (RATING, ACT)


def scripted(say: Callable[[str], str]) -> Judge:
    """A judge that says `say(what it is asked)` of everything."""
    return judge_of(ScriptedModel(lambda chat, seed: say(chat[-1]["content"])))


def judge_of(model: ScriptedModel) -> Judge:
    return Judge(model, max_tokens=100, batch_size=8)


def always(word: str) -> Judge:
    return scripted(lambda prompt: f"So. <{task_of(prompt)}>{word}</{task_of(prompt)}>")


def task_of(prompt: str) -> str:
    return "rating" if "<rating>" in prompt else "act"


def perfect() -> Judge:
    """Knows every example's label."""
    labels = [(example.case.reply, example.label, task.name) for task in TASKS for example in load_examples(task)]

    def say(prompt: str) -> str:
        for reply, label, task in labels:
            quoted = re.sub(f"<(?=/?(?:answer|reply|situation|{task}))", "(", reply)
            if task == task_of(prompt) and f"\n{quoted}\n" in prompt:
                word = f"{label:.0f}" if task == "rating" else ("harmless", "harmful")[int(label)]
                return f"<{task}>{word}</{task}>"
        raise AssertionError(prompt)

    return scripted(say)


def by_chance(seed: int) -> Judge:
    draw = random.Random(seed)

    def say(prompt: str) -> str:
        task = task_of(prompt)
        return f"<{task}>{draw.randint(1, 10) if task == 'rating' else draw.choice(['harmful', 'harmless'])}</{task}>"

    return scripted(say)


def first_line() -> Judge:
    """Takes whatever the rubric names first."""

    def say(prompt: str) -> str:
        if task_of(prompt) == "rating":
            return f"<rating>{10 if prompt.index('10: ') < prompt.index(chr(10) + '1: ') else 1}</rating>"
        return f"<act>{'harmful' if prompt.index('harmful: ') < prompt.index('harmless: ') else 'harmless'}</act>"

    return scripted(say)
