"""How an image becomes larger for a painting: new borders, or all of it enlarged."""

from __future__ import annotations

from dataclasses import dataclass

from .host import Foreign, Gimp


@dataclass(frozen=True)
class Growth:
    """What an image grows to. Its old top left corner comes to lie at `origin`.

    `scaled`: everything in it becomes larger, instead of borders that are added.
    """

    width: int
    height: int
    origin: tuple[int, int] = (0, 0)
    scaled: bool = False

    def apply(self, image: Foreign) -> None:
        """Make the image larger; its layers keep their places in the picture."""
        if not self.scaled:
            image.resize(self.width, self.height, *self.origin)
            return
        Gimp.context_push()
        try:
            Gimp.context_set_interpolation(Gimp.InterpolationType.CUBIC)
            image.scale(self.width, self.height)
        finally:
            Gimp.context_pop()


def shrink(image: Foreign, growth: Growth, size: tuple[int, int]) -> None:
    """Take new borders off again. Nothing for an image that was scaled: that cannot be reversed."""
    if not growth.scaled:
        left, top = growth.origin
        image.resize(*size, -left, -top)
