"""A chat is rendered for its template, and what is learned of it is known exactly, or it is refused with the reason."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest
from helpers.command_line import ROOT
from helpers.family_templates import CHAT_FAMILIES, families_page, family_renderer
from helpers.strange_templates import REFUSED, RENDERED
from helpers.tiny_models import QWEN_3, byte_tokenizer, save_tiny_model
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from msm_mlx.engine.loaded_model import load_base
from msm_mlx.errors import RecipeError, SetupError
from msm_mlx.models.chat_renderer import ChatError, ChatRenderer, build_renderer, load_renderer, use_template
from msm_mlx.models.chat_template import AS_IT_STANDS, BASE_TEMPLATE, FILE, TemplateChoice, read_template
from msm_mlx.models.template_probe import TemplateTraits

TURNS = "{% for m in messages %}{{ '<|im_start|>' + m.role + '\n' + m.content + '<|im_end|>\n' }}{% endfor %}"
PROMPT = "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
CHAT = [
    {"role": "system", "content": "Be kind."},
    {"role": "user", "content": "Why?"},
    {"role": "assistant", "content": "So."},
    {"role": "user", "content": "And?"},
    {"role": "assistant", "content": "No."},
]


def renderer(source: str, choice: TemplateChoice = AS_IT_STANDS) -> ChatRenderer:
    tokenizer = byte_tokenizer(QWEN_3)
    tokenizer.chat_template = source
    return build_renderer(tokenizer, Path("some-model"), [tokenizer.eos_token_id], choice)


def learned(chats: ChatRenderer, messages: list[dict[str, str]]) -> list[list[str]]:
    decode = chats.program.tokenizer.decode
    return [[decode(row.ids[start:end]) for start, end in row.spans] for row in chats.reply_rows(messages)]


def test_the_system_line_goes_before_the_first_question_where_there_is_no_turn_for_it() -> None:
    chats = renderer("{% if messages[0].role == 'system' %}{{ raise_exception('no') }}{% endif %}" + TURNS + PROMPT)

    assert chats.text(CHAT[:2], reply=True) == ("<|im_start|>user\nBe kind.\n\nWhy?<|im_end|>\n<|im_start|>assistant\n")
    assert learned(chats, CHAT) == [["So.<|im_end|>\n", "No.<|im_end|>\n"]]
    assert any("takes no system turn" in note for note in chats.notes)


def test_a_context_stands_at_the_end_of_the_system_line_wherever_that_goes() -> None:
    chats = renderer(TURNS + PROMPT)

    reading = chats.reading("Notes.")
    assert reading.text(CHAT[:2]).startswith("<|im_start|>system\nBe kind.\n\nNotes.<|im_end|>\n")
    assert reading.text(CHAT[1:2]).startswith("<|im_start|>system\nNotes.<|im_end|>\n")
    assert reading.reading("").text(CHAT) == chats.text(CHAT)
    assert learned(reading, CHAT) == learned(chats, CHAT)


def test_a_thought_that_prompts_open_is_closed_in_training_too() -> None:
    chats = renderer(TURNS + PROMPT.replace("assistant\n", "assistant\n<think>\n"))

    assert chats.text(CHAT[:2], reply=True).endswith("<|im_start|>assistant\n<think>\n\n</think>\n\n")
    assert chats.text(CHAT[:2], reply=True, thinking=True).endswith("<|im_start|>assistant\n<think>\n")
    assert learned(chats, CHAT) == [["So.<|im_end|>\n"], ["No.<|im_end|>\n"]]
    first, second = chats.reply_rows(CHAT)
    assert first.ids == [*chats.render(CHAT[:2], reply=True), *first.ids[first.spans[0][0] :]]
    assert second.ids[: second.spans[0][0]] == chats.render(CHAT[:4], reply=True)


def test_the_opening_of_the_next_turn_is_learned_where_nothing_ends_a_reply() -> None:
    chats = renderer(TURNS.replace("+ '<|im_end|>\n' ", "") + PROMPT)

    assert learned(chats, CHAT) == [["So.<|im_start|>", "No.<|im_start|>"]]
    assert [chats.control.ids["<|im_start|>"]] in chats.stop_tokens


def test_control_tokens_that_somebody_wrote_are_text() -> None:
    chats, end = renderer(TURNS + PROMPT), byte_tokenizer(QWEN_3).eos_token_id
    chat = [{"role": "user", "content": "<|im_end|>?"}, {"role": "assistant", "content": "Use <|im_end|> then."}]

    (row,) = chats.reply_rows(chat)

    assert row.ids.count(end) == 2
    assert learned(chats, chat) == [["Use <|im_end|> then.<|im_end|>\n"]]
    assert (
        chats.text(chat)
        == "<|im_start|>user\n<|im_end|>?<|im_end|>\n<|im_start|>assistant\nUse <|im_end|> then.<|im_end|>\n"
    )


def test_a_reply_that_a_prompt_ends_with_is_left_open() -> None:
    chats = renderer(TURNS + PROMPT)
    begun = [*CHAT[:2], {"role": "assistant", "content": "So <|im_end|>"}]

    assert chats.text(begun, reply=True) == chats.text(CHAT[:2], reply=True) + "So <|im_end|>"
    assert (
        chats.control.ids["<|im_end|>"]
        not in chats.render(begun, reply=True)[len(chats.render(CHAT[:2], reply=True)) :]
    )


@pytest.mark.parametrize("space", ["\n", "\n\n", " ", "\t\n ", "\u3000"])
def test_white_space_before_a_reply_does_not_melt_into_the_header(space: str) -> None:
    chats = renderer(TURNS + PROMPT)

    assert learned(chats, [CHAT[1], {"role": "assistant", "content": f"{space}So."}]) == [["So.<|im_end|>\n"]]


@pytest.mark.parametrize("quirk", RENDERED)
def test_of_templates_with_quirks_exactly_the_replies_and_their_ends_are_learned(quirk: str) -> None:
    source, end = RENDERED[quirk]
    chats = renderer(source, TemplateChoice(date="2026-03-09"))

    rows = learned(chats, CHAT)

    spans = [span for row in rows for span in row]
    assert [span.partition("<|")[0] for span in spans] == ["So.", "No."]
    assert spans[-1] == f"No.{end}"
    assert chats.reply_rows(CHAT)[-1].ids[: -len(chats.control.encode(spans[-1]))] == chats.render(CHAT[:4], reply=True)
    assert all(any([id] in chats.stop_tokens for id in chats.control.encode(span)) for span in spans)
    assert all(message["content"] in chats.text(CHAT) for message in CHAT)


@pytest.mark.parametrize("quirk", REFUSED)
def test_other_templates_are_refused_with_the_true_reason(quirk: str) -> None:
    source, reason = REFUSED[quirk]
    with pytest.raises(SetupError, match=re.escape(reason)):
        renderer(source)


def test_a_template_is_taken_from_whichever_file_has_it(tmp_path: Path) -> None:
    """What the fingerprint of a run is made of is what its chats are rendered with."""
    folder, config = save_tiny_model(tmp_path, "qwen3"), tmp_path / "tokenizer_config.json"
    (folder / FILE).unlink(missing_ok=True)
    settings = json.loads(config.read_text()) | {"chat_template": None}
    expected = renderer(TURNS + PROMPT).text(CHAT)

    def check(text: str, **changes: object) -> None:
        config.write_text(json.dumps(settings | changes))
        assert load_renderer(folder).text(CHAT) == load_base(folder).renderer.text(CHAT) == text
        assert isinstance(changes.get("chat_template"), list) or renderer(read_template(folder).text).text(CHAT) == text

    check(expected, chat_template=TURNS + PROMPT)
    check(
        expected, chat_template=[{"name": "tool_use", "template": "x"}, {"name": "default", "template": TURNS + PROMPT}]
    )
    check(renderer(BASE_TEMPLATE).text(CHAT), chat_template="")
    (folder / "chat_template.json").write_text(json.dumps({"chat_template": TURNS + PROMPT}))
    check(expected)
    (folder / FILE).write_text(f"\ufeff{TURNS}{PROMPT}", encoding="utf-8")
    check(expected, chat_template="x")


def test_what_mlx_lm_has_no_template_for_is_named(tmp_path: Path) -> None:
    config = save_tiny_model(tmp_path, "qwen3") / "tokenizer_config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | {"chat_template_type": "nonesuch"}))

    with pytest.raises(SetupError, match=r"chat template 'nonesuch', which this version does not have"):
        load_renderer(tmp_path)


def test_a_reply_that_the_template_changes_is_refused_with_the_turn() -> None:
    chats = renderer(TURNS.replace("m.content", "m.content.split('</think>')[-1]") + PROMPT)

    with pytest.raises(ChatError) as refused:
        chats.reply_rows([CHAT[1], {"role": "assistant", "content": "<think>So</think>No."}])
    assert (refused.value.fault, refused.value.turn) == ("rewritten", 1)


def test_a_chat_that_the_template_refuses_gives_its_reason() -> None:
    picky = "{% if messages[0].role == 'assistant' %}{{ raise_exception('must begin with a question') }}{% endif %}"

    with pytest.raises(ChatError, match="must begin with a question"):
        renderer(picky + TURNS + PROMPT).reply_rows(CHAT[2:3])


def test_a_template_that_cannot_be_trained_is_a_setup_error_that_names_the_folder() -> None:
    with pytest.raises(SetupError, match=r"some-model.*leaves out"):
        renderer("{{ messages | length }}")
    with pytest.raises(SetupError, match="half a character"):
        renderer(TURNS + PROMPT + "\ud800")


def test_a_template_of_the_recipe_that_cannot_be_used_is_an_error_of_the_recipe() -> None:
    tokenizer = byte_tokenizer(QWEN_3)
    tokenizer.chat_template = own = "{% for m in messages %}"
    with pytest.raises(RecipeError, match=r"chat_template own\.jinja: cannot be used: Unexpected end of template"):
        build_renderer(tokenizer, Path("m"), [tokenizer.eos_token_id], TemplateChoice(own, file=Path("own.jinja")))


def test_of_several_templates_one_has_to_be_the_default() -> None:
    tokenizer = byte_tokenizer(QWEN_3)
    tokenizer.chat_template = {"rag": QWEN_3.source, "tool_use": QWEN_3.source}
    with pytest.raises(SetupError, match=r"by name \('rag', 'tool_use'\) and none named 'default'"):
        use_template(tokenizer, Path("m"), AS_IT_STANDS)


def test_a_question_that_the_template_leaves_out_is_named() -> None:
    """Here all but the last one."""
    last = "{% if m.role != 'user' or loop.revindex0 < 2 %}"
    chats = renderer(TURNS.replace("%}", "%}" + last, 1).replace("{% endfor %}", "{% endif %}{% endfor %}") + PROMPT)

    assert learned(chats, CHAT[1:3]) == [["So.<|im_end|>\n"]]
    with pytest.raises(ChatError) as refused:
        chats.reply_rows(CHAT)
    assert (refused.value.fault, refused.value.turn) == ("lost", 1)


def test_the_date_of_the_run_is_told_and_rendered() -> None:
    dated = renderer("{{ strftime_now('%Y-%m-%d') }}" + TURNS + PROMPT, TemplateChoice(date="2026-03-09"))

    assert dated.text(CHAT).startswith("2026-03-09")
    assert any("2026-03-09" in note for note in dated.notes)


def test_the_tokenizer_alone_renders_as_the_model_does(tmp_path: Path) -> None:
    folder = save_tiny_model(tmp_path / "model", "qwen3")
    alone, loaded = load_renderer(folder), load_base(folder)

    assert alone.render(CHAT, reply=False) == loaded.render(CHAT, reply=False)
    assert alone.stop_tokens == loaded.stop_tokens
    assert (
        load_renderer(folder, TemplateChoice(text=TURNS + PROMPT)).text(CHAT[1:2])
        == "<|im_start|>user\nWhy?<|im_end|>\n"
    )


WORDS = (
    "the", "cheese", " ", "  ", "\n", "\n\n", "\t", "é", "漢字", "🙂", "\u200d", "?", ".", "'s", "7", "{{ x }}",
    "<|im_end|>", "<|im_start|>user", "<|eot_id|>", "</s>", "<s>", "[INST]", "<end_of_turn>", "<|user|>", "<|end|>",
    "<|return|>", "<turn|>", "<|endoftext|>", "<|", "|>", "<think>", "/no_think",
)  # fmt: skip
contents = st.lists(st.sampled_from(WORDS), max_size=6).map("".join)
replies = contents.filter(lambda text: "think>" not in text)


@st.composite
def chats(draw: st.DrawFn) -> list[dict[str, str]]:
    """Questions and replies after a system turn, which may be empty or missing; now and then two questions in a row."""
    turns = [{"role": "system", "content": draw(contents)}] if draw(st.booleans()) else []
    for _ in range(draw(st.integers(1, 3))):
        turns += [{"role": "user", "content": draw(contents)}] * draw(st.sampled_from([1, 1, 1, 2]))
        turns.append({"role": "assistant", "content": draw(replies)})
    return turns


def check_family(name: str, chat: list[dict[str, str]]) -> None:
    """Every reply is marked with its end, exactly once, after what the model is prompted with, and nothing else is."""
    chats, decode = family_renderer(name), family_renderer(name).program.tokenizer.decode
    stops = {token for sequence in chats.stop_tokens for token in sequence}
    rows = chats.reply_rows(chat)
    spans = [(row, span) for row in rows for span in row.spans]
    turns = [turn for turn, message in enumerate(chat) if message["role"] == "assistant"]
    assert len(spans) == len(turns)
    for (row, (start, end)), turn in zip(spans, turns, strict=True):
        marked, reply = decode(row.ids[start:end]), chat[turn]["content"].strip()
        after = CHAT_FAMILIES[name].template.after_reply
        assert marked.strip().removesuffix(after).strip() == reply
        assert marked.strip().endswith(after)
        assert sum(token in stops for token in row.ids[start:end]) == (2 if name == "Phi 3" else 1)
        if row.spans[-1] == (start, end):
            assert row.ids[:start] == chats.render(chat[:turn], reply=True)


@pytest.mark.slow
@settings(max_examples=200, derandomize=True, suppress_health_check=list(HealthCheck))
@given(chat=chats())
def test_of_every_family_exactly_the_replies_with_their_ends_are_learned(chat: list[dict[str, str]]) -> None:
    for name in CHAT_FAMILIES:
        check_family(name, chat)


@pytest.mark.parametrize("name", CHAT_FAMILIES)
def test_where_nothing_has_to_be_done_a_family_is_rendered_as_transformers_does(name: str) -> None:
    chats = family_renderer(name)
    special = chats.traits != TemplateTraits(added_line=chats.traits.added_line, alternates=chats.traits.alternates)
    if special or chats.program.asks_for_date:
        return
    tokenizer = chats.program.tokenizer
    for turns, reply in ((CHAT[:2], True), (CHAT[:4], True), (CHAT, False)):
        theirs = tokenizer.apply_chat_template(
            turns, add_generation_prompt=reply, enable_thinking=False, thinking=False, return_dict=False
        )
        assert chats.render(turns, reply=reply) == theirs


def test_the_documentation_has_what_holds_for_every_family() -> None:
    """`UPDATE_DOCS=1` writes it anew."""
    path = ROOT / "docs" / "templates.md"
    if os.environ.get("UPDATE_DOCS"):
        path.write_text(families_page(), encoding="utf-8")
    assert path.read_text(encoding="utf-8") == families_page()
