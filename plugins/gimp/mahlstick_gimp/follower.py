"""Which image the painter works in: GIMP tells no program, so his hand is watched.

The image whose selection changed is the one he looks at. A new image is not: other plug-ins open
some that nobody sees. He can always say himself which one he means.
"""

from __future__ import annotations

from collections.abc import Callable

from .host import Foreign, Gimp

_Bounds = tuple[object, ...]


class Follower:
    """`current` is the painter's image, None without one; `look` now and then keeps it so."""

    def __init__(
        self, image: Foreign = None, images: Callable[[], list[Foreign]] | None = None
    ) -> None:
        self.current: Foreign = image
        self._images = images or Gimp.get_images
        self._known: dict[int, _Bounds] = {}
        self.look()

    def choose(self, image: Foreign) -> None:
        """The painter says which one he means."""
        self.current = image

    def open_images(self) -> list[Foreign]:
        """All images there are, in GIMP's order."""
        return [image for image in self._images() if image.is_valid()]

    def look(self) -> bool:
        """Tell whether another image became the painter's."""
        before = self.current
        images = {image.get_id(): image for image in self.open_images()}
        known = {number: tuple(Gimp.Selection.bounds(image)) for number, image in images.items()}
        moved = [
            number for number in known if self._known.get(number, known[number]) != known[number]
        ]
        self._known = known
        if moved:
            self.current = images[moved[-1]]
        elif self.current is None or not self.current.is_valid():
            self.current = next(iter(images.values()), None)
        return not _same(before, self.current)


def _same(one: Foreign, other: Foreign) -> bool:
    if one is None or other is None:
        return one is other
    return one.get_id() == other.get_id()
