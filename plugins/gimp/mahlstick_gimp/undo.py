"""What GIMP writes into an image's undo history, and what it does not.

Everything here is a context: `one_step` makes what happens in it one step, `no_step` none, and
`same_hand` gives the painter his layers, or the channel, back that he was painting on.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from .host import Foreign


@contextmanager
def one_step(image: Foreign) -> Iterator[None]:
    """All changes of the image in here are undone by one Ctrl+Z."""
    image.undo_group_start()
    try:
        yield
    finally:
        image.undo_group_end()


@contextmanager
def no_step(image: Foreign) -> Iterator[None]:
    """Changes of the image in here are not in its undo history."""
    image.undo_freeze()
    try:
        yield
    finally:
        image.undo_thaw()


@contextmanager
def same_hand(image: Foreign) -> Iterator[None]:
    """What the painter paints on afterwards is what he painted on before."""
    layers, channels = image.get_selected_layers(), image.get_selected_channels()
    yield
    # GIMP selects what is new; and it takes an empty list for a mistake.
    if channels:
        image.set_selected_channels(channels)
    elif layers:
        image.set_selected_layers(layers)
