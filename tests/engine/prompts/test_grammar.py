"""The grammar of prompts: what each sign means, and where the caret stands when they do not fit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import PromptError
from engine.prompts import Lora, Prompt, Span, Words, drawn


def words(source: str, step: int = 1, steps: int = 10) -> Words:
    return Prompt.read(source).at(step, steps)


def weights(source: str) -> dict[str, float]:
    return {span.text.strip(): round(span.weight, 3) for span in words(source).spans}


@pytest.mark.parametrize(
    ("source", "meant"),
    [
        ("a red house", {"a red house": 1.0}),
        ("a (red) house", {"a": 1.0, "red": 1.1, "house": 1.0}),
        ("((red))", {"red": 1.21}),
        ("(red:1.5)", {"red": 1.5}),
        ("(red : 0.5 )", {"red": 0.5}),
        ("(a (red:2) house:1.5)", {"a": 1.5, "red": 3.0, "house": 1.5}),
        ("[red]", {"red": 0.909}),
        ("[[red]]", {"red": 0.826}),
        (r"\(red\)", {"(red)": 1.0}),
        (r"(a\:1.2)", {"a:1.2": 1.1}),
        ("(a picture: a house)", {"a picture: a house": 1.1}),
        ("half past 12:30", {"half past 12:30": 1.0}),
        ("a happy face :)", {"a happy face :)": 1.0}),
        ("a) a house b) a tree", {"a) a house b) a tree": 1.0}),
        ("I <3 you, 1 < 2", {"I <3 you, 1 < 2": 1.0}),
        ("snake_case __init", {"snake_case __init": 1.0}),
        (r"back\slash", {r"back\slash": 1.0}),
        ("(:0.5)", None),
    ],
)
def test_signs_weigh_words(source: str, meant: dict[str, float] | None) -> None:
    if meant is None:
        with pytest.raises(PromptError):
            words(source)
        return
    assert weights(source) == meant


@pytest.mark.parametrize(
    ("source", "by_step"),
    [
        ("[cat|dog]", ["cat", "dog", "cat", "dog"]),
        ("a [red|green|blue] hat", ["a red hat", "a green hat", "a blue hat", "a red hat"]),
        ("[cat|]", ["cat", "", "cat", ""]),
        ("[cat:dog:0.5]", ["cat", "cat", "dog", "dog"]),
        ("[cat:dog:3]", ["cat", "cat", "cat", "dog"]),
        ("[cat::0.25]", ["cat", "", "", ""]),
        ("[hat:2]", ["", "", "hat", "hat"]),
        ("[hat:0]", ["hat"] * 4),
        ("[(cat:1.2)|a [big:small:1] dog]", ["cat", "a small dog", "cat", "a small dog"]),
        ("[a <lora:x:0.5> b|c]", ["a b", "c", "a b", "c"]),
    ],
)
def test_brackets_change_words_from_step_to_step(source: str, by_step: list[str]) -> None:
    assert [one.text for one in Prompt.read(source).wordings(4)] == by_step


def test_equal_wordings_are_one_object() -> None:
    one, two, three, four = Prompt.read("[cat|dog]").wordings(4)
    assert one is three
    assert two is four


def test_loras_are_taken_out_of_the_words() -> None:
    asked = words("a house <lora:ink wash:0.8>, <lora:b>")
    assert asked.loras == (Lora("ink wash", 0.8), Lora("b", 1.0))
    assert asked.text == "a house ,"


def test_a_lora_may_count_differently_for_words_and_against_what_it_was_trained_for() -> None:
    asked = words("<lora:ink:0.8:0.5> <lora:sharp:-1.5> <lora:b::0>")
    assert asked.loras == (Lora("ink", 0.8, 0.5), Lora("sharp", -1.5), Lora("b", 1.0, 0.0))


def test_a_break_starts_a_chunk() -> None:
    asked = words("a house BREAK (a tree:1.5) BREAKFAST")
    assert [(s.text.strip(), s.weight, s.starts_chunk) for s in asked.spans] == [
        ("a house", 1.0, False),
        ("a tree", 1.5, True),
        ("BREAKFAST", 1.0, False),
    ]


@pytest.mark.parametrize(
    ("source", "position", "said"),
    [
        ("a (red house", 2, "never closed"),
        ("a [red house", 2, "never closed"),
        ("a {red|blue house", 2, "never closed"),
        ("a red] house", 5, "closes nothing"),
        ("house)", 5, "closes nothing"),
        ("a } b", 2, "closes nothing"),
        ("(red:9)", 5, "no weight"),
        ("(red:1,2)", 5, "no weight"),
        ("(red:-1)", 5, "no weight"),
        ("()", 0, "nothing between"),
        ("[]", 0, "nothing between"),
        ("{red}", 0, "at least two"),
        ("[cat:dog]", 0, "change of words"),
        ("[a:b:c:0.5]", 0, "change of words"),
        ("[a:b:2.5]", 5, "nor a step"),
        ("<lora:>", 0, "<lora:name:0.8>"),
        ("<hypernet:x>", 0, "<lora:name:0.8>"),
        ("<lora:x:much>", 8, "no weight"),
        ("<lora:x:1:much>", 10, "no weight: accepted are -4 to 4"),
        ("<lora:x:-5>", 8, "no weight"),
        ("<lora:x:1:1:1>", 0, "<lora:name:0.8:0.5>"),
        ("(" * 30 + "a" + ")" * 30, 24, "deep"),
        ("a (b] c)", 4, "closes nothing"),
    ],
)
def test_signs_that_do_not_fit_are_pointed_at(source: str, position: int, said: str) -> None:
    with pytest.raises(PromptError, match=said) as caught:
        Prompt.read(source)
    error = caught.value
    assert error.field == "prompt"
    assert error.position == position
    _, line, caret = str(error).splitlines()
    assert line[caret.index("^") : caret.index("^") + 1] == source[position : position + 1]


def test_the_caret_stands_in_the_right_line_of_a_long_prompt() -> None:
    source = "a house,\n" + "far away and " * 20 + "(red" + " and green" * 20 + "\nthe end"
    with pytest.raises(PromptError) as caught:
        Prompt.read(source, "negative_prompt")
    _, line, caret = str(caught.value).splitlines()
    assert line[caret.index("^") :].startswith("(red")
    assert len(line) < 100
    assert "house" not in line
    assert caught.value.field == "negative_prompt"


def test_a_prompt_longer_than_any_is_refused() -> None:
    with pytest.raises(PromptError, match="100001 characters; 100000"):
        Prompt.read("a" * 100_001)


@given(st.text(alphabet="ab1.:|()[]{}<>_\\ \nlorBREAK", max_size=60))
def test_any_text_is_read_or_pointed_at(source: str) -> None:
    fault = None
    try:
        asked = Prompt.read(drawn(source, 1)).at(1, 5)
    except PromptError as error:
        fault = error
    if fault is None:
        assert all(isinstance(span, Span) for span in asked.spans)
    else:
        assert 0 <= fault.position <= len(source)
        assert str(fault).count("\n") == 2
