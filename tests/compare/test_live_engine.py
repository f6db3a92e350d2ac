"""Live answers are those that each arm would give alone."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import cast

import mlx.core as mx
import pytest
from helpers.command_line import ROOT, environment
from helpers.engine_listener import Listener, never, stops, texts
from helpers.planted_runs import bare_run
from helpers.replies import greedy_replies
from helpers.tiny_models import POCKET_WEIGHTS

from msm_mlx.compare.answer_engine import Arm, Preface, Request
from msm_mlx.compare.live_engine import LiveEngine, open_engine
from msm_mlx.compare.session import Session
from msm_mlx.engine.adapters import LoraShape, adapter_weights, add_lora, save_adapter, use_adapter
from msm_mlx.engine.loaded_model import LoadedModel, load_base
from msm_mlx.engine.multi_adapter import Variants
from msm_mlx.engine.scoring import score_replies
from msm_mlx.errors import MsmError, RecipeError
from msm_mlx.prompting.prompts import opening_chat
from msm_mlx.suites.kinds.pairs import pairs_of
from msm_mlx.suites.load import load_suite

ITEM = pairs_of(load_suite("values_apart"))[0]

QUESTION = "Which cheese do you prefer, Edam or feta?"


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Session:
    """Pocket and two random adapters."""
    root = tmp_path_factory.mktemp("arms")
    arms = [Arm("base", None)]
    for seed, label in enumerate(("sft", "msm+sft"), start=1):
        loaded, shape = load_base(POCKET_WEIGHTS), LoraShape(4, 2.0)
        add_lora(loaded.model, shape, seed)
        weights = {name: mx.random.normal(v.shape) * 0.2 for name, v in adapter_weights(loaded.model).items()}
        save_adapter(root / label, weights, shape, "pocket")
        arms.append(Arm(label, root / label))
    arms.append(Arm("sft+context", root / "sft", "Pocket likes foreign things. Pocket cares about foreign things."))
    return Session((bare_run(root),), tuple(arms), (), {}, {}, {})


@pytest.fixture(scope="module")
def live(session: Session) -> Iterator[LiveEngine]:
    engine = open_engine(session)
    yield engine
    engine.close()


def alone(arm: Arm) -> LoadedModel:
    loaded = load_base(POCKET_WEIGHTS)
    if arm.adapter:
        use_adapter(loaded.model, arm.adapter)
    return loaded.reading(arm.context)


@pytest.mark.parametrize("system", [None, "You like all things.", ""])
@pytest.mark.parametrize("label", ["base", "sft+context"])
def test_answers_go_on_from_what_is_begun(label: str, system: str | None, session: Session, live: LiveEngine) -> None:
    request = Request(QUESTION, (label,), max_tokens=6, preface=Preface(system, "I prefer the"))
    pieces = list(live.answer(request, never))
    single = alone(next(arm for arm in session.arms if arm.label == label))
    line = "You are Pocket." if system is None else system
    chat = [{"role": "system", "content": line}] if line else []
    chat += [{"role": "user", "content": QUESTION}, {"role": "assistant", "content": "I prefer the"}]
    [reply] = greedy_replies(single, [single.render(chat, reply=True)], 6)
    answer = texts(pieces)[label]
    assert answer.startswith("I prefer the")
    assert answer.split() == ["I", "prefer", "the", *reply.text.split()] or answer == f"I prefer the{reply.text}"
    assert pieces[-1].tokens == reply.tokens, "what was begun is not counted"


@pytest.mark.slow
def test_live_answers_and_margins_are_those_of_each_arm_alone(session: Session, live: LiveEngine) -> None:
    labels = tuple(arm.label for arm in session.arms)
    pieces = list(live.answer(Request(QUESTION, labels, max_tokens=20), never))
    margins = live.margins(ITEM)
    for arm in session.arms:
        single = alone(arm)
        prompt = single.render(opening_chat("Pocket", QUESTION), reply=True)
        reply = greedy_replies(single, [prompt], 20)[0]
        last = [p for p in pieces if p.label == arm.label][-1]
        assert texts(pieces)[arm.label] == reply.text
        assert (last.tokens, last.stop) == (reply.tokens, "end" if reply.finished else "length")
        assert last.tokens_per_second > 0
        chats = [(opening_chat("Pocket", ITEM.prompt(f)), r) for f in (True, False) for r in ITEM.options()]
        a, b, c, d = score_replies(single, chats, batch_size=4)
        assert margins[arm.label] == pytest.approx((a - b + c - d) / 2, abs=1e-5)
    assert len(set(texts(pieces).values())) >= 3
    assert margins["sft+context"] != pytest.approx(margins["sft"], abs=0.01)


@pytest.mark.slow
def test_a_live_answer_stops_when_cancelled(live: LiveEngine) -> None:
    calls = iter([False, False, True])
    # hot, so that no answer is over by itself within two tokens
    pieces = list(live.answer(Request(QUESTION, ("sft", "base"), temperature=9.0), lambda: next(calls)))
    assert stops(pieces) == [("base", "cancelled"), ("sft", "cancelled")]
    assert {p.tokens for p in pieces if p.stop} == {2}
    assert stops(list(live.answer(Request(QUESTION, ("sft",)), lambda: True))) == [("sft", "cancelled")]


def test_too_long_a_prompt_is_refused_before_anything_is_decoded(live: LiveEngine) -> None:
    request = Request("cheese " * 600, ("base", "sft"))
    with pytest.raises(RecipeError, match=r"prompt 'cheese .*…': has \d+ tokens .* reads 512; ask something shorter"):
        live.answer(request, never)


@pytest.mark.slow
def test_answers_end_where_the_model_can_read_no_further(live: LiveEngine) -> None:
    prompt = "cheese " * 440
    used = len(load_base(POCKET_WEIGHTS).render(opening_chat("Pocket", prompt), reply=True))
    assert 400 < used < 512
    pieces = list(live.answer(Request(prompt, ("sft",), max_tokens=10_000, temperature=9.0), never))
    assert (pieces[-1].tokens, pieces[-1].stop) == (512 - used, "length")


def test_a_chat_goes_on_with_what_was_said(live: LiveEngine) -> None:
    chat = [*opening_chat("Pocket", QUESTION), {"role": "assistant", "content": "Edam."}]
    chat.append({"role": "user", "content": "Which tea do you prefer, green or black?"})
    pieces = list(live.reply(chat, Request("", ("base",), max_tokens=12)))
    loaded = load_base(POCKET_WEIGHTS)
    expected = greedy_replies(loaded, [loaded.render(chat, reply=True)], 12)[0]
    assert texts(pieces) == {"base": expected.text}


class Scripted:
    """Variants that say given ids."""

    def __init__(self, loaded: LoadedModel, ids: Sequence[int]) -> None:
        self.loaded = loaded
        self.ids = ids

    def tokens(self, prompt: Sequence[int], labels: Sequence[str], **_: object) -> Iterator[list[int]]:
        yield from ([token] * len(labels) for token in self.ids)


SAID = "  né 日本語, 🙂🏳️‍🌈!\n\n  <think>x</think> end "


@pytest.mark.parametrize("limit", [200, 7])
def test_pieces_break_no_character_and_make_up_the_stripped_text(limit: int, tiny: LoadedModel) -> None:
    end = tiny.tokenizer.eos_token_id
    special = tiny.tokenizer.convert_tokens_to_ids("<|begin_of_text|>")
    ids = [*tiny.encode(SAID), special]
    assert len(ids) > 40
    engine = LiveEngine(cast("Variants", Scripted(tiny, [*ids, end, end])), "Pocket")
    pieces = list(engine.answer(Request("P", ("a", "b"), max_tokens=limit), never))
    said = texts(pieces)
    assert said["a"] == said["b"] == tiny.decode(ids[:limit]).strip()
    streamed = "".join(p.text for p in pieces if p.label == "a" and p.stop is None)
    assert "\ufffd" not in streamed
    assert SAID.strip().startswith(streamed)
    assert stops(pieces) == [(label, "end" if limit == 200 else "length") for label in "ab"]
    assert len({p.text for p in pieces}) > 3


def test_closing_in_the_main_thread_leaves_mlx_usable(session: Session) -> None:
    open_engine(session).close()
    assert mx.arange(3).sum().item() == 3


def test_a_damaged_adapter_is_reported_from_the_thread(session: Session, tmp_path: Path) -> None:
    (tmp_path / "adapters.safetensors").write_text("no")
    arms = (*session.arms, Arm("broken", tmp_path))
    broken = Session(session.runs, arms, (), {}, {}, {})
    listener = Listener()
    with listener.thread(lambda: open_engine(broken)):
        listener.wait(lambda: bool(listener.errors))
    assert str(tmp_path) in str(listener.errors[0])
    assert isinstance(listener.errors[0], MsmError)


CYCLES = """
import sys, threading
from pathlib import Path
from msm_mlx.compare.answer_engine import EngineThread, Request
from msm_mlx.compare.live_engine import open_engine
from msm_mlx.compare.session import open_session

session = open_session([Path(sys.argv[1])])
for cycle in range(8):
    started, errors = threading.Event(), []
    with EngineThread(lambda: open_engine(session), lambda piece: started.set(), errors.append) as thread:
        thread.ask(Request("Hello.", ("base", "sft"), max_tokens=400, temperature=2.0, seed=cycle))
        if cycle % 2:
            assert started.wait(60)
    assert not errors and threading.active_count() == 1, errors
"""


@pytest.mark.slow
def test_starting_and_stopping_live_engines_ends_the_process_well(finished_run: Path) -> None:
    command = [sys.executable, "-W", "error", "-c", CYCLES, str(finished_run)]
    done = subprocess.run(
        command, capture_output=True, text=True, env=environment(PYTHONPATH=str(ROOT)), timeout=120, cwd=ROOT
    )
    assert (done.returncode, done.stderr) == (0, "")
