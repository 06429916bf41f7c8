"""One connection's conversation, as scripts: what is said, what it brings about."""

from __future__ import annotations

import pytest

from bridge.session import (
    Answer,
    CancelJob,
    Close,
    Conversation,
    Enqueue,
    Greet,
    KeepJob,
    Phase,
    SendHistory,
    SendResults,
)
from bridge.wire import errors as codes
from bridge.wire.errors import DecodeError
from bridge.wire.messages import Cancel, Fetch, Hello, Keep, Limits, Submit

SESSION = "6f1c9a52-6a0e-4e1c-9f6d-2f3b6f0a7c11"
JOB = "0a6a2c9e-51f3-4a53-8f0b-1f0a9b1d2c33"
LIMITS = Limits(1000, 512, 16, 500, 100)
HELLO = Hello(1, "test", SESSION)


@pytest.fixture
def talk() -> Conversation:
    return Conversation(LIMITS)


@pytest.fixture
def open_talk(talk: Conversation) -> Conversation:
    talk.received(HELLO)
    return talk


def test_hello_opens_the_conversation(talk: Conversation) -> None:
    assert talk.received(HELLO) == Greet(HELLO)
    assert talk.phase is Phase.OPEN


@pytest.mark.parametrize("message", [Submit(JOB, "generate"), Cancel(JOB), Keep(JOB, [0]), Fetch()])
def test_nothing_is_accepted_before_hello(
    talk: Conversation, message: Submit | Cancel | Keep | Fetch
) -> None:
    effect = talk.received(message)
    assert isinstance(effect, Close)
    assert (effect.code, effect.last.code) == (1002, codes.OUT_OF_ORDER)
    assert message.type in effect.last.message


def test_a_second_hello_closes(open_talk: Conversation) -> None:
    effect = open_talk.received(HELLO)
    assert isinstance(effect, Close)
    assert effect.last.fatal


@pytest.mark.parametrize(
    ("hello", "code", "param"),
    [
        (Hello(2, "test", SESSION), codes.UNSUPPORTED_VERSION, "version"),
        (Hello(0, "test", SESSION), codes.UNSUPPORTED_VERSION, "version"),
        (Hello(1, "test", "../../etc"), codes.BAD_REQUEST, "session"),
        (Hello(1, "test", SESSION.replace("-", "")), codes.BAD_REQUEST, "session"),
        (Hello(1, "test", SESSION, preview_side=15), codes.BAD_REQUEST, "preview_side"),
        (Hello(1, "test", SESSION, preview_side=10**9), codes.BAD_REQUEST, "preview_side"),
    ],
)
def test_a_wrong_hello_closes_with_a_sentence(
    talk: Conversation, hello: Hello, code: str, param: str
) -> None:
    effect = talk.received(hello)
    assert isinstance(effect, Close)
    assert (effect.last.code, effect.last.param, effect.code) == (code, param, 1008)
    assert talk.phase is Phase.CLOSED


def test_each_message_has_its_effect(open_talk: Conversation) -> None:
    submit = Submit(JOB, "generate")
    assert open_talk.received(submit) == Enqueue(submit)
    assert open_talk.received(Cancel(JOB)) == CancelJob(JOB)
    assert open_talk.received(Keep(JOB, [1, 1, 0])) == KeepJob(JOB, frozenset({0, 1}))
    assert open_talk.received(Fetch(JOB)) == SendResults(JOB)
    assert open_talk.received(Fetch()) == SendHistory()


@pytest.mark.parametrize(
    ("submit", "param"),
    [
        (Submit("1", "generate"), "job"),
        (Submit(JOB, "generate", candidates=0), "candidates"),
        (Submit(JOB, "generate", candidates=17), "candidates"),
        (Submit(JOB, "generate", steps=0), "steps"),
        (Submit(JOB, "generate", steps=501), "steps"),
        (Submit(JOB, "generate", width=0, height=8), "width"),
        (Submit(JOB, "generate", width=8, height=513), "height"),
    ],
)
def test_a_value_out_of_range_is_refused_and_the_talk_goes_on(
    open_talk: Conversation, submit: Submit, param: str
) -> None:
    effect = open_talk.received(submit)
    assert isinstance(effect, Answer)
    assert (effect.message.code, effect.message.param) == (codes.BAD_REQUEST, param)
    assert not effect.message.fatal
    assert open_talk.received(Cancel(JOB)) == CancelJob(JOB)


def test_keeping_nobody_is_refused(open_talk: Conversation) -> None:
    effect = open_talk.received(Keep(JOB, []))
    assert isinstance(effect, Answer)
    assert effect.message.job == JOB


@pytest.mark.parametrize(
    ("error", "close_code"),
    [
        (DecodeError(codes.BAD_MESSAGE, "No header."), 1002),
        (DecodeError(codes.TOO_LARGE, "Too large."), 1009),
    ],
)
def test_an_illegal_frame_closes(
    open_talk: Conversation, error: DecodeError, close_code: int
) -> None:
    effect = open_talk.undecodable(error)
    assert isinstance(effect, Close)
    assert (effect.code, effect.last.message) == (close_code, error.message)


def test_a_frame_with_a_bad_value_is_refused_for_its_job(open_talk: Conversation) -> None:
    effect = open_talk.undecodable(DecodeError(codes.BAD_REQUEST, "No.", "mask", JOB, "submit"))
    assert isinstance(effect, Answer)
    assert (effect.message.job, effect.message.param) == (JOB, "mask")


def test_a_bad_value_before_hello_closes(talk: Conversation) -> None:
    assert isinstance(talk.undecodable(DecodeError(codes.BAD_REQUEST, "No.")), Close)


def test_a_text_frame_closes(open_talk: Conversation) -> None:
    effect = open_talk.text()
    assert isinstance(effect, Close)
    assert effect.code == 1003


def test_silence_and_a_foreign_subprotocol_close() -> None:
    overdue = Conversation(LIMITS).hello_overdue()
    foreign = Conversation(LIMITS).wrong_subprotocol()
    assert isinstance(overdue, Close)
    assert isinstance(foreign, Close)
    assert (overdue.code, foreign.last.code) == (1008, codes.UNSUPPORTED_VERSION)


def test_a_closed_conversation_brings_about_nothing(talk: Conversation) -> None:
    talk.text()
    assert talk.received(HELLO) is None
    assert talk.text() is None
    assert talk.undecodable(DecodeError(codes.BAD_MESSAGE, "No.")) is None
    assert talk.phase is Phase.CLOSED


def test_a_close_reason_fits_its_frame(open_talk: Conversation) -> None:
    effect = open_talk.undecodable(DecodeError(codes.BAD_MESSAGE, "ä" * 200))
    assert isinstance(effect, Close)
    assert effect.reason == "ä" * 61
