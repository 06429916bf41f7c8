"""The real engine in a real worker process behind a real socket, with a tiny model."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from bridge.server import running
from bridge.wire import errors as codes
from bridge.wire.client import Client
from bridge.wire.messages import (
    Cancel,
    Cancelled,
    Failed,
    Finished,
    Keep,
    Painted,
    Picture,
    Preview,
    Started,
)
from tests.bridge.talk import a_submit, connect, hear, hear_until, of_type, paint, settings_in
from tests.engine import tiny

SIDE = 96
PHOTOGRAPH = np.random.default_rng(3).integers(0, 256, (SIDE, SIDE, 4), np.uint8)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    folder = tmp_path_factory.mktemp("real")
    model = tiny.write_model(folder / "models" / "tiny")
    settings = settings_in(folder, models=[model.parent], hooks=[str(Path(tiny.__file__))])
    with running(settings) as ready, connect(ready, preview_codec="rgb8") as connected:
        connected.send(a_submit("red", model="tiny", steps=1, candidates=1))
        while not isinstance(hear(connected, 120), Finished):  # torch may take its time
            pass
        yield connected


def test_the_model_and_the_samplers_are_offered(client: Client) -> None:
    assert "tiny" in [model.name for model in client.welcome.models]
    assert "dpmpp_2m" in client.welcome.samplers


def test_a_selection_is_painted_and_nothing_else(client: Client) -> None:
    mask = np.zeros((SIDE, SIDE), np.uint8)
    mask[20:60, 30:80] = 255
    submit = a_submit(
        "red",
        mode="inpaint",
        model="tiny",
        candidates=2,
        steps=4,
        image=Picture(SIDE, SIDE, "rgba8", PHOTOGRAPH.tobytes()),
        mask=Picture(SIDE, SIDE, "gray8", mask.tobytes()),
    )
    heard = paint(client, submit)
    assert isinstance(heard[-1], Finished)
    painted = of_type(heard, Painted)
    assert sorted(message.candidate for message in painted) == [0, 1]
    for message in painted:
        paste, picture = message.paste, message.picture
        assert (picture.width, picture.height) == (paste.width, paste.height)
        paint_there = np.frombuffer(picture.data, np.uint8).reshape(paste.height, paste.width, 4)
        rows = slice(paste.top, paste.top + paste.height)
        columns = slice(paste.left, paste.left + paste.width)
        assert not np.any(paint_there[..., 3][mask[rows, columns] == 0])
        outside = np.ones_like(mask, bool)
        outside[rows, columns] = False
        assert not np.any(mask[outside]), "the selection is larger than the paste"


def test_a_seed_gives_the_same_pixels_again(client: Client) -> None:
    results = [
        of_type(
            paint(client, a_submit("red", model="tiny", candidates=1, steps=3, seed=4)), Painted
        )
        for _ in range(2)
    ]
    assert results[0][0].picture == results[1][0].picture
    other = of_type(
        paint(client, a_submit("red", model="tiny", candidates=1, steps=3, seed=5)), Painted
    )
    assert other[0].picture != results[0][0].picture


@pytest.mark.parametrize(
    ("fields", "code", "param"),
    [
        ({"sampler": "nonsense"}, codes.BAD_REQUEST, "sampler"),
        ({"model": "nonsense"}, codes.UNKNOWN_MODEL, "model"),
        ({"mode": "inpaint"}, codes.BAD_REQUEST, "image"),
        ({"strength": 7.0}, codes.BAD_REQUEST, "strength"),
    ],
)
def test_what_cannot_be_painted_is_a_sentence(
    client: Client, fields: dict[str, object], code: str, param: str
) -> None:
    failed = paint(client, a_submit("red", **{"model": "tiny", **fields}))[-1]
    assert isinstance(failed, Failed)
    assert (failed.code, failed.param) == (code, param)


def test_a_long_painting_is_cancelled_and_another_is_kept(client: Client) -> None:
    for word in ("cancel", "keep"):
        submit = a_submit("red", model="tiny", candidates=2, steps=500)
        client.send(submit)
        hear_until(client, Preview)
        if word == "cancel":
            client.send(Cancel(submit.job))
            assert hear_until(client, Cancelled)[-1].job == submit.job
        else:
            client.send(Keep(submit.job, [1]))
            heard = hear_until(client, Finished)
            assert [message.candidate for message in of_type(heard, Painted)] == [1]
            assert heard[-1].stopped_at < 500
            assert not of_type(heard, Started)
