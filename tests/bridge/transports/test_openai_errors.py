"""Everything that goes wrong with the OpenAI API, as the official client sees it."""

from __future__ import annotations

import http.client
import json
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any

import httpx2
import openai as errors
import pytest
from openai import OpenAI
from PIL import Image

from bridge.server import Parts, Ready, running
from bridge.wire.connection import read_connection
from bridge.workers.inline import InlineWorker
from engine import (
    Control,
    Event,
    ModelError,
    OutOfMemoryError,
    PaintRequest,
    RefusedError,
    RequestError,
    UnknownWordsError,
)
from tests.bridge.painters import FlatPainter
from tests.bridge.talk import OFFER, settings_in
from tests.bridge.transports.openai_talk import noisy, official, png, vary, with_hole
from tests.bridge.transports.test_watching import health, wait_until

FAULTS: dict[str, Exception] = {
    "refused": RefusedError("violence", "The prompt is not allowed."),
    "unknown": UnknownWordsError("None of the words are known.", ("moon", "sea")),
    "huge": OutOfMemoryError("This does not fit into memory; 512x512 would."),
    "missing": ModelError("The model's weights are missing."),
    "sampler": RequestError("sampler", "There is no sampler of this name."),
    "broken": ZeroDivisionError("a secret of the inside"),
}


class FaultyPainter(FlatPainter):
    """Fails as the prompt says, before anything else."""

    def paint(self, request: PaintRequest, control: Control) -> Iterator[Event]:
        if request.prompt in FAULTS:
            raise FAULTS[request.prompt]
        return super().paint(request, control)


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenAI]:
    settings = settings_in(tmp_path_factory.mktemp("faulty"))
    parts = Parts(InlineWorker(FaultyPainter()), offer=OFFER)
    with running(settings, parts) as ready, official(ready, max_retries=2) as client:
        yield client


def refused(error: errors.APIStatusError) -> dict[str, Any]:
    """Return the error's object, after a look at what every answer must have."""
    assert error.request_id
    body: Any = error.body
    assert {"message", "type", "param", "code"} <= set(body)
    assert body["message"].endswith(".")
    assert "Traceback" not in body["message"]
    return body


@pytest.mark.parametrize(
    ("prompt", "status", "kind", "code", "param"),
    [
        ("refused", 400, "image_generation_user_error", "moderation_blocked", None),
        ("unknown", 400, "image_generation_user_error", "unknown_words", "prompt"),
        ("huge", 400, "invalid_request_error", "out_of_memory", None),
        ("missing", 404, "invalid_request_error", "model_not_found", "model"),
        ("sampler", 400, "invalid_request_error", "invalid_value", "sampler"),
        ("broken", 500, "server_error", "internal", None),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_a_job_that_fails_is_an_error_in_openai_s_shape(
    faulty: OpenAI, prompt: str, status: int, kind: str, code: str, param: str | None, stream: bool
) -> None:
    with pytest.raises(errors.APIStatusError) as raised:
        faulty.images.generate(prompt=prompt, stream=stream)
    error = refused(raised.value)
    assert raised.value.status_code == status
    assert (error["type"], error["code"], error["param"]) == (kind, code, param)
    assert raised.value.response.headers["x-should-retry"] == "false"
    assert "secret" not in error["message"]


def test_a_refusal_says_what_may_be_done(faulty: OpenAI) -> None:
    with pytest.raises(errors.BadRequestError) as raised:
        faulty.images.generate(prompt="unknown")
    assert refused(raised.value)["suggestions"] == ["moon", "sea"]
    with pytest.raises(errors.BadRequestError) as raised:
        faulty.images.generate(prompt="refused")
    assert refused(raised.value)["category"] == "violence"


def test_a_stream_that_fails_in_the_middle_raises(tmp_path_factory: pytest.TempPathFactory) -> None:
    class LatePainter(FlatPainter):
        def paint(self, request: PaintRequest, control: Control) -> Iterator[Event]:
            for number, event in enumerate(super().paint(request, control)):
                if number == 4:
                    raise RefusedError("nudity", "The picture is not allowed.")
                yield event

    settings = settings_in(tmp_path_factory.mktemp("late"))
    parts = Parts(InlineWorker(LatePainter()), offer=OFFER)
    with running(settings, parts) as ready, official(ready) as client:
        stream = client.images.generate(prompt="", stream=True, partial_images=3)
        assert next(stream).type == "image_generation.partial_image"  # type: ignore[call-overload]
        with pytest.raises(errors.APIError, match="not allowed") as raised:
            list(stream)
    body: Any = raised.value.body
    assert body["code"] == "moderation_blocked"


WRONG_FIELDS: list[tuple[dict[str, Any], str, str]] = [
    ({"n": 0}, "n", "invalid_value"),
    ({"n": 11}, "n", "invalid_value"),
    ({"size": "huge"}, "size", "invalid_value"),
    ({"size": "0x10"}, "size", "invalid_value"),
    ({"size": "9000x10"}, "size", "invalid_value"),
    ({"response_format": "file"}, "response_format", "invalid_value"),
    ({"output_format": "gif"}, "output_format", "invalid_value"),
    ({"output_compression": 101}, "output_compression", "invalid_value"),
    ({"background": "transparent"}, "background", "invalid_value"),
    ({"partial_images": 2}, "partial_images", "invalid_value"),
    ({"stream": True, "partial_images": 4}, "partial_images", "invalid_value"),
    ({"stream": True, "response_format": "url"}, "response_format", "invalid_value"),
    ({"extra_body": {"stream": True, "contact_sheet": True}}, "contact_sheet", "invalid_value"),
    ({"extra_body": {"sed": 1}}, "sed", "unknown_parameter"),
    ({"extra_body": {"seed": -1}}, "seed", "invalid_value"),
    ({"extra_body": {"steps": 0}}, "steps", "invalid_value"),
    ({"extra_body": {"steps": 501}}, "steps", "invalid_value"),
    ({"extra_body": {"guidance": "much"}}, "guidance", "invalid_value"),
    ({"extra_body": {"strength": 0.5}}, "strength", "unknown_parameter"),
    ({"prompt": "x" * 32_001}, "prompt", "invalid_value"),
    ({"prompt": None}, "prompt", "missing_required_parameter"),
]


@pytest.mark.parametrize(("given", "param", "code"), WRONG_FIELDS)
def test_a_wrong_field_is_named(
    openai: OpenAI, given: dict[str, Any], param: str, code: str
) -> None:
    with pytest.raises(errors.BadRequestError) as raised:
        openai.images.generate(**{"prompt": "", **given})
    error = refused(raised.value)
    assert (error["param"], error["code"]) == (param, code)
    assert param in error["message"]


def test_an_unknown_model_is_an_error(openai: OpenAI) -> None:
    for ask in (
        lambda: openai.images.generate(prompt="", model="dall-f"),
        lambda: openai.models.retrieve("dall-f"),
    ):
        with pytest.raises(errors.NotFoundError) as raised:
            ask()
        error = refused(raised.value)
        assert (error["param"], error["code"]) == ("model", "model_not_found")


def bomb(width: int, height: int) -> bytes:
    """Return a PNG that says it is huge, with hardly a byte of pixels."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", head), (b"IDAT", zlib.compress(bytes(100_000))), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks
    )


def animated() -> bytes:
    file = BytesIO()
    frames = [Image.fromarray(noisy(8, 8)) for _ in range(2)]
    frames[1].putpixel((0, 0), (1, 2, 3, 255))
    frames[0].save(file, "WEBP", save_all=True, append_images=frames[1:], lossless=True)
    return file.getvalue()


def saved(mode: str, kind: str) -> bytes:
    file = BytesIO()
    Image.new(mode, (8, 8)).save(file, kind)
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "status", "said"),
    [
        (b"a text file called .png", 400, "damaged"),
        (b"", 400, "damaged"),
        (png(noisy(64, 64))[1][:900], 400, "damaged"),
        (saved("RGB", "BMP"), 400, "PNG, JPEG or WebP"),
        (saved("CMYK", "JPEG"), 400, "CMYK"),
        (saved("I;16", "PNG"), 400, "8 bits"),
        (animated(), 400, "animated"),
        (bomb(13_000, 13_000), 413, "13000x13000"),
        (bomb(100_000, 100_000), 413, "too large"),
        (bomb(8_193, 1), 413, "8193x1"),
    ],
)
def test_a_picture_that_cannot_be_used_is_refused(
    openai: OpenAI, content: bytes, status: int, said: str
) -> None:
    for ask in (
        lambda: openai.images.edit(image=("x.png", content), prompt=""),
        lambda: vary(openai, image=("x.png", content)),
    ):
        with pytest.raises(errors.APIStatusError) as raised:
            ask()
        assert raised.value.status_code == status
        error = refused(raised.value)
        assert error["param"] == "image"
        assert said in error["message"]


def test_an_edit_s_mistakes_are_named(openai: OpenAI) -> None:
    image = png(noisy(20, 10))
    holed = with_hole(noisy(20, 10))[0]
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"mask": png(noisy(20, 11))}, "mask"),
        ({"mask": png(noisy(20, 10))}, "mask"),  # opaque
        ({"mask": ("x.png", b"nothing")}, "mask"),
        ({"image": [image, image]}, "image"),
        ({"size": "20x20"}, "size"),
        ({"n": 12}, "n"),
        ({"extra_body": {"strength": 0}}, "strength"),
        ({"extra_body": {"sed": 1}}, "sed"),
    ]
    for given, param in wrong:
        with pytest.raises(errors.BadRequestError) as raised:
            openai.images.edit(**{"image": image, "prompt": "", **given})
        assert refused(raised.value)["param"] == param
    assert openai.images.edit(image=png(holed), prompt="").data  # nothing of that was harmful


def test_the_wrong_token_is_refused(bridge: Ready) -> None:
    with official(bridge, api_key="wrong") as client:
        with pytest.raises(errors.AuthenticationError) as raised:
            client.images.generate(prompt="")
        assert refused(raised.value)["code"] == "unauthorized"
        with pytest.raises(errors.AuthenticationError):
            client.models.list()


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost:3000"])
def test_a_web_page_is_refused(bridge: Ready, origin: str) -> None:
    with official(bridge, default_headers={"Origin": origin}) as client:
        with pytest.raises(errors.PermissionDeniedError) as raised:
            client.images.generate(prompt="")
        assert refused(raised.value)["code"] == "forbidden_origin"


def ask(bridge: Ready, method: str, path: str, body: bytes, **headers: str) -> tuple[int, Any]:
    token = read_connection(bridge.connection_file).token
    connection = http.client.HTTPConnection("127.0.0.1", bridge.port, timeout=20)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, body, {"Authorization": f"Bearer {token}", **named})
    answer = connection.getresponse()
    content = json.loads(answer.read())
    assert answer.getheader("x-request-id")
    connection.close()
    return answer.status, content["error"]["code"]


JSON = "application/json"
FORM = "multipart/form-data; boundary=b"


@pytest.mark.parametrize(
    ("method", "path", "kind", "body", "expected"),
    [
        ("POST", "/v1/images/generations", JSON, b"{", (400, "invalid_json")),
        ("POST", "/v1/images/generations", JSON, b"[1]", (400, "invalid_json")),
        ("POST", "/v1/images/generations", JSON, b"[" * 99_999, (400, "invalid_json")),
        ("POST", "/v1/images/generations", JSON, b"\xff\xfe", (400, "invalid_json")),
        ("POST", "/v1/images/generations", JSON, b" " * 2**21, (413, "too_large")),
        ("POST", "/v1/images/generations", "text/plain", b"{}", (415, "unsupported_media_type")),
        ("POST", "/v1/images/edits", JSON, b"{}", (415, "unsupported_media_type")),
        ("POST", "/v1/images/edits", FORM, b"nonsense", (400, "invalid_form")),
        ("POST", "/v1/images/edits", FORM, b"--b--\r\n", (400, "missing_required_parameter")),
        ("GET", "/v1/images/generations", JSON, b"", (405, "method_not_allowed")),
        ("DELETE", "/v1/models/flat", JSON, b"", (405, "method_not_allowed")),
        ("GET", "/v1/chat/completions", JSON, b"", (404, "unknown_url")),
    ],
)
def test_what_no_client_should_send_is_answered_in_shape(
    bridge: Ready, method: str, path: str, kind: str, body: bytes, expected: tuple[int, str]
) -> None:
    assert ask(bridge, method, path, body, Content_Type=kind) == expected


def test_a_form_without_a_known_length_is_refused(bridge: Ready) -> None:
    too_long = {"Content_Type": FORM, "Content_Length": str(2**40)}
    assert ask(bridge, "POST", "/v1/images/edits", b"", **too_long) == (413, "too_large")


def test_a_full_queue_is_said_at_once(tmp_path_factory: pytest.TempPathFactory) -> None:
    settings = settings_in(tmp_path_factory.mktemp("full"), max_pending_jobs=1)
    parts = Parts(InlineWorker(FlatPainter()), offer=OFFER)
    with running(settings, parts) as ready, official(ready, max_retries=2) as client:
        painting = client.images.generate(prompt="slow", stream=True, partial_images=3)
        next(iter(painting))
        with waiting(ready), pytest.raises(errors.RateLimitError) as raised:
            client.images.generate(prompt="")
        painting.close()
    assert refused(raised.value)["code"] == "queue_full"
    assert raised.value.response.headers["x-should-retry"] == "false"


@contextmanager
def waiting(bridge: Ready) -> Iterator[None]:
    """Have one more job wait in the queue."""
    token = read_connection(bridge.connection_file).token
    connection = http.client.HTTPConnection("127.0.0.1", bridge.port, timeout=20)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": JSON}
    connection.request("POST", "/v1/images/generations", b'{"prompt": ""}', headers)
    try:
        wait_until(lambda: health(bridge)["queue"]["waiting"] == 1)
        yield
    finally:
        connection.close()


def test_the_rate_limit_says_when_to_come_again(tmp_path_factory: pytest.TempPathFactory) -> None:
    settings = settings_in(tmp_path_factory.mktemp("paced"), images_per_minute=3)
    parts = Parts(InlineWorker(FlatPainter()), offer=OFFER)
    with running(settings, parts) as ready, official(ready) as client:
        client.images.generate(prompt="", n=2)
        with pytest.raises(errors.RateLimitError) as raised:
            client.images.generate(prompt="", n=2)
        client.images.generate(prompt="", n=1)
        with pytest.raises(errors.BadRequestError, match="3 a minute"):
            client.images.generate(prompt="", n=4)
    assert refused(raised.value)["code"] == "rate_limit_exceeded"
    headers: httpx2.Headers = raised.value.response.headers
    assert 1 <= int(headers["retry-after"]) <= 60
    assert "x-should-retry" not in headers
