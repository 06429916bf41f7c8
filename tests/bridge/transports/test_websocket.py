"""The whole bridge over a real socket, with a small engine in a thread."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection
from websockets.sync.client import connect as open_socket
from websockets.typing import Subprotocol

from bridge.server import Parts, Ready, running
from bridge.settings import Settings
from bridge.wire import errors as codes
from bridge.wire.client import Client
from bridge.wire.codec import decode, encode
from bridge.wire.connection import read_connection
from bridge.wire.limits import MAX_PREVIEW_BYTES
from bridge.wire.messages import (
    SUBPROTOCOL,
    TERMINAL,
    Accepted,
    Cancel,
    Cancelled,
    Failed,
    Fetch,
    Finished,
    Hello,
    History,
    Keep,
    Painted,
    Picture,
    Preview,
    Queued,
    Refused,
    Started,
    Welcome,
)
from bridge.workers.inline import InlineWorker
from tests.bridge.painters import FlatPainter
from tests.bridge.talk import (
    OFFER,
    a_submit,
    connect,
    hear,
    hear_until,
    new_id,
    of_type,
    paint,
)


def test_welcome_tells_what_there_is(client: Client) -> None:
    assert client.welcome.samplers == ["euler"]
    assert client.welcome.limits.candidates == 16
    assert client.welcome.limits.pending_jobs == 100
    assert client.welcome.seq == 0


def test_a_job_is_painted_from_end_to_end(client: Client) -> None:
    heard = paint(client, a_submit(seed=40, candidates=3))
    assert isinstance(heard[0], Accepted)
    started = of_type(heard, Started)[0]
    assert started.seeds == [40, 41, 42]
    painted = of_type(heard, Painted)
    assert [message.candidate for message in painted] == [0, 1, 2]
    assert set(painted[2].picture.data[:3]) == {42}
    assert isinstance(heard[-1], Finished)


def test_every_event_has_a_higher_seq(client: Client) -> None:
    heard = paint(client, a_submit()) + paint(client, a_submit())
    seqs = [message.seq for message in heard]
    assert seqs == sorted(set(seqs))


def test_previews_come_in_the_form_that_hello_asked_for(bridge: Ready) -> None:
    with connect(bridge, preview_codec="rgba8", preview_side=20) as client:
        submit = a_submit("slow", candidates=2)
        client.send(submit)
        previews = [hear_until(client, Preview)[-1]]
        while previews[-1].step < 2:
            previews.append(hear_until(client, Preview)[-1])
        client.send(Cancel(submit.job))
        hear_until(client, Cancelled)
    assert {preview.picture.format for preview in previews} == {"rgba8"}
    assert {len(preview.picture.data) for preview in previews} == {20 * 20 * 4}


def test_jpeg_previews_are_small(client: Client) -> None:
    submit = a_submit("slow", candidates=1)
    client.send(submit)
    preview = hear_until(client, Preview)[-1]
    assert preview.picture.data.startswith(b"\xff\xd8")
    assert len(preview.picture.data) <= MAX_PREVIEW_BYTES
    client.send(Cancel(submit.job))
    hear_until(client, Cancelled)


def test_no_previews_are_sent_when_none_are_wanted(client: Client) -> None:
    assert not of_type(paint(client, a_submit(previews=False)), Preview)


def test_cancel_stops_a_step_and_is_idempotent(client: Client) -> None:
    submit = a_submit("slow")
    client.send(submit)
    hear_until(client, Preview)
    client.send(Cancel(submit.job))
    end = hear_until(client, TERMINAL)[-1]
    assert isinstance(end, Cancelled)
    client.send(Cancel(submit.job))
    assert hear(client) == end


def test_cancelling_a_finished_job_tells_its_end_again(client: Client) -> None:
    submit = a_submit()
    end = paint(client, submit)[-1]
    client.send(Cancel(submit.job))
    assert hear(client) == end


def test_keep_ends_early_with_the_kept_candidates(client: Client) -> None:
    submit = a_submit("slow", candidates=4)
    client.send(submit)
    hear_until(client, Preview)
    client.send(Keep(submit.job, [1, 3]))
    heard = hear_until(client, TERMINAL)
    assert [painted.candidate for painted in of_type(heard, Painted)] == [1, 3]
    assert heard[-1].stopped_at == 2


def test_a_second_job_waits_and_is_told_its_place(client: Client) -> None:
    first, second = a_submit("slow"), a_submit()
    client.send(first)
    hear_until(client, Preview)
    client.send(second)
    waiting = hear_until(client, Accepted)[-1]
    assert (waiting.job, waiting.position) == (second.job, 1)
    client.send(Keep(second.job, [0]))
    refused = hear_until(client, Refused)[-1]
    assert (refused.code, refused.job) == (codes.OUT_OF_ORDER, second.job)
    client.send(Cancel(second.job))
    assert hear_until(client, Cancelled)[-1].job == second.job
    client.send(Cancel(first.job))
    assert hear_until(client, Cancelled)[-1].job == first.job


def test_jobs_of_other_sessions_are_out_of_reach(bridge: Ready, client: Client) -> None:
    submit = a_submit("slow")
    client.send(submit)
    hear_until(client, Preview)
    with connect(bridge) as stranger:
        for message in (Cancel(submit.job), Keep(submit.job, [0]), Fetch(submit.job)):
            stranger.send(message)
            refused = hear(stranger)
            assert isinstance(refused, Refused)
            assert (refused.code, refused.fatal) == (codes.UNKNOWN_JOB, False)
        stranger.send(Fetch())
        assert hear(stranger) == History([])
    client.send(Keep(submit.job, [0]))
    assert isinstance(hear_until(client, TERMINAL)[-1], Finished)


def test_two_clients_may_use_one_job_id(bridge: Ready, client: Client) -> None:
    submit = a_submit(seed=9)
    with connect(bridge) as other:
        client.send(submit)
        other.send(submit)
        for each in (client, other):
            assert isinstance(hear_until(each, TERMINAL)[-1], Finished)


@pytest.mark.parametrize(
    ("prompt", "code", "param"),
    [("wrong", codes.BAD_REQUEST, "prompt"), ("broken", codes.INTERNAL, "")],
)
def test_a_failure_is_a_code_and_a_sentence(
    client: Client, prompt: str, code: str, param: str
) -> None:
    failed = paint(client, a_submit(prompt))[-1]
    assert isinstance(failed, Failed)
    assert (failed.code, failed.param) == (code, param)
    assert failed.message.endswith(".")
    assert "Traceback" not in failed.message
    assert isinstance(paint(client, a_submit())[-1], Finished)


def test_a_job_id_is_taken_once(client: Client) -> None:
    submit = a_submit()
    paint(client, submit)
    client.send(submit)
    refused = hear(client)
    assert isinstance(refused, Refused)
    assert (refused.code, refused.job) == (codes.DUPLICATE_JOB, submit.job)


def test_resume_brings_back_what_was_missed(bridge: Ready) -> None:
    session, submit = new_id(), a_submit("slow", candidates=2)
    with connect(bridge, session) as client:
        client.send(submit)
        seen = hear_until(client, Started)[-1].seq
    with connect(bridge, session, resume=seen) as client:
        previews = {hear_until(client, Preview)[-1].candidate for _ in range(2)}
        client.send(Keep(submit.job, [0, 1]))
        hear_until(client, Preview if len(previews) < 2 else Finished)
    with connect(bridge, session, resume=seen) as client:
        heard = hear_until(client, Finished)
    assert client.welcome.seq >= heard[-1].seq
    assert len(of_type(heard, Painted)) == 2
    assert not of_type(heard, Preview)


def test_without_resume_only_new_events_come(bridge: Ready) -> None:
    session = new_id()
    with connect(bridge, session) as client:
        old = paint(client, a_submit())[-1]
    with connect(bridge, session) as client:
        assert client.welcome.seq == old.seq
        assert min(message.seq for message in paint(client, a_submit())) > old.seq


def test_a_resume_from_another_life_of_the_bridge_hides_nothing(bridge: Ready) -> None:
    with connect(bridge, resume=10_000) as client:
        assert isinstance(paint(client, a_submit())[-1], Finished)


def test_both_connections_of_a_session_hear_its_events(bridge: Ready) -> None:
    session = new_id()
    with connect(bridge, session) as one, connect(bridge, session) as two:
        end = paint(one, a_submit())[-1]
        assert hear_until(two, TERMINAL)[-1] == end


def test_results_are_fetched_again_and_listed(client: Client) -> None:
    submit = a_submit("a moon", candidates=2)
    painted = of_type(paint(client, submit), Painted)
    client.send(Fetch(submit.job))
    assert of_type(hear_until(client, Finished), Painted) == painted
    client.send(Fetch())
    history = hear(client)
    assert isinstance(history, History)
    line = history.jobs[0]
    assert (line.job, line.state, line.prompt, line.results) == (
        submit.job,
        "finished",
        "a moon",
        [0, 1],
    )


def test_an_unchanged_layer_is_sent_once(bridge: Ready, client: Client) -> None:
    pixels = np.arange(32 * 32 * 4, dtype=np.uint32).astype(np.uint8).tobytes()
    sha256 = hashlib.sha256(pixels).hexdigest()
    whole = Picture(32, 32, "rgba8", pixels, sha256)
    named = Picture(32, 32, "rgba8", b"", sha256)
    mask = Picture(32, 32, "gray8", b"\xff" * 1024)
    for image in (whole, named):
        painted = of_type(
            paint(client, a_submit("echo", mode="inpaint", image=image, mask=mask)), Painted
        )
        assert painted[0].picture.data == pixels
    with connect(bridge) as stranger:
        stranger.send(a_submit("echo", mode="inpaint", image=named, mask=mask))
        refused = hear(stranger)
        assert isinstance(refused, Refused)
        assert refused.code == codes.UNKNOWN_PICTURE


def test_a_wrong_hash_is_refused(client: Client) -> None:
    image = Picture(1, 1, "rgba8", b"abcd", "0" * 64)
    client.send(a_submit(mode="vary", image=image))
    refused = hear(client)
    assert isinstance(refused, Refused)
    assert refused.param == "image.sha256"


def test_a_layer_beyond_the_library_s_usual_limit_passes(client: Client) -> None:
    side = 2304  # 2048x2048 RGBA is exactly the default limit
    pixels = bytes(range(256)) * (side * side * 4 // 256)
    image = Picture(side, side, "rgba8", pixels)
    mask = Picture(side, side, "gray8", b"\xff" * (side * side))
    heard = paint(client, a_submit("echo", mode="inpaint", image=image, mask=mask, candidates=1))
    assert of_type(heard, Painted)[0].picture.data == pixels


def test_jobs_wait_for_their_painter_unless_told_otherwise(bridge: Ready) -> None:
    blocker, session = a_submit("slow"), new_id()
    with connect(bridge) as busy:
        busy.send(blocker)
        hear_until(busy, Preview)
        kept, dropped = a_submit(), a_submit(on_disconnect="cancel")
        with connect(bridge, session) as client:
            client.send(kept)
            client.send(dropped)
            seen = [hear_until(client, Accepted)[-1] for _ in range(2)][-1].seq
        busy.send(Cancel(blocker.job))
    with connect(bridge, session, resume=seen) as client:
        ends = {message.job: message for message in hear_ends(client, 2)}
    assert isinstance(ends[kept.job], Finished)
    assert isinstance(ends[dropped.job], Cancelled)


def test_a_full_queue_is_a_clear_refusal(settings: Settings) -> None:
    parts = Parts(worker=InlineWorker(FlatPainter()), offer=OFFER)
    small = settings.model_copy(update={"max_pending_jobs": 2})
    with running(small, parts) as ready, connect(ready) as client:
        slow = a_submit("slow")
        client.send(slow)
        hear_until(client, Preview)
        for _ in range(3):
            client.send(a_submit())
        refused = hear_until(client, Refused)[-1]
        assert (refused.code, refused.fatal) == (codes.QUEUE_FULL, False)
        assert "2 jobs" in refused.message
        client.send(Cancel(slow.job))
        assert len(hear_ends(client, 3)) == 3


def test_places_in_the_queue_are_updated(client: Client) -> None:
    jobs = [a_submit("slow"), a_submit("slow"), a_submit()]
    for job in jobs:
        client.send(job)
    places = [message.position for message in (hear_until(client, Accepted)[-1] for _ in jobs)]
    assert places[2] == 2
    client.send(Cancel(jobs[1].job))
    moved = next(m for m in iter(lambda: hear(client), None) if isinstance(m, Queued))
    assert moved.job in (jobs[1].job, jobs[2].job)
    client.send(Cancel(jobs[0].job))
    assert len(hear_ends(client, 2)) == 2


HELLO = encode(Hello(1, "hostile", new_id()))
HEADER = b'{"type":"cancel","blobs":[],"job":"x"}'
HOSTILE_FRAMES = [
    b"",
    b"\x00",
    b"\xff\xff\xff\xff",
    struct.pack("<I", 2**31) + b"{}",
    struct.pack("<I", 2) + b"[]",
    struct.pack("<I", 4) + b"null",
    struct.pack("<I", 5) + b"\xff\xfe\xfd\xfc\xfb",
    struct.pack("<I", len(HEADER)) + HEADER + b"surplus",
    struct.pack("<I", 16) + b'{"type":"evil"} ',
    struct.pack("<I", 60_000) + b"[" * 60_000,
    HELLO,
    encode(History([])),
    "a text frame",
]


@pytest.mark.parametrize("frame", HOSTILE_FRAMES)
def test_an_illegal_frame_closes_its_connection_and_touches_nothing_else(
    bridge: Ready, client: Client, frame: bytes | str
) -> None:
    with raw_socket(bridge) as socket:
        socket.send(HELLO)
        assert isinstance(decode(bytes(socket.recv(10)), "server"), Welcome)
        socket.send(frame)
        refused = decode(bytes(socket.recv(10)), "server")
        assert isinstance(refused, Refused)
        assert refused.fatal
        with pytest.raises(ConnectionClosed) as closed:
            socket.recv(10)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code in (1002, 1003)
    assert closed.value.rcvd.reason
    assert isinstance(paint(client, a_submit())[-1], Finished)


def test_a_client_of_another_version_is_told_so(bridge: Ready) -> None:
    with pytest.raises(codes.RejectedError, match="version 9"):
        Client.open(read_connection(bridge.connection_file), Hello(9, "old", new_id()))


def test_a_client_without_our_subprotocol_is_told_so(bridge: Ready) -> None:
    with raw_socket(bridge, "mahlstick.v9") as socket:
        refused = decode(bytes(socket.recv(10)), "server")
    assert isinstance(refused, Refused)
    assert refused.code == codes.UNSUPPORTED_VERSION


def test_a_client_that_does_not_read_delays_nobody(bridge: Ready, client: Client) -> None:
    side = 1024
    image = Picture(side, side, "rgba8", bytes(side * side * 4))
    mask = Picture(side, side, "gray8", b"\xff" * (side * side))
    session = new_id()
    with raw_socket(bridge, max_queue=1) as stalled:
        stalled.send(encode(Hello(1, "stalled", session)))
        jobs = [
            a_submit("echo", mode="inpaint", image=image, mask=mask, candidates=4) for _ in range(3)
        ]
        for job in jobs:
            stalled.send(encode(job))
        for _ in range(5):
            assert isinstance(paint(client, a_submit())[-1], Finished)
    with connect(bridge, session, resume=0) as again:
        heard = [hear_until(again, TERMINAL) for _ in jobs]
        assert [len(of_type(messages, Painted)) for messages in heard] == [4, 4, 4]


def test_a_frame_that_claims_too_much_is_cut_off_at_its_first_bytes(
    bridge: Ready, client: Client
) -> None:
    with raw_socket(bridge) as hostile:
        hostile.send(HELLO)
        hostile.recv(10)
        # FIN + binary, masked, 2**40 bytes announced, the mask, and nothing of them
        hostile.socket.sendall(b"\x82\xff" + (2**40).to_bytes(8, "big") + b"mask")
        with pytest.raises(ConnectionClosed) as closed:
            hostile.recv(10)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1009
    assert isinstance(paint(client, a_submit())[-1], Finished)


def test_a_frame_above_the_limit_is_refused_with_a_sentence(
    bridge: Ready, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bridge.wire.codec.MAX_MESSAGE_BYTES", 5000)
    with raw_socket(bridge) as socket:
        socket.send(HELLO)
        socket.recv(10)
        socket.send(bytes(5001))
        refused = decode(bytes(socket.recv(10)), "server")
        with pytest.raises(ConnectionClosed) as closed:
            socket.recv(10)
    assert isinstance(refused, Refused)
    assert refused.code == codes.TOO_LARGE
    assert "5001" in refused.message
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1009


def test_silence_instead_of_hello_is_not_waited_for(settings: Settings) -> None:
    parts = Parts(worker=InlineWorker(FlatPainter()), offer=OFFER, hello_s=0.05)
    with running(settings, parts) as ready, raw_socket(ready) as socket:
        refused = decode(bytes(socket.recv(10)), "server")
    assert isinstance(refused, Refused)
    assert (refused.code, refused.fatal) == (codes.OUT_OF_ORDER, True)


@contextmanager
def raw_socket(
    ready: Ready, subprotocol: str = SUBPROTOCOL, **options: int
) -> Iterator[ClientConnection]:
    token = read_connection(ready.connection_file).token
    with open_socket(
        ready.url,
        subprotocols=[Subprotocol(subprotocol)],
        additional_headers={"Authorization": f"Bearer {token}"},
        compression=None,
        proxy=None,
        close_timeout=0.2,
        **options,
    ) as socket:
        yield socket


def hear_ends(client: Client, count: int) -> list[Finished | Cancelled | Failed]:
    return [hear_until(client, TERMINAL)[-1] for _ in range(count)]
