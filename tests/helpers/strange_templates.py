"""Chat templates with the quirks of templates that people have: each with what it does to a chat of two replies."""

from __future__ import annotations

TURN = "{{ '<|im_start|>' + m.role + '\n' + m.content + '<|im_end|>\n' }}"
TURNS = "{% for m in messages %}" + TURN + "{% endfor %}"
PROMPT = "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
CHATML = TURNS + PROMPT
END = "<|im_end|>\n"


def _content(form: str) -> str:
    return CHATML.replace("m.content", form)


def _parts(condition: str) -> str:
    """Contents are lists where `condition` holds, and text elsewhere."""
    lists = "{% for part in m.content %}{% if part.type == 'text' %}{{ part.text }}{% endif %}{% endfor %}"
    text = "{{ m.content + '' }}"
    content = "{% if " + condition + " %}" + lists + "{% else %}" + text + "{% endif %}"
    return (
        "{% for m in messages %}{{ '<|im_start|>' + m.role + '\n' }}"
        + content + "{{ '<|im_end|>\n' }}{% endfor %}" + PROMPT
    )  # fmt: skip


RENDERED = {
    "a system turn must be first": (
        "{% for m in messages %}{% if m.role == 'system' and not loop.first %}{{ raise_exception('x') }}{% endif %}"
        "{% endfor %}" + CHATML, END),
    "roles with other names": (
        CHATML.replace("m.role", "{'system': 'context', 'user': 'human', 'assistant': 'bot'}[m.role]")
        .replace("assistant\n", "bot\n"), END),
    "no reply first": (
        "{% if messages[0].role == 'assistant' %}{{ raise_exception('x') }}{% endif %}" + CHATML, END),
    "tools": ("{% if tools %}{{ tools | tojson }}{% endif %}" + CHATML.replace(
        TURN, "{% if m.tool_calls %}{{ m.tool_calls[0] }}{% elif m.role == 'tool' %}x{% else %}" + TURN + "{% endif %}",
    ), END),
    "marked replies": (CHATML.replace(TURN, "{% generation %}" + TURN + "{% endgeneration %}"), END),
    "a line of its own": ("{{ '<|im_start|>system\nToday is 26 Jul 2024, and you help.<|im_end|>\n' }}" + CHATML, END),
    "a date": ("{% set day = strftime_now('%d %b %Y') %}{{ day }}" + CHATML, END),
    "trimmed contents": (_content("m.content | trim"), END),
    "contents without line breaks before them": (_content("m.content.lstrip('\n')"), END),
    "a thought in the last reply": (
        CHATML.replace(TURN, "{{ '<|im_start|>' + m.role + '\n' }}{% if m.role == 'assistant' and loop.last %}"
        "{{ '<think>\n\n</think>\n\n' }}{% endif %}{{ m.content + '<|im_end|>\n' }}")
        .replace("assistant\n'", "assistant\n<think>\n\n</think>\n\n'"), END),
    "two tokens at the end": (CHATML.replace("<|im_end|>", "<|endoftext|><|im_end|>"), f"<|endoftext|>{END}"),
    "an end in the last turn only": (
        CHATML.replace("<|im_end|>\n", "<|endoftext|>") + "{% if not add_generation_prompt %}<|im_end|>{% endif %}",
        "<|endoftext|><|im_end|>"),
    "another end than the tokenizer's": (CHATML.replace("<|im_end|>", "<|endoftext|>"), "<|endoftext|>\n"),
    "a namespace": (
        "{% set ns = namespace(line='') %}{% for m in messages if m.role == 'system' %}{% set ns.line = m.content %}"
        "{% endfor %}{{ ns.line }}" + CHATML.replace("in messages", "in messages if m.role != 'system'"), END),
    "loop controls": (CHATML.replace(TURN, "{% if not m.role %}{% continue %}{% endif %}" + TURN), END),
    "a macro": ("{% macro turn(m) %}" + TURN + "{% endmacro %}" + CHATML.replace(TURN, "{{ turn(m) }}"), END),
    "a prompt that nobody asks for": (TURNS + "{{ '<|im_start|>assistant\n' }}", "<|im_end|>"),
    "no prompt": (TURNS, END),
    "no system turn at all": (CHATML.replace("in messages", "in messages if m.role != 'system'"), END),
    "a tag before every turn": (CHATML.replace("<|im_start|>", "<|endoftext|>"), END),
    "upper-case roles": (CHATML.replace("m.role", "m.role | upper").replace("assistant", "ASSISTANT"), END),
    "items of a message": (
        "{% for m in messages %}{% for key, value in m.items() %}{{ '<|im_start|>' if key == 'role' }}{{ value }}"
        "{{ '\n' if key == 'role' else '<|im_end|>' }}{% endfor %}{% endfor %}" + PROMPT, "<|im_end|>"),
    "lists for all": (_parts("true"), END),
    "lists for the user": (_parts("m.role == 'user'"), END),
    "lists but for the system": (_parts("m.role != 'system'"), END),
    "lists or text": (CHATML.replace("m.content", "(m.content if m.content is string else m.content[0].text)"), END),
}  # fmt: skip
REFUSED = {
    "documents wanted": ("{{ raise_exception('needs documents') }}", "needs documents"),
    "an unknown filter": (_content("m.content | frob"), "No filter named 'frob'"),
    "an unknown test": ("{% if messages is frobbed %}x{% endif %}" + CHATML, "No test named 'frobbed'"),
    "an unknown function": ("{{ get_weather() }}" + CHATML, "'get_weather' is undefined"),
    "an unknown tag": ("{% frob %}" + CHATML, "unknown tag 'frob'"),
    "another file": ("{% include 'other.jinja' %}" + CHATML, "no loader"),
    "a syntax error": ("{% for m in messages %}{{ m.content }", "unexpected '}'"),
    "no words": ("hello", "leaves out what the turns say"),
    "a part of the words": (_content("m.content[:10]"), "leaves out what the turns say"),
    "other words": (_content("m.content | upper"), "leaves out what the turns say"),
    "an endless macro": ("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", "maximum recursion depth"),
    "a long loop": ("{% for i in range(10 ** 9) %}{{ i }}{% endfor %}" + CHATML, "Range too big"),
    "chance": ("{{ ['a', 'b'] | random }}" + CHATML, "draws at random"),
    "a token that the tokenizer lacks": ("{{ bos_token + '' }}" + CHATML, "'bos_token' is undefined"),
    "no end": (CHATML.replace("<|im_end|>", "").replace("<|im_start|>", ""), "would never learn to stop"),
    "questions only": (
        "{% if messages[-1].role == 'assistant' %}{{ raise_exception('end with a question') }}{% endif %}" + CHATML,
        "end with a question"),
}  # fmt: skip
