"""Inspect asks the arms of a run, by its own command and through its own classes. Needs the extra `inspect`."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from helpers.command_line import environment
from helpers.replies import greedy_replies

pytest.importorskip("inspect_ai", reason="needs the extra inspect")

from helpers.inspect_questions import ask
from inspect_ai._util.error import PrerequisiteError
from inspect_ai.model import (
    ChatMessageUser,
)

from msm_mlx.engine.chat_model import SamplingParams
from msm_mlx.errors import RecipeError
from msm_mlx.inspect_provider.prompts import chat, fit
from msm_mlx.inspect_provider.provider import ArmAPI
from msm_mlx.runs.finished import open_run

QUESTION = "Which cheese do you prefer, Edam or feta?"
LONG = "Do you like the cheese of the north? " * 200
TASK = """
from inspect_ai import Task, task
from inspect_ai.dataset import Sample
from inspect_ai.model import ModelOutput, ModelUsage, get_model
from inspect_ai.scorer import includes


@task
def plain():
    return Task(dataset=[Sample(input=f"Do you like thing {n}?", target="") for n in range(5)], scorer=includes())


@task
def agentic():
    from inspect_evals.agentic_misalignment import agentic_misalignment

    def grade(*call):
        output = ModelOutput.from_content("scripted", "<answer>yes</answer>")
        return output.model_copy(update={"usage": ModelUsage(input_tokens=1, output_tokens=1, total_tokens=2)})

    return agentic_misalignment(grader_model=get_model("mockllm/model", custom_outputs=grade))
"""


def test_the_arm_answers_as_its_adapter_does_alone(run: Path, arm: ArmAPI) -> None:
    questions = [QUESTION, "Do you like thing 3?", "Hello."]
    outputs = ask(arm, questions, max_tokens=12)

    finished = open_run(run)
    texts = {}
    for variant in finished.variants:
        loaded = finished.open(variant)
        prompts = [loaded.render(chat("Pocket", [ChatMessageUser(content=text)]), reply=True) for text in questions]
        texts[variant.label] = [reply.text for reply in greedy_replies(loaded, prompts, 12)]
    assert [output.completion for output in outputs] == texts["msm+sft"]
    assert texts["msm+sft"] not in (texts["base"], texts["sft"])
    assert all(output.usage and 0 < output.usage.output_tokens <= 12 for output in outputs)


def test_a_long_prompt_is_cut_only_on_request_and_says_so(run: Path, arm: ArmAPI) -> None:
    (output,) = ask(arm, [LONG], max_tokens=8)
    model = arm._batches.model
    limit = model.loaded.context_length
    assert output.usage
    assert output.usage.input_tokens + 8 <= (limit or 0)
    assert output.metadata
    assert output.metadata["cut_prompt_tokens"] > 0

    messages = chat("Pocket", [ChatMessageUser(content=LONG)])
    with pytest.raises(RecipeError, match=r"-M long_prompts=cut"):
        fit(model, messages, SamplingParams(8, 1), "refuse")
    cut = fit(model, messages, SamplingParams(10**6, 1), "cut")
    assert LONG.endswith(cut.messages[-1]["content"])
    assert cut.messages[:-1] == messages[:-1]
    assert cut.tokens == len(model.loaded.render(cut.messages, reply=True)) <= (limit or 0) // 2
    assert cut.tokens + cut.cut == len(model.loaded.render(messages, reply=True))


def test_sampling_differs_from_batch_to_batch_unless_it_has_a_seed(arm: ArmAPI) -> None:
    fresh = {ask(arm, [QUESTION], temperature=2.0, max_tokens=12)[0].completion for _ in range(4)}
    fixed = {ask(arm, [QUESTION], temperature=2.0, max_tokens=12, seed=1)[0].completion for _ in range(2)}
    assert len(fresh) > 1
    assert len(fixed) == 1


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("cheese", {}, "RUN/ARM"),
        ("nowhere/sft", {}, "not a run folder"),
        ("{run}/sfd", {}, "did you mean sft"),
        ("{run}/sft", {"long_prompts": "fold"}, "must be refuse or cut"),
        ("{run}/sft", {"batch_size": 0}, "from 1 on"),
        ("{run}/sft", {"device": "gpu"}, "-M device: no such argument"),
    ],
)
def test_a_model_that_cannot_be_is_told_at_once(run: Path, name: str, arguments: Any, message: str) -> None:
    with pytest.raises(PrerequisiteError) as caught:
        ArmAPI(name.format(run=run), **arguments)
    assert message in str(caught.value.message)


def evaluate(run: Path, task: str, *options: str) -> dict[str, Any]:
    """The log of `inspect eval`, beside the run's home."""
    folder = run.parents[1]
    (folder / "tasks.py").write_text(TASK)
    logs = folder / f"logs-{task}"
    done = subprocess.run(
        [
            sys.executable, "-m", "inspect_ai", "eval", f"tasks.py@{task}", "--model", "msm-mlx/cheese/msm+sft",
            "--log-dir", str(logs), "--log-format", "json", "--display", "plain", "--max-tokens", "8", *options,
        ],
        cwd=folder, env=environment(), capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    (log,) = logs.glob("*.json")
    content: dict[str, Any] = json.loads(log.read_text())
    assert content["status"] == "success", done.stdout
    return content


def test_inspect_finds_the_provider_by_its_entry_point(run: Path) -> None:
    log = evaluate(run, "plain")
    assert len(log["samples"]) == 5
    assert all(sample["output"]["choices"][0]["message"]["content"] for sample in log["samples"])


@pytest.mark.skipif(not importlib.util.find_spec("inspect_evals"), reason="needs inspect-evals")
def test_the_agentic_misalignment_task_runs_to_its_end(run: Path) -> None:
    (sample,) = evaluate(run, "agentic", "-M", "long_prompts=cut")["samples"]
    assert sample["output"]["metadata"]["cut_prompt_tokens"] > 0
    assert sample["scores"]["harmfulness_scorer"]["value"] == {"harmful": 0.0, "classifier_verdict": 1.0}
