"""The loop over a model's steps by itself, for measuring what it costs beyond the network."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from engine.api import Size
from engine.device import chosen_device, chosen_precision
from engine.errors import ModelError
from engine.families import Conditions
from engine.painting import Painting, Stage
from engine.plugins import Extensions


class Loop:
    """One candidate painted from noise by a model, as in a job, without previews or a result."""

    def __init__(self, folder: Path, prompt: str, size: Size, steps: int, sampler: str) -> None:
        """Load the model in a folder; ModelError where there is none."""
        extensions = Extensions()
        cards = [(family, family.recognise(folder)) for family in extensions.families]
        found = next(((family, card) for family, card in cards if card is not None), None)
        if found is None:
            raise ModelError(f"{folder} holds no model of a kind that is known. Name another.")
        family, card = found
        self._device = chosen_device("auto")
        self._model = family.load(card, self._device, chosen_precision("auto", self._device))
        self._sampler = extensions.samplers[sampler]
        self._schedule = extensions.schedules["model"]
        self._stage = Stage(working=size, strength=1.0, steps=steps)
        self._conditions = Conditions(
            prompt=prompt, guidance=card.guidance, working=size, seeds=(1,)
        )

    def steps(self) -> Iterator[int]:
        """Yield the number of every step when it is done; the first includes reading the prompt."""
        painting = Painting(
            self._model,
            self._sampler,
            self._schedule,
            conditions=self._conditions,
            seeds={0: 1},
            device=self._device,
        )
        for step in painting.run([((0,), self._stage)]):
            yield step.number
