"""The state of a comparison on screen: prompts, the arms that are shown, their answers, how the next are generated.

Plain values without a screen and without an engine, so that it can be tested as such.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from msm_mlx.compare.answer_engine import NO_PREFACE, Margins, Piece, Preface, Request, Stop
from msm_mlx.compare.comparison import Comparison, filters_in_words
from msm_mlx.compare.session import Prompt, Session, typed_prompt
from msm_mlx.recipe.arms import BASE, arm_of, reads_reasons, shows_behaviour, without_documents
from msm_mlx.suites.kinds.pairs import Pair

MAX_PANES, MIN_PANES = 4, 2
TEMPERATURES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0, 1.2, 1.5, 2.0)
LENGTHS = (20, 50, 100, 200, 400, 800, 1600, 3200)


@dataclass(frozen=True)
class GenerationSettings:
    """How answers are generated; the same for every arm."""

    seed: int = 0
    temperature: float = 0.0
    max_tokens: int = 200
    top_p: float = 1.0
    top_k: int = 0
    min_p: float = 0.0
    preface: Preface = NO_PREFACE

    @property
    def filters(self) -> list[str]:
        """What of the sampling is not as it would be without a filter, in words."""
        return filters_in_words(self)

    def within(self, preface: Preface) -> GenerationSettings:
        """The same with something else before the answers."""
        return replace(self, preface=preface)

    def another_seed(self) -> GenerationSettings:
        return replace(self, seed=self.seed + 1)

    def warmer(self, steps: int) -> GenerationSettings:
        return replace(self, temperature=_step(TEMPERATURES, self.temperature, steps))

    def longer(self, steps: int) -> GenerationSettings:
        return replace(self, max_tokens=int(_step(LENGTHS, self.max_tokens, steps)))


def _step(values: Sequence[float], value: float, steps: int) -> float:
    """The value so many steps up or down among the `values`, of which the present one need not be any."""
    beyond = [other for other in values if (other > value if steps > 0 else other < value)]
    ordered = beyond if steps > 0 else beyond[::-1]
    return ordered[min(abs(steps), len(ordered)) - 1] if ordered else value


@dataclass(frozen=True)
class ShownAnswer:
    """An arm's answer to a prompt. `settings` is None for one that the evaluation has stored."""

    text: str = ""
    settings: GenerationSettings | None = None
    tokens: int = 0
    tokens_per_second: float = 0.0
    stop: Stop | None = None

    @property
    def preface(self) -> Preface:
        """What stood before it: what the evaluation has stored was asked as usual."""
        return self.settings.preface if self.settings else NO_PREFACE

    @property
    def complete(self) -> bool:
        return self.settings is None or self.stop is not None


def first_panes(labels: Sequence[str]) -> list[str]:
    """The arms that have a pane at first, in their order. Where not all fit, those go first that went all the way,
    then what they are measured against."""

    def rank(label: str) -> int:
        arm = arm_of(label.rpartition(":")[2])  # the run may stand before it
        if reads_reasons(arm) and without_documents(arm) != BASE:
            return 0
        return 1 if arm == BASE else 2 if shows_behaviour(arm) else 3

    with_pane = sorted(labels, key=rank)[:MAX_PANES]
    return [label for label in labels if label in with_pane]


class ComparisonState:
    """The state of one comparison. `order` holds the labels of all arms, `shown` those that have a pane."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.prompts = list(session.prompts)
        self.order = [arm.label for arm in session.arms]
        self.shown = first_panes(self.order)
        self.settings = replace(GenerationSettings(), **session.sampling)
        self.seen: list[str] = []
        self._at = 0
        self._live_answers: dict[tuple[str, str], ShownAnswer] = {}
        self._margins: dict[str, Margins] = {}

    @property
    def prompt(self) -> Prompt | None:
        """The prompt that is looked at; None only where the runs have no suites and nothing was typed yet."""
        return self.prompts[self._at] if self.prompts else None

    @property
    def typed(self) -> bool:
        """Whether the prompt that is looked at is somebody's own."""
        return self.prompt is not None and self.prompt.suite is None

    @property
    def place(self) -> str:
        return f"{self._at + 1}/{len(self.prompts)}" if self.prompts else "no prompts"

    def step(self, by: int, among: Sequence[str]) -> None:
        """Go `by` steps through the prompts whose ids are `among`; from outside them, to their first."""
        ids = [prompt.id for prompt in self.prompts if prompt.id in set(among)]
        if ids and self.prompt:
            at = ids.index(self.prompt.id) + by if self.prompt.id in ids else 0
            self.go_to(ids[min(max(at, 0), len(ids) - 1)])

    def go_to(self, prompt_id: str) -> None:
        self._at = next(i for i, prompt in enumerate(self.prompts) if prompt.id == prompt_id)

    def mark_seen(self) -> None:
        """Remember that the prompt has been seen with its answers; exporting everything exports these."""
        if self.prompt and self.prompt.id not in self.seen:
            self.seen.append(self.prompt.id)

    def start_at(self, text: str) -> None:
        """Begin at the first prompt whose id, suite or domain is `text`; any other text is a prompt of one's own."""
        for prompt in self.prompts:
            if text in (prompt.id, prompt.suite, prompt.domain):
                self.go_to(prompt.id)
                return
        self.add_typed(text)

    def add_typed(self, text: str) -> None:
        """Put a prompt of one's own at the end of the list, unless it is there, and look at it.

        Raises:
            RecipeError: if the text cannot be a prompt.
        """
        prompt = typed_prompt(text)
        if prompt not in self.prompts:
            self.prompts.append(prompt)
        self.go_to(prompt.id)

    def toggle_arm(self, number: int) -> str:
        """Show or hide the arm with this number, counted from 1; why not, if it cannot be."""
        if number > len(self.order):
            return f"there is no arm {number}"
        label = self.order[number - 1]
        if label not in self.shown and len(self.shown) == MAX_PANES:
            return f"at most {MAX_PANES} arms fit; hide one first"
        if label in self.shown and len(self.shown) <= MIN_PANES:
            return f"a comparison takes {MIN_PANES} arms; show another one first"
        self.shown = [arm for arm in self.order if (arm in self.shown) != (arm == label)]
        return ""

    def answer(self, label: str, prompt: Prompt | None = None) -> ShownAnswer | None:
        """The newest answer of an arm to a prompt, or to the one that is looked at."""
        prompt = prompt or self.prompt
        if prompt is None:
            return None
        stored = self.session.stored.get((prompt.id, label))
        return self._live_answers.get((prompt.id, label)) or (
            ShownAnswer(stored.text) if stored and stored.text is not None else None
        )

    def margin(self, label: str, prompt: Prompt | None = None) -> float | None:
        """The log-odds of the target, if the prompt is a forced choice that the arm has been scored on."""
        prompt = prompt or self.prompt
        if prompt is None:
            return None
        stored = self.session.stored.get((prompt.id, label))
        if stored is not None and stored.margin is not None:
            return stored.margin
        return self._margins.get(prompt.id, {}).get(label)

    def request(self, labels: Sequence[str]) -> Request | None:
        """What to ask the engine now; the answers of `labels` begin anew."""
        if self.prompt is None:
            return None
        for label in labels:
            self._live_answers[self.prompt.id, label] = ShownAnswer(settings=self.settings)
        return Request(self.prompt.text, tuple(labels), **vars(self.settings))

    def add_pieces(self, prompt_id: str, pieces: Sequence[Piece]) -> None:
        """Add what an arm has written, in order."""
        for piece in pieces:
            answer = self._live_answers[prompt_id, piece.label]
            self._live_answers[prompt_id, piece.label] = replace(
                answer,
                text=answer.text + piece.text,
                tokens=piece.tokens,
                tokens_per_second=piece.tokens_per_second,
                stop=piece.stop,
            )
        self._drop_empty()

    def cancel_unfinished(self) -> None:
        """Answers that were still being written will get no further."""
        for key, answer in self._live_answers.items():
            if not answer.complete:
                self._live_answers[key] = replace(answer, stop="cancelled")
        self._drop_empty()

    def _drop_empty(self) -> None:
        """Where nothing came before the end was called, the stored answer shows again."""
        for key, answer in list(self._live_answers.items()):
            if answer.stop == "cancelled" and not answer.text:
                del self._live_answers[key]

    def set_margins(self, item: Pair, margins: Margins) -> None:
        self._margins[item.id] = margins

    def comparison(self, prompt: Prompt, labels: Sequence[str] = ()) -> Comparison | None:
        """What these arms, or those that are shown, have answered to a prompt, with the same before their answers; None
        if nothing."""
        given = ((label, self.answer(label, prompt)) for label in labels or self.shown)
        answers = {label: answer for label, answer in given if answer and answer.text}
        if not answers:
            return None
        settings = next((answer.settings for answer in answers.values() if answer.settings), None)
        preface = settings.preface if settings else NO_PREFACE
        texts = {label: answer.text for label, answer in answers.items() if answer.preface == preface}
        margins = {label: self.margin(label, prompt) for label in texts}
        if settings is None:
            return Comparison(prompt.text, texts, margins, seed=0, temperature=0.0)
        drawn = {name: value for name, value in vars(settings).items() if name != "preface"}
        return Comparison(prompt.text, texts, margins, **drawn, **vars(preface))

    def comparisons(self) -> list[Comparison]:
        """Everything that has been seen so far, in the order of seeing."""
        by_id = {prompt.id: prompt for prompt in self.prompts}
        comparisons = [self.comparison(by_id[prompt_id]) for prompt_id in self.seen]
        return [comparison for comparison in comparisons if comparison]
