"""What the three policies do, and what the settings may change in them."""

from __future__ import annotations

from typing import Any

import pytest

from engine import Action, PluginError, Verdict
from engine.policies import (
    CATEGORIES,
    CLASSROOM,
    OFF,
    POLICIES,
    STUDIO,
    Policy,
    Previews,
    Response,
    Thresholds,
    has_checker,
    policy_of,
    section,
)


def asked(**told: Any) -> Policy:
    return policy_of({"filters": told})


def test_the_studio_is_the_default() -> None:
    assert policy_of({}) == STUDIO == asked()


@pytest.mark.parametrize("name", POLICIES)
def test_policies_are_chosen_by_name(name: str) -> None:
    assert asked(policy=name).name == name


@pytest.mark.parametrize("policy", POLICIES.values())
def test_children_and_sexual_content_are_refused_always(policy: Policy) -> None:
    verdict = policy.on_words("minors", 0.1, "No.")
    assert verdict == Verdict(Action.REFUSE, "minors", 0.1, "No.")


def test_no_setting_lifts_that_rule() -> None:
    policy = asked(policy="off", words=dict.fromkeys(CATEGORIES, "ignore"), sure=1.0)
    verdict = policy.on_words("minors", 0.5, "No.")
    assert verdict is not None
    assert verdict.action is Action.REFUSE


def test_off_says_nothing_of_anything_else() -> None:
    assert OFF.on_words("violence", 1.0, "Mind.") is None
    assert OFF.on_picture("sexual", 1.0, "nudity") is None
    assert not OFF.looks_at_pictures


def test_the_studio_warns_of_words_and_labels_pictures() -> None:
    assert STUDIO.on_words("hate", 0.9, "Mind.") == Verdict(Action.ALLOW, "hate", 0.9, "Mind.")
    assert STUDIO.on_words("hate", 0.6, "Mind.") is None
    assert STUDIO.on_picture("sexual", 0.99, "nudity") == Verdict(Action.ALLOW, "sexual", 0.99)
    assert STUDIO.on_picture("sexual", 0.49, "nudity") is None


def test_the_classroom_refuses_words_and_blurs_or_refuses_pictures() -> None:
    word = CLASSROOM.on_words("real_people", 0.75, "No.")
    actions = [CLASSROOM.on_picture("sexual", score, "nudity") for score in (0.2, 0.3, 0.6, 0.95)]
    assert word is not None
    assert word.action is Action.REFUSE
    assert [one and one.action for one in actions] == [
        None, Action.ALLOW, Action.BLUR, Action.REFUSE,
    ]  # fmt: skip
    assert actions[3] is not None
    assert actions[3].sentence == "A filter thinks the picture shows nudity."


def test_settings_change_single_things() -> None:
    policy = asked(
        policy="classroom",
        words={"real_people": "warn"},
        pictures={"refuse": "never", "blur": 0.4},
        faces="warn",
        previews="check",
        unchecked="ignore",
        sure=0.9,
        trusted_models=["mine"],
    )
    assert policy.words["real_people"] is Response.WARN
    assert policy.words["hate"] is Response.REFUSE
    assert policy.pictures == Thresholds(label=0.3, blur=0.4, refuse=None)
    assert (policy.faces, policy.previews) == (Response.WARN, Previews.CHECK)
    assert (policy.unchecked, policy.sure) == (Response.IGNORE, 0.9)
    assert policy.trusted_models == ("mine",)


@pytest.mark.parametrize(
    ("told", "named"),
    [
        ({"policy": "strict"}, "off, studio, classroom"),
        ({"faces": "maybe"}, "ignore, warn, blur, refuse"),
        ({"previews": "warn"}, "show, check, blur"),
        ({"words": {"fun": "warn"}}, "violence, sexual"),
        ({"words": {"hate": "shout"}}, "options.filters.words.hate"),
        ({"pictures": {"blur": 2}}, "a number from 0 to 1"),
        ({"pictures": {"hide": 0.5}}, "label, blur and refuse"),
        ({"sure": "very"}, "a number from 0 to 1"),
    ],
)
def test_what_a_setting_cannot_mean_is_said(told: dict[str, Any], named: str) -> None:
    with pytest.raises(PluginError, match=named):
        asked(**told)


def test_a_filter_has_a_table_of_its_own() -> None:
    options = {"filters": {"concepts": {"clip": "here"}, "nudity": "there"}}
    assert section(options, "concepts") == {"clip": "here"}
    assert section(options, "safety_checker") is None
    assert section({}, "concepts") is None
    with pytest.raises(PluginError, match=r"\[options.filters.nudity\]"):
        section(options, "nudity")


def test_filters_that_look_at_pictures_are_known() -> None:
    assert has_checker({"filters": {"nudity": {"path": "x"}}})
    assert not has_checker({"filters": {"policy": "classroom", "skin": {}}})
