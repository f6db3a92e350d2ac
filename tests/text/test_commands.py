"""Commands that somebody copies into a shell."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from helpers.command_line import ROOT
from hypothesis import given, settings
from hypothesis import strategies as st

from msm_mlx.text.commands import command


def test_words_with_spaces_quotes_and_brackets_are_quoted() -> None:
    assert command("msm-mlx", "compare", Path("/my dir/it's")) == """msm-mlx compare '/my dir/it'"'"'s'"""
    assert command("--set", "seeds=[0, 1]") == "--set 'seeds=[0, 1]'"
    assert command("msm-mlx", "run", "recipes/a.yaml") == "msm-mlx run recipes/a.yaml"


@settings(max_examples=25)
@given(st.lists(st.text(min_size=1), min_size=1))
def test_a_shell_reads_the_words_that_were_given(words: list[str]) -> None:
    assert shlex.split(command(*words)) == words


def test_no_command_is_put_together_by_hand() -> None:
    # `init` takes names of letters, digits, _ and - only
    words = "run|validate|estimate|compare|chat|report|runs|spec|evaluate|export"
    by_hand = re.compile(rf"msm-mlx (?:{words})[a-z -]*\{{(?!name)")
    lines = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in (ROOT / "msm_mlx").rglob("*.py")
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if by_hand.search(line)
    ]
    assert lines == [], "use msm_mlx.text.commands.command(), which quotes"
