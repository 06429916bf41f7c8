"""POST /sign: what clients put together from results leaves with the bridge's seal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import pytest

from bridge.server import Parts, Ready, running
from bridge.settings import Settings
from bridge.signing import verified
from bridge.signing.manifest import RECORD
from bridge.wire.connection import read_connection
from bridge.wire.messages import Finished
from bridge.workers.inline import InlineWorker
from tests.bridge.painters import FlatPainter
from tests.bridge.talk import OFFER, a_submit, connect, new_id, paint
from tests.bridge.transports.openai_talk import file_of, noisy

PICTURE = file_of(noisy(30, 20), "PNG")


@pytest.fixture
def ready(settings: Settings) -> Iterator[Ready]:
    with running(settings, Parts(InlineWorker(FlatPainter()), offer=OFFER)) as bridge:
        yield bridge


@pytest.fixture
def painted(ready: Ready) -> dict[str, str]:
    """Return the texts that name a result."""
    session, submit = new_id(), a_submit("a wall", candidates=2)
    with connect(ready, session) as client:
        assert isinstance(paint(client, submit)[-1], Finished)
    return {"session": session, "job": submit.job, "candidate": "1"}


def sign(
    ready: Ready, texts: Mapping[str, str], files: Mapping[str, Any], **headers: str
) -> httpx.Response:
    token = read_connection(ready.connection_file).token
    return httpx.post(
        f"http://127.0.0.1:{ready.port}/sign",
        data=dict(texts),
        files=dict(files),
        headers={"Authorization": f"Bearer {token}", **headers},
        timeout=60,
    )


def test_a_picture_is_signed_with_the_bridges_own_record(
    ready: Ready, painted: dict[str, str]
) -> None:
    answer = sign(ready, painted, {"file": PICTURE, "origin": PICTURE})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
    told = verified(answer.content, "image/png")
    assert told is not None
    assert told["validation_state"] == "Valid"
    manifest = told["manifests"][told["active_manifest"]]
    record = next(a["data"] for a in manifest["assertions"] if a["label"] == RECORD)
    assert record == {"mode": "generate", "prompt": "a wall", "seed": 5}
    assert len(manifest["ingredients"]) == 1


@pytest.mark.parametrize(
    ("texts", "files", "status", "param"),
    [
        ({"job": ""}, {"file": PICTURE}, 400, "job"),
        ({"candidate": "-1"}, {"file": PICTURE}, 400, "candidate"),
        ({"candidate": "99999"}, {"file": PICTURE}, 400, "candidate"),
        ({"candidate": "7"}, {"file": PICTURE}, 404, "job"),
        ({"job": "another"}, {"file": PICTURE}, 404, "job"),
        ({"session": "another"}, {"file": PICTURE}, 404, "job"),
        ({}, {"origin": PICTURE}, 400, "file"),
        ({}, {"file": b"GIF89a"}, 400, "file"),
        ({}, {"file": PICTURE, "origin": b"%PDF"}, 400, "origin"),
    ],
)
def test_what_is_wrong_is_named_in_a_sentence(
    ready: Ready,
    painted: dict[str, str],
    texts: dict[str, str],
    files: dict[str, bytes],
    status: int,
    param: str,
) -> None:
    answer = sign(ready, {**painted, **texts}, files)
    told = answer.json()["error"]
    assert (answer.status_code, told["param"]) == (status, param)
    assert told["message"].endswith(".")


def test_only_the_painters_own_programs_get_a_signature(
    ready: Ready, painted: dict[str, str]
) -> None:
    files = {"file": PICTURE}
    assert sign(ready, painted, files, Authorization="Bearer wrong").status_code == 401
    assert sign(ready, painted, files, Origin="https://evil.example").status_code == 403
    assert sign(ready, painted, files, Host="evil.example").status_code == 403


def test_a_body_that_is_no_form_is_refused(ready: Ready) -> None:
    token = read_connection(ready.connection_file).token
    answer = httpx.post(
        f"http://127.0.0.1:{ready.port}/sign",
        content=b"{}",
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
        timeout=60,
    )
    assert answer.status_code == 400
