"""The OpenAI Images API, spoken by the official client to a running bridge."""

from __future__ import annotations

import base64
import http.client
import time
import urllib.request
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest
from openai import OpenAI
from PIL import Image

from bridge.offer import Offer
from bridge.server import Parts, Ready, running
from bridge.settings import Settings
from bridge.signing import verified
from bridge.transports.openai.studio import SESSION
from bridge.wire.connection import read_connection
from bridge.wire.errors import RejectedError
from bridge.wire.messages import Fetch, History, ModelInfo
from bridge.workers.inline import InlineWorker
from bridge.workers.process import EngineChoice
from tests.bridge.painters import FlatPainter
from tests.bridge.talk import OFFER, connect, hear_until, settings_in
from tests.bridge.transports.openai_talk import (
    file_of,
    noisy,
    official,
    picture,
    pixels_of,
    png,
    vary,
    with_hole,
)


def test_a_prompt_becomes_a_picture(openai: OpenAI) -> None:
    answer = openai.images.generate(prompt="a wall", extra_body={"seed": 40})
    assert answer.data is not None
    assert picture(answer.data[0].b64_json).format == "PNG"
    assert (pixels_of(answer.data[0].b64_json) == (40, 40, 40, 255)).all()
    assert answer.size == "16x16"
    assert answer.background == "opaque"
    assert answer.usage is not None
    assert answer.usage.total_tokens == 0


def test_several_pictures_say_which_they_are(openai: OpenAI) -> None:
    data = openai.images.generate(prompt="", n=10, extra_body={"seed": 5}).data or []
    assert [item.image_index for item in data] == list(range(10))  # type: ignore[attr-defined]
    assert [item.seed for item in data] == list(range(5, 15))  # type: ignore[attr-defined]
    assert [pixels_of(item.b64_json)[0, 0, 0] for item in data] == list(range(5, 15))


def test_nine_pictures_come_with_a_contact_sheet_on_request(openai: OpenAI) -> None:
    answer = openai.images.generate(prompt="", n=9, extra_body={"contact_sheet": True})
    sheet = picture(answer.contact_sheet["b64_json"])  # type: ignore[attr-defined]
    assert sheet.width == pytest.approx(sheet.height, rel=0.3)  # three by three
    plain = openai.images.generate(prompt="", n=1)
    assert not hasattr(plain, "contact_sheet")


@pytest.mark.parametrize("size", ["16x16", "40x30", "1x1", "1024x8", "333x777"])
def test_any_size_can_be_asked_for(openai: OpenAI, size: str) -> None:
    answer = openai.images.generate(prompt="", size=size)
    assert answer.data is not None
    assert "x".join(map(str, picture(answer.data[0].b64_json).size)) == size == answer.size


@pytest.mark.parametrize("kind", ["png", "jpeg", "webp"])
def test_every_format_can_be_asked_for(openai: OpenAI, kind: Any) -> None:
    answer = openai.images.generate(prompt="", output_format=kind)
    assert answer.data is not None
    image = picture(answer.data[0].b64_json)
    assert image.format == kind.upper()
    assert answer.output_format == kind


def test_compression_makes_smaller_files(openai: OpenAI) -> None:
    upload = png(noisy(64, 64))
    sizes = {}
    for compression in (5, 50, 100):
        answer = openai.images.edit(
            image=upload, prompt="echo", output_format="jpeg", output_compression=compression
        )
        assert answer.data is not None
        sizes[compression] = len(answer.data[0].b64_json or "")
    assert sizes[5] < sizes[50] < sizes[100]


@pytest.mark.parametrize("kind", ["png", "webp"])
@pytest.mark.parametrize("upload", ["PNG", "WEBP", "JPEG"])
def test_outside_the_mask_no_pixel_changes(openai: OpenAI, upload: str, kind: str) -> None:
    before = noisy(37, 23)
    _, hole = with_hole(before)
    sent = file_of(before[..., :3], upload)
    answer = openai.images.edit(  # type: ignore[call-overload]
        image=("picture", sent),
        mask=png(with_hole(np.zeros_like(before) + 255)[0]),
        prompt="a wall",
        output_format=kind,
        extra_body={"seed": 77},
    )
    before = np.asarray(Image.open(BytesIO(sent)).convert("RGBA"))
    after = pixels_of(answer.data[0].b64_json)
    assert (after[~hole] == before[~hole]).all()
    assert (after[hole] == (77, 77, 77, 255)).all()


def test_without_a_mask_the_image_s_own_alpha_is_painted(openai: OpenAI) -> None:
    holed, hole = with_hole(noisy(37, 23))
    answer = openai.images.edit(image=[png(holed)], prompt="a wall", extra_body={"seed": 78})
    assert answer.data is not None
    after = pixels_of(answer.data[0].b64_json)
    assert (after[~hole] == holed[~hole]).all()
    assert (after[hole] == (78, 78, 78, 255)).all()


def test_an_opaque_image_without_a_mask_is_refined_as_a_whole(openai: OpenAI) -> None:
    answer = openai.images.edit(
        image=png(noisy(20, 10)), prompt="a wall", extra_body={"seed": 9, "strength": 0.4}
    )
    assert answer.data is not None
    assert (pixels_of(answer.data[0].b64_json) == (9, 9, 9, 255)).all()


def test_an_edit_is_scaled_to_a_size_of_the_same_proportions(openai: OpenAI) -> None:
    answer = openai.images.edit(image=png(noisy(40, 20)), prompt="", size="100x50")  # type: ignore[call-overload]
    assert picture(answer.data[0].b64_json).size == (100, 50)


def test_an_upright_photograph_comes_back_upright(openai: OpenAI) -> None:
    image = Image.fromarray(noisy(40, 20)[..., :3])
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90 degrees
    file = BytesIO()
    image.save(file, "JPEG", exif=exif)
    answer = openai.images.edit(image=("photo.jpg", file.getvalue()), prompt="")
    assert answer.data is not None
    assert picture(answer.data[0].b64_json).size == (20, 40)


def test_variations_have_the_image_s_size(openai: OpenAI) -> None:
    answer = vary(openai, image=png(noisy(24, 12)), n=3, response_format="b64_json")
    assert [picture(item.b64_json).size for item in answer.data] == [(24, 12)] * 3
    assert len({item.seed for item in answer.data}) == 3


@pytest.mark.parametrize("partials", [0, 1, 2, 3])
def test_a_stream_sends_partial_images_of_the_denoising(openai: OpenAI, partials: int) -> None:
    events = list(
        openai.images.generate(
            prompt="",
            stream=True,
            partial_images=partials,
            size="64x48",
            n=2,
            extra_body={"seed": 9},
        )
    )
    formed = [event for event in events if event.type == "image_generation.partial_image"]
    for index in (0, 1):
        mine = [event for event in formed if event.image_index == index]  # type: ignore[attr-defined]
        assert [event.partial_image_index for event in mine] == list(range(partials))
        assert len({event.b64_json for event in mine}) == partials  # each of another step
    assert {picture(event.b64_json).size for event in formed} <= {(64, 48)}
    done = events[len(formed) :]
    assert [event.type for event in done] == ["image_generation.completed"] * 2
    assert [pixels_of(event.b64_json)[0, 0, 0] for event in done] == [9, 10]
    assert all(event.usage.total_tokens == 0 for event in done)  # type: ignore[union-attr]


def test_partial_images_of_an_edit_show_the_picture_around_them(openai: OpenAI) -> None:
    holed, hole = with_hole(noisy(37, 23))
    events = list(openai.images.edit(image=png(holed), prompt="", stream=True, partial_images=2))
    kinds = [event.type for event in events]
    assert kinds == ["image_edit.partial_image"] * 2 + ["image_edit.completed"]
    for event in events:
        assert (pixels_of(event.b64_json)[~hole] == holed[~hole]).all()
    inside = [pixels_of(event.b64_json)[hole] for event in events]
    assert not (inside[0] == inside[1]).all()


def fetch(url: str, host: str | None = None) -> tuple[http.client.HTTPResponse, bytes]:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=20)
    headers = {"Host": host} if host else {}
    connection.request("GET", f"{parts.path}?{parts.query}", headers=headers)
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer, content


def test_a_link_fetches_the_picture_without_the_token(openai: OpenAI) -> None:
    answer = openai.images.generate(prompt="", model="dall-e-3", extra_body={"seed": 3})
    assert answer.data is not None
    assert answer.data[0].b64_json is None
    response, content = fetch(answer.data[0].url or "")
    assert response.status == 200
    assert content.startswith(b"\x89PNG")
    assert response.getheader("content-type") == "image/png"
    assert response.getheader("x-content-type-options") == "nosniff"
    assert (response.getheader("content-disposition") or "").startswith("attachment")


@pytest.mark.parametrize(
    ("old", "new", "status"),
    [
        ("signature=", "signature=0", 403),
        ("expires=", "expires=9", 403),
        (".png", ".jpeg", 403),
        ("files/", "files/..%2f", 404),
        ("?", "?nothing=", 403),
    ],
)
def test_a_link_that_was_changed_fetches_nothing(
    openai: OpenAI, old: str, new: str, status: int
) -> None:
    answer = openai.images.generate(prompt="", response_format="url")
    assert answer.data is not None
    url = answer.data[0].url or ""
    response, content = fetch(url.replace(old, new, 1))
    assert response.status == status
    assert b"\x89PNG" not in content


def test_a_link_is_no_way_around_the_host_rule(openai: OpenAI) -> None:
    answer = openai.images.generate(prompt="", response_format="url")
    assert answer.data is not None
    response, _ = fetch(answer.data[0].url or "", host="evil.example")
    assert response.status == 403


CARD = ModelInfo("flat-model", "flat", 64, 48, 4, 1.0, "euler")


@pytest.fixture(scope="module")
def with_models(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenAI]:
    settings = settings_in(tmp_path_factory.mktemp("models"))
    offer = Offer((CARD,), ("euler",), ("model",))
    parts = Parts(InlineWorker(FlatPainter()), offer=offer)
    with running(settings, parts) as ready, official(ready) as client:
        yield client


def test_the_models_are_listed_as_the_client_expects(with_models: OpenAI) -> None:
    listed = list(with_models.models.list())
    assert [model.id for model in listed] == ["flat-model"]
    assert listed[0].owned_by == "mahlstick"
    assert with_models.models.retrieve("flat-model").id == "flat-model"
    assert with_models.models.retrieve("dall-e-2").id == "dall-e-2"


@pytest.mark.parametrize(
    "name", ["flat-model", "dall-e-2", "gpt-image-1", "gpt-image-2.5-flare", "chatgpt-image-latest"]
)
def test_openai_s_names_mean_the_default_model(with_models: OpenAI, name: str) -> None:
    assert with_models.images.generate(prompt="", model=name).data


def test_a_client_that_hangs_up_cancels_its_job(bridge: Ready) -> None:
    token = read_connection(bridge.connection_file).token
    connection = http.client.HTTPConnection("127.0.0.1", bridge.port, timeout=20)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    connection.request("POST", "/v1/images/generations", '{"prompt": "slow"}', headers)
    time.sleep(0.3)
    connection.close()
    with official(bridge) as client:  # the queue goes on
        assert client.images.generate(prompt="", timeout=20).data


def test_a_stream_that_is_closed_cancels_its_job(openai: OpenAI) -> None:
    stream = openai.images.generate(prompt="slow", stream=True, partial_images=3)
    assert next(iter(stream)).type == "image_generation.partial_image"
    stream.close()
    assert openai.images.generate(prompt="", timeout=20).data


def test_the_editors_and_the_api_do_not_see_each_other_s_jobs(bridge: Ready) -> None:
    with official(bridge) as client, connect(bridge) as editor:
        client.images.generate(prompt="")
        editor.send(Fetch())
        assert hear_until(editor, History)[-1].jobs == []


def test_no_editor_gets_into_the_session_of_the_api(bridge: Ready) -> None:
    for name in (SESSION, "00000000-0000-0000-0000-00000000000z"):
        with pytest.raises(RejectedError, match="not a UUID"):
            connect(bridge, name)


def test_a_link_outlives_the_bridge_that_gave_it(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    parts = Parts(InlineWorker(FlatPainter()), offer=OFFER)
    with running(settings, parts) as ready, official(ready) as client:
        answer = client.images.generate(prompt="", response_format="url")
        assert answer.data is not None
        url = answer.data[0].url
        assert url is not None
        assert url.startswith(f"http://127.0.0.1:{ready.port}/v1/images/files/")
    with running(settings, parts) as again:
        moved = url.replace(f":{ready.port}/", f":{again.port}/")
        with urllib.request.urlopen(moved, timeout=60) as fetched:  # noqa: S310
            assert Image.open(BytesIO(fetched.read())).size == (16, 16)


def test_pictures_cross_to_the_worker_process_and_back(tmp_path: Path) -> None:
    parts = Parts(engine=EngineChoice("tests.bridge.painters:make", {}), offer=OFFER)
    holed, hole = with_hole(noisy(370, 230))  # large enough for shared memory
    with running(settings_in(tmp_path), parts) as ready, official(ready) as client:
        answer = client.images.edit(image=png(holed), prompt="", extra_body={"seed": 8})
        assert answer.data is not None
        after = pixels_of(answer.data[0].b64_json)
        events = list(client.images.generate(prompt="", stream=True, partial_images=3))
    assert (after[~hole] == holed[~hole]).all()
    assert (after[hole] == (8, 8, 8, 255)).all()
    assert [event.type for event in events][-1] == "image_generation.completed"
    assert len(events) > 1
    assert not list((tmp_path / "state" / "openai").iterdir())  # nothing is left behind


@pytest.mark.parametrize("kind", ["png", "jpeg", "webp"])
def test_results_are_signed_and_say_what_they_were_made_from(openai: OpenAI, kind: Any) -> None:
    holed, _ = with_hole(noisy(24, 16))
    answer = openai.images.edit(image=png(holed), prompt="a wall", output_format=kind)
    assert answer.data is not None
    told = verified(base64.b64decode(answer.data[0].b64_json or ""), f"image/{kind}")
    assert told is not None
    assert told["validation_state"] == "Valid"
    manifest = told["manifests"][told["active_manifest"]]
    assert [part["relationship"] for part in manifest["ingredients"]] == ["parentOf"]


def test_nothing_of_an_upload_is_left_when_its_order_is_done(settings: Settings) -> None:
    with running(settings, Parts(InlineWorker(FlatPainter()), offer=OFFER)) as bridge:
        with official(bridge) as client:
            client.images.edit(image=png(noisy(24, 16)), prompt="a wall")
            vary(client, image=png(noisy(24, 16)))
        assert list((settings.state_dir / "openai").iterdir()) == []
