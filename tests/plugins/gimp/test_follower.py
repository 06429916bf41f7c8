"""Which image the painter works in."""

from __future__ import annotations

from plugins.gimp.mahlstick_gimp.follower import Follower
from tests.plugins.gimp.fakes import Image


def test_without_an_image_there_is_none() -> None:
    follower = Follower(None, list)
    assert follower.current is None
    assert not follower.look()


def test_the_first_image_that_is_opened_becomes_the_painters_and_no_later_one() -> None:
    images: list[Image] = []
    follower = Follower(None, lambda: images)
    images.append(Image(4, 4))
    assert follower.look()
    assert follower.current is images[0]
    images.append(Image(5, 5))  # a plug-in may have opened it, for nobody to see
    assert not follower.look()
    images[1].selection.buffer.pixels[2, 2] = 255
    assert follower.look()
    assert follower.current is images[1]


def test_the_image_he_selects_in_is_followed() -> None:
    images = [Image(8, 8), Image(8, 8)]
    follower = Follower(images[1], lambda: images)
    assert follower.current is images[1]
    images[0].selection.buffer.pixels[2, 3] = 255
    assert follower.look()
    assert follower.current is images[0]


def test_he_can_say_which_one_he_means() -> None:
    images = [Image(8, 8), Image(8, 8)]
    follower = Follower(images[1], lambda: images)
    follower.choose(images[0])
    assert not follower.look()
    assert follower.current is images[0]


def test_a_closed_image_is_left_for_another() -> None:
    images = [Image(8, 8), Image(8, 8)]
    follower = Follower(images[1], lambda: images)
    images[1].open = False
    assert follower.look()
    assert follower.current is images[0]
    images[0].open = False
    assert follower.look()
    assert follower.current is None
