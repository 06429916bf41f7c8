"""What all downloaded unCLIP models have in common: latents, previews, guidance, cancelling."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from engine.errors import ModelError
from engine.families import Conditions, ModelCard, Understanding
from engine.families.unclip.networks import Where
from engine.families.unclip.training import Training
from engine.linear_preview import LinearPreview
from engine.schedules import NoisePath
from engine.watching import Watch

if TYPE_CHECKING:
    from engine.api import Size
    from engine.schedules import Denoise, Level

TOUCHED = 0.1  # a latent belongs to the hole when the mask reaches this anywhere on it
Network = Callable[[Tensor, float], Tensor]  # noisy rows and training step -> what it says of them


class DecoderModel(ABC):
    """A model that paints latents from image embeddings; the kinds say how it is asked."""

    def __init__(
        self,
        card: ModelCard,
        training: Training,
        factor: int,
        networks: Mapping[str, nn.Module],
        where: Where,
    ) -> None:
        """`factor` is how many pixels a latent stands for; networks have their folders' names."""
        self.card, self.training = card, training
        self.path: NoisePath = training.path
        self.factor = factor
        self.device, self.dtype = where.device, where.dtype
        self.watch = Watch(*networks.values())
        self._networks = networks
        self._preview: LinearPreview | None = None

    def understand(self, prompt: str) -> Understanding:  # noqa: ARG002 - the contract's
        """Say that any word may be understood: the vocabulary is open."""
        return Understanding()

    @abstractmethod
    def latent_shape(self, working: Size) -> tuple[int, int, int]:
        """Return (channels, height, width) of x for a working size."""

    @abstractmethod
    def encode(self, pictures: Tensor) -> Tensor:
        """Pictures (N, 3, H, W) in [-1, 1] to latents (N, C, h, w)."""

    @abstractmethod
    def decode(self, x0: Tensor, working: Size, check: Callable[[], None]) -> Tensor:
        """Latents (N, C, h, w) to pictures (N, 3, H, W) in [-1, 1]."""

    @abstractmethod
    def asked(self, conditions: Conditions) -> Network:
        """Return the network, asked for all candidates; with guidance, unasked rows first."""

    @property
    def networks(self) -> Mapping[str, nn.Module]:
        """The networks by the names of their parts, for whoever says where they lie."""
        return self._networks

    def unload(self) -> None:
        """Give the memory back."""
        self._networks = {}

    def preview(self, x0: Tensor) -> Tensor:
        """Latents (N, C, h, w) to uint8 RGB (N, h', w', 3), by a matrix."""
        with torch.inference_mode():
            if self._preview is None:
                self._preview = LinearPreview.fitted(self.encode, self.factor)
            return self._preview(x0)

    def denoiser(self, conditions: Conditions) -> Denoise:
        """Return denoise(x, level) -> x0 with guidance, for one candidate per seed."""
        from engine.guidance import guided

        with torch.inference_mode(), self.watch.asking(conditions.check):
            network = self.asked(conditions)
        rows = 1 if conditions.guidance == 1.0 else 2

        def denoise(x: Tensor, level: Level) -> Tensor:
            with torch.inference_mode(), self.watch.asking(conditions.check):
                step = self.training.path.step(level)
                said = network(x.to(self.dtype).repeat(rows, 1, 1, 1), step).float()
                said = said[:, : x.shape[1]]  # behind it some networks guess their own variance
                if rows == 2:
                    plain, wanted = said.chunk(2)
                    said = guided(wanted, plain, conditions.guidance)
                return self.training.clean(x, said, level)

        return denoise

    def decoded(
        self,
        x0: Tensor,
        working: Size,
        check: Callable[[], None],
        decode: Callable[[Tensor], Tensor],
    ) -> Tensor:
        """Return pictures (N, 3, H, W), one latent decoded after the other, `check` before each."""
        pictures = []
        with torch.inference_mode():
            for one in x0.split(1):
                check()
                with self.watch.asking(check):
                    made = decode(one.to(self.device, self.dtype))
                pictures.append(made[..., : working.height, : working.width].float().clamp(-1, 1))
            return torch.cat(pictures)

    def unloaded(self) -> ModelError:
        """Return what is raised where a model is asked that was unloaded."""
        return ModelError(f"{self.card.name} was unloaded: load it again.")


def cells_of(hole: Tensor, shape: tuple[int, int]) -> Tensor:
    """Return which latents (1, 1, h, w) a hole (1, 1, H, W) in [0, 1] touches, 1 = touched."""
    from torch.nn.functional import adaptive_max_pool2d

    return (adaptive_max_pool2d(hole.float(), shape) > TOUCHED).float()


def paints_whole(conditions: Conditions) -> bool:
    """Say whether nothing of a picture is kept: its embedding is that of the whole."""
    if conditions.known is None or conditions.hole is None:
        return True
    return bool(conditions.hole.min() > TOUCHED)
