"""A job from the command line through a real bridge with a small engine."""

from __future__ import annotations

import os
import signal
import threading

import numpy as np
import pytest

from bridge.cli.failures import CancelledFailure, InputFailure, JobFailure
from bridge.cli.painting import paint, raw_picture
from bridge.wire.client import Client
from bridge.wire.messages import Finished, Preview, Started
from tests.bridge.talk import a_submit


def test_every_candidate_comes_back_with_its_seed_and_its_previews(client: Client) -> None:
    shown: list[object] = []
    outcome = paint(client, a_submit("a moon", candidates=3, seed=40), None, shown.append)
    assert [result.seed for result in outcome.results] == [40, 41, 42]
    assert [int(result.merged[0, 0, 0]) for result in outcome.results] == [40, 41, 42]
    assert set(outcome.previews) == {0, 1, 2}
    assert outcome.first_preview_s is not None
    assert 0 < outcome.first_preview_s <= outcome.seconds
    assert isinstance(shown[-1], Finished)
    assert any(isinstance(event, Started) for event in shown)


def test_a_patch_is_laid_into_the_picture_and_nothing_else_changes(client: Client) -> None:
    canvas = np.random.default_rng(2).integers(0, 256, (20, 30, 4), np.uint8)
    mask = np.zeros((20, 30), np.uint8)
    mask[4:9, 10:15] = 255
    submit = a_submit(
        "", mode="inpaint", image=raw_picture(canvas), mask=raw_picture(mask), candidates=1, seed=9
    )
    merged = paint(client, submit, canvas, lambda _: None).results[0].merged
    assert np.array_equal(merged[mask == 0], canvas[mask == 0])
    assert (merged[mask == 255] == (9, 9, 9, 255)).all()


def test_what_the_engine_refuses_is_an_input_failure_with_its_sentence(client: Client) -> None:
    with pytest.raises(InputFailure, match="This prompt is wrong"):
        paint(client, a_submit("wrong"), None, lambda _: None)


def test_what_breaks_in_the_engine_is_a_job_failure_without_a_traceback(client: Client) -> None:
    with pytest.raises(JobFailure) as failure:
        paint(client, a_submit("broken"), None, lambda _: None)
    assert "ZeroDivisionError" not in str(failure.value)


def test_ctrl_c_cancels_the_job_in_the_bridge(client: Client) -> None:
    def press(event: object) -> None:
        if isinstance(event, Preview):
            threading.Thread(target=os.kill, args=(os.getpid(), signal.SIGINT)).start()

    with pytest.raises(CancelledFailure):
        paint(client, a_submit("slow", candidates=1), None, press)


def test_other_jobs_of_the_session_do_not_disturb(client: Client) -> None:
    client.send(a_submit("a sun"))
    outcome = paint(client, a_submit("a moon", candidates=1, seed=77), None, lambda _: None)
    assert [result.seed for result in outcome.results] == [77]


def test_a_raw_picture_knows_colour_from_mask() -> None:
    assert raw_picture(np.zeros((2, 3), np.uint8)).format == "gray8"
    picture = raw_picture(np.zeros((2, 3, 4), np.uint8))
    assert (picture.width, picture.height, picture.format) == (3, 2, "rgba8")
