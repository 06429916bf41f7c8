"""An example: a sampler of our own, and a filter that warns of pictures that are too dark."""

from itertools import pairwise

from engine import Action, Verdict, hookimpl


def adams(denoise, x, levels, noise):
    """Yield x0 once a step: Euler's method, with x0 carried on in a straight line."""
    before = None
    for here, there in pairwise(levels):
        x0 = denoise(x, here)
        yield x0
        guess = x0 if before is None else x0 + (x0 - before) / 2
        keep = there.sigma / here.sigma  # how much of the noise is left
        x = keep * x + (there.alpha - here.alpha * keep) * (guess if there.sigma else x0)
        before = x0


class Dark:
    """Warns below a brightness, 0 to 255: in the settings `[options.example] darkest = 60`."""

    def __init__(self, darkest):
        self.darkest = darkest

    @hookimpl
    def mahlstick_check_result(self, picture, request):
        if picture.mean() < self.darkest and "night" not in request.prompt:
            sentence = "A picture is darker than this studio likes."
            return Verdict(Action.ALLOW, "dark", 1 - picture.mean() / 255, sentence)
        return None


@hookimpl
def mahlstick_samplers():
    return {"adams": adams}


@hookimpl
def mahlstick_plugins(options):
    return [Dark(float(options.get("example", {}).get("darkest", 40)))]
