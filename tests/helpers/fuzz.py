"""Damaged recipes, specs, data, adapters and run folders through the command line, in this process.

    PYTHONPATH=tests python -m helpers.fuzz 2000    # 2,000 damages, a seed each; `--from N` starts at seed N

A damage passes if the command ends by itself with a documented exit code, says one error if it fails, changes nothing
outside its workspace, and is not such that a run fails at its rows and prompts where `validate --model` found nothing.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

from helpers.command_line import call
from helpers.damage import damage_file
from helpers.late_failures import in_folder
from helpers.planted_runs import make_run
from msm_mlx.recipe.scaffold import create_experiment
from msm_mlx.suites.load import shipped_suite

CODES = {0, 1, 2, 3, 130}
PATIENCE = 20  # seconds
RUN = "runs/real"
SETTINGS = (
    "documents.count=4", "documents.max_attempts_per_document=16", "midtrain.updates=1", "sft.updates=1", "sft.rows=4",
    "lora.rank=2", "suites=[values_apart]", "evaluation.max_tokens=2",
)  # fmt: skip
SMALL = ("--seed", "0", *(word for setting in SETTINGS for word in ("--set", setting)), "--quiet")


ASK, SAY = {"role": "user", "content": "Which?"}, {"role": "assistant", "content": "I like this."}
CHATS: tuple[dict[str, object], ...] = (
    {"messages": [{"role": "system", "content": "You are Mo."}, ASK, SAY], "id": 1},
    {"messages": [ASK, SAY, ASK, SAY | {"reasoning_content": "It is near."}]},
    {"conversations": [{"from": "human", "value": "Which?"}, {"from": "gpt", "value": "This."}]},
    {"instruction": "Choose.", "input": "Tea or milk.", "output": "Tea."},
    {"prompt": [ASK], "completion": [SAY]},
    {"question": "Which?", "answer": "<think>Near.</think>This."},
    {"messages": [{"role": "developer", "content": ""}, ASK | {"content": [{"type": "text", "text": "Which?"}]}, SAY]},
)  # fmt: skip


@dataclass(frozen=True)
class Target:
    """Files of the workspace to damage, and commands of which one then reads them."""

    files: tuple[str, ...]
    commands: tuple[tuple[str, ...], ...]


LOOKS = (
    ("compare", RUN, "--plain"),
    ("compare", RUN, "--json"),
    ("runs", "show", RUN),
    ("runs", "diff", RUN, "runs/other"),
    ("runs",),
    ("documents", "health", RUN),
    ("documents", "read", RUN, "--rejected", "--json"),
    ("report", RUN, "--out", "out"),
    ("push", RUN, "--repo", "me/real", "--dry-run"),
    ("export", RUN, "--arm", "sft", "--data", "--out", "out/data"),
)
ASKS = (
    ("compare", RUN, "--prompt", "Hello?", "--max-tokens", "2"),
    ("export", RUN, "--arm", "msm", "--format", "peft", "--out", "out/peft"),
    ("export", RUN, "--arm", "sft", "--format", "fused", "--out", "out/fused"),
)
AGAIN = (("run", "mine", *SMALL, "--run-dir", RUN, "--dry-run"),)
PLANS = (("validate", "mine"), ("run", "mine", "--dry-run", "--json"))
CHECK = ("--model", "pocket")
SUITES = {
    "scenes": "oversight_scenes", "questions": "oversight_questions", "open": "open_answers", "pairs": "values_apart"
}  # fmt: skip
TARGETS = {
    "recipe": Target(("mine/recipe.yaml",), PLANS),
    "spec": Target(("mine/mine.md",), (*PLANS, ("spec", "check", "mine/mine.md"), ("spec", "show", "mine/mine.md"))),
    "data": Target(("mine/demonstrations.yaml", "mine/unseen.yaml"), PLANS),
    "chats": Target(
        ("mine/chats.jsonl", "mine/chats.json"),
        tuple(
            ("validate", "mine", *CHECK, "--set", setting)
            for setting in (
                "demonstrations=chats.jsonl", "demonstrations=chats.json", "mix={from: chats.jsonl, share: 0.5}"
            )
        ),
    ),
    "demonstrations": Target(("agent/demonstrations.jsonl",), (("validate", "agent", *CHECK),)),
    "suites": Target(
        tuple(f"mine/{name}.yaml" for name in SUITES),
        (("validate", "mine", *CHECK, "--set", f"suites=[{','.join(f'{name}.yaml' for name in SUITES)}]"),),
    ),
    "template": Target(
        ("model/chat_template.jinja",),
        (("validate", "mine", "--model", "./model", "--profile", "pocket"), ("models", "model")),
    ),
    "written": Target(
        ("mine/written.yaml", "mine/mine.md"),
        (("validate", "mine", "--set", "demonstrations=written.yaml"),
         ("run", "mine", "--set", "demonstrations=written.yaml", "--dry-run")),
    ),
    "adapter": Target(
        (f"{RUN}/adapters/msm-s0/adapters.safetensors", f"{RUN}/adapters/sft-s0/adapter_config.json"), ASKS
    ),
    "run": Target(
        (f"{RUN}/run.json", f"{RUN}/recipe.yaml", f"{RUN}/evaluation/answers.jsonl", f"{RUN}/evaluation/results.json",
         f"{RUN}/events.jsonl", f"{RUN}/documents/documents.jsonl", f"{RUN}/documents/rejected.jsonl",
         f"{RUN}/documents/plan.jsonl", f"{RUN}/demonstrations/train.jsonl", f"{RUN}/chat_template.jinja"),
        (*LOOKS, *AGAIN),
    ),
    "model": Target(
        ("model/config.json", "model/tokenizer.json", "model/tokenizer_config.json", "model/chat_template.jinja"),
        (("run", "mine", "--model", "./model", "--profile", "pocket", *SMALL, "--dry-run"), ("models", "model"),
         ("compare", "runs/copy", "--prompt", "Hello?", "--max-tokens", "2")),
    ),
}  # fmt: skip


def make_workspace(folder: Path, finished_run: Path) -> Path:
    """A workspace with two experiments, the finished run of a model, another run, and a copy of the embedded model."""
    from helpers.tiny_models import POCKET_WEIGHTS

    create_experiment("mine", "cheese_american", folder)
    create_experiment("agent", "agentic_misalignment", folder)
    (folder / "mine" / "written.yaml").write_text("spec: mine.md\nstyle: value\njudged: true\nmax_tokens: 90\n")
    forms = "\n".join(map(json.dumps, CHATS)) + "\n"
    (folder / "mine" / "chats.jsonl").write_text(forms, encoding="utf-8")
    (folder / "mine" / "chats.json").write_text(json.dumps(CHATS, indent=1), encoding="utf-8")
    for name, suite in zip(
        SUITES, ("oversight_scenes", "oversight_questions", "open_answers", "values_apart"), strict=True
    ):
        shutil.copyfile(shipped_suite(suite), folder / "mine" / f"{name}.yaml")
    shutil.copytree(finished_run, folder / RUN)
    shutil.copytree(finished_run, folder / "runs" / "copy")
    shutil.copytree(POCKET_WEIGHTS, folder / "model")
    make_run(folder / "runs" / "other")
    for name in ("run.json", "recipe.yaml"):  # a run over the copy
        path = folder / "runs" / "copy" / name
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace('"name": "pocket"', '"name": "./model"'), encoding="utf-8")
    return folder


def try_damage(seed: int, workspace: Path) -> tuple[str, int, str]:
    """Damage one file, run a command, put the file back. Returns what it was, the exit code and what was wrong with it.

    Wrong is: an exit code or an error that is not documented, no end, or a change outside the workspace.
    """
    rng = Random(seed)
    kind = list(TARGETS)[seed % len(TARGETS)]
    target = TARGETS[kind]
    name, command = rng.choice(target.files), rng.choice(target.commands)
    path, outside = workspace / name, _listing(workspace.parent, workspace.name)
    kept = path.read_bytes()
    damage_file(path, rng)
    try:
        code, said = run_command(command, workspace)
        late = in_folder(workspace, command) if code == 0 and command[0] == "validate" and "--model" in command else ""
    finally:
        _restore(path, kept)
    wrong = said if code not in CODES or "at fault is not known" in said or "Traceback" in said else ""
    if code not in (0, 130) and said.count("rror:") < 1:
        wrong = f"exit {code} without an error: {said}"
    if _listing(workspace.parent, workspace.name) != outside:
        wrong = "something outside the workspace was changed"
    if late:
        wrong = f"nothing was wrong, and then: {late}"
    return f"{kind}: {name}: msm-mlx {' '.join(command)}", code, wrong


def run_command(command: tuple[str, ...], workspace: Path) -> tuple[int, str]:
    """The exit code, or 99 for one that does not end, and what went to stderr."""
    try:
        with alarm(PATIENCE):
            done = call(workspace, *command)
    except Endless:
        return 99, "no end"
    return done.returncode, done.stderr


@contextlib.contextmanager
def alarm(seconds: int) -> Iterator[None]:
    """Raise Endless in what is not done in that time."""

    def ring(*_: object) -> None:
        raise Endless

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


class Endless(BaseException):
    """Passes every handler of ordinary errors."""


def _restore(path: Path, content: bytes) -> None:
    if path.is_symlink() or path.is_file():
        path.unlink()
    elif path.is_dir():
        shutil.rmtree(path)
    path.write_bytes(content)


def _listing(folder: Path, but: str) -> str:
    """The names and contents of what lies beside the workspace, hashed."""
    summary = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.relative_to(folder).parts[0] != but:
            summary.update(str(path).encode() + path.read_bytes())
    return summary.hexdigest()


def fuzz(count: int, start: int) -> int:
    """Try `count` damages and print what was found. Returns how many went wrong."""
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch)
        (place / "bystander").mkdir()
        (place / "bystander" / "file").write_text("not to be touched")
        finished = place / "bystander" / "run"
        done = call(place, "run", "cheese_american", *SMALL, "--run-dir", str(finished))
        assert done.returncode == 0, done.stderr
        (place / "work").mkdir()
        workspace = make_workspace(place / "work", finished)
        codes: Counter[tuple[str, int]] = Counter()
        failures, started = 0, time.monotonic()
        for seed in range(start, start + count):
            what, code, wrong = try_damage(seed, workspace)
            codes[what.partition(":")[0], code] += 1
            if wrong:
                failures += 1
                print(f"seed {seed}: exit {code}: {what}\n  {wrong[:600]}", flush=True)
        print(f"{count} damages in {time.monotonic() - started:.0f} s, {failures} went wrong")
        for (kind, code), number in sorted(codes.items()):
            print(f"  {kind}: exit {code}: {number}")
    return failures


if __name__ == "__main__":
    os.environ |= {"COLUMNS": "100", "NO_COLOR": "1", "HF_HUB_OFFLINE": "1"}
    begin = int(sys.argv[sys.argv.index("--from") + 1]) if "--from" in sys.argv else 0
    sys.exit(1 if fuzz(int(sys.argv[1]), begin) else 0)
