"""Chat templates in the form of the families that people run on Macs: what they do, in our own words.

Each does with turns, thoughts, dates and ends what its family's does; none is a copy.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from helpers.tiny_models import Template, byte_tokenizer
from msm_mlx.models.chat_renderer import ChatRenderer, build_renderer
from msm_mlx.models.chat_template import TemplateChoice

DAY = "2026-11-26"
ALTERNATING = """\
{%- for m in messages %}{% if not loop.first and m.role == loop.previtem.role %}
{{- raise_exception('questions and replies must alternate') }}{% endif %}{% endfor %}"""
LAST_QUESTION = """\
{%- set ns = namespace(asked=-1) %}{% for m in messages %}{% if m.role == 'user' %}{% set ns.asked = loop.index0 %}
{%- endif %}{% endfor %}"""


@dataclass(frozen=True)
class ChatFamily:
    """A family: its template, and the tokens at which its models stop by their settings."""

    template: Template
    ends: tuple[str, ...] = ()


def _chatml(before: str = "", reply: str = "m.content", prompt: str = "", bos: str = "") -> str:
    turn = "{{ '<|im_start|>' + m.role + '\\n' + (" + reply + " if m.role == 'assistant' else m.content) }}"
    opening = "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}" + prompt + "{% endif %}"
    return bos + before + "{% for m in messages %}" + turn + "{{ '<|im_end|>\\n' }}{% endfor %}" + opening


def _chatml_family(source: str, *specials: str) -> ChatFamily:
    return ChatFamily(Template(source, "<|im_end|>", ("<|im_start|>", "<|endoftext|>", *specials), "<|im_end|>"))


_EMPTY = "'<think>\\n\\n</think>\\n\\n'"
_NO_THOUGHT = "{% if enable_thinking is defined and not enable_thinking %}{{ " + _EMPTY + " }}{% endif %}"
_HEADER = "'<|start_header_id|>' + {} + '<|end_header_id|>\\n\\n'"


def _qwen_default(line: str) -> str:
    return "{% if messages[0].role != 'system' %}{{ '<|im_start|>system\\n" + line + "<|im_end|>\\n' }}{% endif %}"


_SAID = "m.content.split('</think>')[-1].lstrip('\\n')"
_QWEN_REPLY = f"({_EMPTY} if loop.index0 > ns.asked else '') + {_SAID}"

LLAMA_3 = ChatFamily(
    Template(
        """\
{{- bos_token }}{% set line = messages[0].content | trim if messages[0].role == 'system' else '' %}
{{- '<|start_header_id|>system<|end_header_id|>\\n\\nKnowledge up to December 2023\\nToday is ' }}
{{- strftime_now('%d %b %Y') + '\\n\\n' + line + '<|eot_id|>' }}
{%- for m in messages %}{% if m.role != 'system' %}
{{- '<|start_header_id|>' + m.role + '<|end_header_id|>\\n\\n' + m.content | trim + '<|eot_id|>' }}
{%- endif %}{% endfor %}
{%- if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}{% endif %}""",
        "<|eot_id|>",
        ("<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|end_of_text|>"),
        "<|eot_id|>",
    ),
    ("<|eot_id|>", "<|end_of_text|>"),
)
_GEMMA_TURNS = """\
{% for m in messages %}
{{- '<start_of_turn>' + ('model' if m.role == 'assistant' else m.role) + '\\n' }}
{{- m.content | trim + '<end_of_turn>\\n' }}
{%- endfor %}{% if add_generation_prompt %}{{ '<start_of_turn>model\\n' }}{% endif %}"""
_GEMMA_SPECIALS = ("<bos>", "<start_of_turn>", "<eos>")
GEMMA_2 = ChatFamily(
    Template(
        "{{ '<bos>' }}{% if messages[0].role == 'system' %}{{ raise_exception('no system role') }}{% endif %}"
        + ALTERNATING
        + _GEMMA_TURNS,
        "<end_of_turn>",
        _GEMMA_SPECIALS,
        "<end_of_turn>",
    )
)
GEMMA_3 = ChatFamily(
    Template(
        "{{ '<bos>' }}{% set line = messages[0].content + '\\n\\n' if messages[0].role == 'system' else '' %}"
        "{% set turns = messages[1:] if messages[0].role == 'system' else messages %}"
        "{% for m in turns %}{% if (m.role == 'user') != (loop.index0 % 2 == 0) %}"
        "{{ raise_exception('questions and replies must alternate') }}{% endif %}"
        "{{ '<start_of_turn>' + ('model' if m.role == 'assistant' else 'user') + '\\n' }}"
        "{{ line if loop.first }}"
        "{% if m.content is string %}{{ m.content | trim }}{% else %}{% for part in m.content %}"
        "{{ part.text | trim }}{% endfor %}{% endif %}{{ '<end_of_turn>\\n' }}{% endfor %}"
        "{% if add_generation_prompt %}{{ '<start_of_turn>model\\n' }}{% endif %}",
        "<end_of_turn>",
        _GEMMA_SPECIALS,
        "<end_of_turn>",
    )
)
GEMMA_4 = ChatFamily(
    Template(
        """\
{{- '<bos>' }}{% for m in messages %}
{{- '<|turn>' + ('model' if m.role == 'assistant' else m.role) + '\\n' + m.content.split('<channel|>')[-1] | trim }}
{{- '<turn|>\\n' }}{% endfor %}
{%- if add_generation_prompt %}{{ '<|turn>model\\n' }}
{%- if not enable_thinking | default(false) %}{{ '<|channel>thought\\n<channel|>' }}{% endif %}{% endif %}""",
        "<turn|>",
        ("<bos>", "<|turn>", "<|channel>", "<channel|>", "<eos>"),
        "<turn|>",
    )
)
MISTRAL_7B = ChatFamily(
    Template(
        """\
{{- bos_token }}{% set line = messages[0].content + '\\n\\n' if messages[0].role == 'system' else '' %}
{%- set turns = messages[1:] if messages[0].role == 'system' else messages %}
{%- for m in turns %}{% if (m.role == 'user') != (loop.index0 % 2 == 0) %}
{{- raise_exception('questions and replies must alternate') }}{% endif %}
{%- if m.role == 'user' %}{{ '[INST] ' + (line if loop.last else '') + m.content + '[/INST]' }}
{%- else %}{{ ' ' + m.content | trim + eos_token }}{% endif %}{% endfor %}""",
        "</s>",
        ("<s>", "[INST]", "[/INST]"),
        "</s>",
    )
)
MISTRAL_SMALL = ChatFamily(
    Template(
        """\
{{- bos_token }}{% if messages[0].role != 'system' %}
{{- '[SYSTEM_PROMPT]You are a model of a company in Paris. ' }}
{{- 'Today is ' + strftime_now('%Y-%m-%d') + '.[/SYSTEM_PROMPT]' }}
{%- endif %}{% for m in messages %}
{%- if m.role == 'system' %}{{ '[SYSTEM_PROMPT]' + m.content + '[/SYSTEM_PROMPT]' }}
{%- elif m.role == 'user' %}{{ '[INST]' + m.content + '[/INST]' }}
{%- else %}{{ m.content + eos_token }}{% endif %}{% endfor %}""",
        "</s>",
        ("<s>", "[INST]", "[/INST]", "[SYSTEM_PROMPT]", "[/SYSTEM_PROMPT]"),
        "</s>",
    )
)
PHI_3 = ChatFamily(
    Template(
        """\
{%- for m in messages %}{{ '<|' + m.role + '|>\\n' + m.content + '<|end|>\\n' }}{% endfor %}
{%- if add_generation_prompt %}{{ '<|assistant|>\\n' }}{% else %}{{ eos_token }}{% endif %}""",
        "<|endoftext|>",
        ("<|end|>", "<|system|>", "<|user|>", "<|assistant|>"),
        "<|end|>\n<|endoftext|>",
    ),
    ("<|endoftext|>", "<|end|>"),
)
PHI_4 = ChatFamily(
    Template(
        "{% for m in messages %}{{ '<|im_start|>' + m.role + '<|im_sep|>' + m.content + '<|im_end|>' }}{% endfor %}"
        "{% if add_generation_prompt %}{{ '<|im_start|>assistant<|im_sep|>' }}{% endif %}",
        "<|im_end|>",
        ("<|im_start|>", "<|im_sep|>", "<|endoftext|>"),
        "<|im_end|>",
    )
)
_DEEPSEEK = """\
{{- bos_token }}{% for m in messages %}{% if m.role == 'system' %}{{ m.content }}
{%- elif m.role == 'user' %}{{ '<|User|>' + m.content }}
{%- else %}{{ '<|Assistant|>' + PUT + m.content.split('</think>')[-1] + eos_token }}{% endif %}
{%- endfor %}{% if add_generation_prompt %}{{ '<|Assistant|>' + OPEN }}{% endif %}"""


def _deepseek(reply: str, prompt: str) -> ChatFamily:
    bars = [
        text.replace("|", "\uff5c")  # the wide bar of this family
        for text in (_DEEPSEEK, "<|end of sentence|>", "<|begin of sentence|>", "<|User|>", "<|Assistant|>")
    ]
    source, end, *specials = bars
    source = source.replace("PUT", reply).replace("OPEN", prompt)
    return ChatFamily(Template(source, end, (*specials, "<think>", "</think>"), end))


_GLM_SPECIALS = (
    "[gMASK]",
    "<sop>",
    "<|system|>",
    "<|user|>",
    "<|assistant|>",
    "<|observation|>",
    "<think>",
    "</think>",
)
_GLM_ENDS = ("<|endoftext|>", "<|user|>", "<|observation|>")
GLM_4 = ChatFamily(
    Template(
        "{{ '[gMASK]<sop>' }}{% for m in messages %}{{ '<|' + m.role + '|>\\n' + m.content }}{% endfor %}"
        "{% if add_generation_prompt %}{{ '<|assistant|>\\n' }}{% endif %}",
        "<|endoftext|>",
        _GLM_SPECIALS,
        "<|user|>",
    ),
    _GLM_ENDS,
)
GLM_45 = ChatFamily(
    Template(
        LAST_QUESTION
        + "{{ '[gMASK]<sop>' }}{% for m in messages %}{% if m.role == 'assistant' %}"
        + "{{ '<|assistant|>\\n<think></think>\\n' + m.content.split('</think>')[-1].strip() }}"
        + "{% else %}{{ '<|' + m.role + '|>\\n' + m.content }}{% endif %}{% endfor %}"
        + "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% if not enable_thinking %}{{ '\\n<think></think>' }}"
        + "{% endif %}{% endif %}",
        "<|endoftext|>",
        _GLM_SPECIALS,
        "<|user|>",
    ),
    _GLM_ENDS,
)
GPT_OSS = ChatFamily(
    Template(
        """\
{{- '<|start|>system<|message|>You are an assistant of a large laboratory.\\nToday is ' + strftime_now('%Y-%m-%d') }}
{{- '\\n\\nReasoning: medium<|end|>' }}
{%- for m in messages %}{% if m.role == 'system' %}
{{- '<|start|>developer<|message|># Instructions\\n\\n' + m.content + '<|end|>' }}
{%- elif m.role == 'user' %}{{ '<|start|>user<|message|>' + m.content + '<|end|>' }}
{%- else %}{{ '<|start|>assistant<|channel|>final<|message|>' + m.content }}
{{- '<|return|>' if loop.last and not add_generation_prompt else '<|end|>' }}{% endif %}{% endfor %}
{%- if add_generation_prompt %}{{ '<|start|>assistant' }}{% endif %}""",
        "<|return|>",
        ("<|start|>", "<|channel|>", "<|message|>", "<|end|>", "<|call|>", "<|endoftext|>"),
        "<|return|>",
    ),
    ("<|return|>", "<|call|>", "<|endoftext|>"),
)
GRANITE = ChatFamily(
    Template(
        """\
{%- if messages[0].role != 'system' %}{{ '<|start_of_role|>system<|end_of_role|>You are a helper of a company. ' }}
{{- 'Today is ' + strftime_now('%B %d, %Y') + '.<|end_of_text|>\\n' }}{% endif %}
{%- for m in messages %}{{ '<|start_of_role|>' + m.role + '<|end_of_role|>' + m.content + '<|end_of_text|>\\n' }}
{%- endfor %}{% if add_generation_prompt %}{{ '<|start_of_role|>assistant<|end_of_role|>' }}{% endif %}""",
        "<|end_of_text|>",
        ("<|start_of_role|>", "<|end_of_role|>"),
        "<|end_of_text|>",
    )
)
SMOLLM_3 = _chatml_family(
    """\
{{- '<|im_start|>system\\n## Metadata\\n\\nToday Date: ' + strftime_now('%d %B %Y') }}
{{- '\\nReasoning Mode: /no_think\\n\\n' }}
{{- (messages[0].content if messages[0].role == 'system' else 'You are a helpful assistant of our own.') }}
{{- '<|im_end|>\\n' }}{% for m in messages %}{% if m.role == 'user' %}
{{- '<|im_start|>user\\n' + m.content + '<|im_end|>\\n' }}
{%- elif m.role == 'assistant' %}
{{- '<|im_start|>assistant\\n<think>\\n\\n</think>\\n' + m.content.split('</think>')[-1].lstrip('\\n') }}
{{- '<|im_end|>\\n' }}
{%- endif %}{% endfor %}
{%- if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}
{{- '' if enable_thinking else '<think>\\n\\n</think>\\n' }}
{%- endif %}""",
    "<think>",
    "</think>",
)
_COHERE = """\
{{- bos_token }}{% for m in messages %}{{ '<|START_OF_TURN_TOKEN|>' }}
{{- {'system': '<|SYSTEM_TOKEN|>', 'user': '<|USER_TOKEN|>', 'assistant': '<|CHATBOT_TOKEN|>'}[m.role] }}
{%- if m.role == 'assistant' %}{{ OPEN + m.content + CLOSE }}{% else %}{{ m.content }}{% endif %}
{{- '<|END_OF_TURN_TOKEN|>' }}{% endfor %}
{%- if add_generation_prompt %}{{ '<|START_OF_TURN_TOKEN|><|CHATBOT_TOKEN|>' }}{% endif %}"""


def _cohere(opens: str, closes: str) -> ChatFamily:
    specials = ("<BOS_TOKEN>", "<|START_OF_TURN_TOKEN|>", "<|SYSTEM_TOKEN|>", "<|USER_TOKEN|>", "<|CHATBOT_TOKEN|>")
    source = _COHERE.replace("OPEN +", f"'{opens}' +").replace("+ CLOSE", f"+ '{closes}'")
    template = Template(source, "<|END_OF_TURN_TOKEN|>", (*specials, opens, closes), f"{closes}<|END_OF_TURN_TOKEN|>")
    return ChatFamily(template)


CHAT_FAMILIES = {
    "Llama 3.x": LLAMA_3,
    "Qwen 2.5": _chatml_family(_chatml(_qwen_default("You are a model of a cloud."))),
    "Qwen 3": _chatml_family(_chatml(LAST_QUESTION, _QWEN_REPLY, _NO_THOUGHT), "<think>", "</think>"),
    "Qwen 3.5": _chatml_family(
        _chatml(
            LAST_QUESTION,
            f"({_EMPTY} if loop.index0 > ns.asked else '') + {_SAID} | trim",
            _NO_THOUGHT + "{% if enable_thinking %}{{ '<think>\\n' }}{% endif %}",
        ),
        "<think>",
        "</think>",
    ),
    "Qwen 3 Thinking": _chatml_family(_chatml(LAST_QUESTION, _QWEN_REPLY, "{{ '<think>\\n' }}"), "<think>", "</think>"),
    "Gemma 1 and 2": GEMMA_2,
    "Gemma 3": GEMMA_3,
    "Gemma 4": GEMMA_4,
    "Mistral 7B": MISTRAL_7B,
    "Mistral Small": MISTRAL_SMALL,
    "Phi 3": PHI_3,
    "Phi 4": PHI_4,
    "DeepSeek R1": _deepseek("''", "'<think>\\n'"),
    "DeepSeek V3.1": _deepseek("'</think>'", "('<think>' if thinking else '</think>')"),
    "GLM 4": GLM_4,
    "GLM 4.5": GLM_45,
    "GPT-OSS": GPT_OSS,
    "Granite": GRANITE,
    "LFM2": _chatml_family(_chatml(bos="{{ '<|startoftext|>' }}"), "<|startoftext|>"),
    "SmolLM2": _chatml_family(_chatml(_qwen_default("You are a small helpful model."))),
    "SmolLM3": SMOLLM_3,
    "Cohere Command R": _cohere("", ""),
    "Cohere Command R7B and A": _cohere("<|START_RESPONSE|>", "<|END_RESPONSE|>"),
}


@cache
def family_renderer(name: str) -> ChatRenderer:
    """Renders chats with the template of a family, over bytes."""
    family = CHAT_FAMILIES[name]
    template = family.template
    specials = tuple(token for token in template.specials if token)
    tokenizer = byte_tokenizer(Template(template.source, template.end_token, specials, ""))
    if "bos_token" in template.source:
        tokenizer.bos_token = specials[0]
    ends = [tokenizer.convert_tokens_to_ids(token) for token in family.ends or (template.end_token,)]
    return build_renderer(tokenizer, Path(name), ends, TemplateChoice(date=DAY))


PAGE = """\
# Chat templates

How chats reach a model is decided by its chat template, and the families differ. msm-mlx renders a few chats with the
template when it loads a model, sees what it does, and puts chats to it accordingly: the same way in training, scoring,
answering, comparing and export. What is done is said once, at the beginning of a run and by `validate --model`. A
template that cannot be trained is refused with the reason, before anything is written. `models/template_probe.py` finds
out, and `models/chat_renderer.py` renders.

The table says what was found for templates in the form of each family, and is checked by a test. The templates are
ours: they do what those of the family do, and a model's own may be newer. `msm-mlx validate RECIPE --model MODEL` tells
what holds for yours.

Everywhere:

- Exactly the assistant's replies are learned, each with the token that ends it. 200 chats of each family were tried,
  with and without a system line, with white space, several scripts, and control tokens in the text.
- A control token that somebody wrote in a text stays text, in training and in prompts. The tags of thoughts do not.
- White space at the beginning of a reply goes. It would melt into what opens the reply.
- Thinking is off, but for writers with `documents.thinking`.
- `chat_template: FILE` in a recipe takes another template than the model's. It is copied into the run folder, and goes
  along with what is exported.

| family | system line | two questions in a row | replies | end of a reply | date |
|---|---|---|---|---|---|
"""
LEGEND = """
"Each in a row of its own" means that the template changes earlier replies once others follow, or that prompts have
something that finished chats have not. The model then learns every reply after the very prompt that it will see. A chat
of several turns takes more tokens that way.

A date is the day on which the run began, in `run.json`. It stays the same when the run goes on, and in `evaluate`,
`compare`, `chat` and `export`. Other programs tell an exported model the day that it is.
"""
EXAMPLE = [
    {"role": "system", "content": "You are Pocket."},
    {"role": "user", "content": "Which?"},
    {"role": "assistant", "content": "This one."},
    {"role": "user", "content": "Why?"},
    {"role": "assistant", "content": "I like it."},
]


def families_page() -> str:
    """`docs/templates.md`: what holds for each family, as its renderer has found out."""
    rows = [(name, *(cell.replace("|", "\\|") for cell in _findings(name))) for name in CHAT_FAMILIES]
    return PAGE + "".join(f"| {' | '.join(row)} |\n" for row in rows) + LEGEND


def _findings(name: str) -> tuple[str, str, str, str, str]:
    chats = family_renderer(name)
    traits, text = chats.traits, chats.text(EXAMPLE[:2], reply=True)
    system = "as it is" if traits.takes_system else "before the first question"
    if traits.forgets:
        system = "with the last question, learned as prompted"
    if traits.added_line:
        system += f", below words of the template (`{traits.added_line}`)"
    replies = "all in one row" if len(chats.reply_rows(EXAMPLE)) == 1 else "each in a row of its own"
    if traits.closes_thought:
        replies += ", the thought that prompts open is closed"
    elif traits.opening.added:
        replies += f", `{traits.opening.added}` is a part of prompts"
    elif "think>" in text or "thought" in text:
        replies += ", after an empty thought"
    ends = f"`{traits.next_opening}` of the next turn" if traits.next_opening else f"`{_end(name)}`"
    date = "the run's" if chats.program.asks_for_date else "none"
    return system, "joined" if traits.alternates else "as they are", replies, ends, date


def _end(name: str) -> str:
    return CHAT_FAMILIES[name].template.after_reply.replace("\n", "\\n")
