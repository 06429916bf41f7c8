"""A loaded latent diffusion model: SD 1.x, SD 2.x, SDXL or its refiner, with 4 or 9 channels."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.adapters.adapters import Chosen
from engine.api import Size
from engine.errors import ModelError
from engine.families import Conditions, ModelCard, Understanding
from engine.families.latent import conditioning
from engine.families.latent.autoencoders import Autoencoder
from engine.families.latent.conditioning import Asked
from engine.families.latent.noise import Training
from engine.families.latent.parts import Parts
from engine.families.latent.words import Wording
from engine.guidance import guided
from engine.linear_preview import LinearPreview
from engine.preview import Previewer
from engine.residency.remembered import Remembered, content_key
from engine.watching import Watch

if TYPE_CHECKING:
    from engine.schedules import Denoise, Level

RESCALE = 0.7  # of guided contrast, where training saw pure noise (Lin et al. 2023, section 3.4)


@dataclass(frozen=True, slots=True)
class Traits:
    """How this checkpoint differs from its architecture's plainest."""

    training: Training
    is_inpainting: bool = False  # 9 channels: noisy latents, hole, what is kept
    has_sizes: bool = False  # SDXL's micro-conditioning
    has_scores: bool = False  # ... with the refiner's aesthetic score
    empty_is_zero: bool = False  # an empty negative prompt is all zeros
    guidance_width: int = 0  # of the embedded guidance; 0 = classifier-free guidance
    overflows: bool = False  # its autoencoder leaves the range of fp16


class LatentModel:
    """A loaded model of the family, on a device, ready to denoise."""

    def __init__(
        self,
        card: ModelCard,
        traits: Traits,
        parts: Parts,
        device: str,
        tiny: Any = None,  # noqa: ANN401 - diffusers' AutoencoderTiny
    ) -> None:
        """`tiny` decodes previews, where the device is fast enough for it."""
        self.card, self.traits, self.path = card, traits, traits.training.path
        self._parts: Parts | None = parts
        self._device, self._dtype = device, parts.unet.dtype
        self._watch = Watch(*parts.networks.values())
        self._autoencoder = Autoencoder(parts.vae, device, overflows=traits.overflows)
        self._tiny: Any = tiny
        self._wording = Wording(parts, empty_is_zero=traits.empty_is_zero)
        self._remembered = Remembered()
        self._previewer: Previewer | None = None

    @property
    def parts(self) -> Parts:
        """The networks; a ModelError once they were unloaded."""
        if self._parts is None:
            raise ModelError(f"{self.card.name} was unloaded: load it again.")
        return self._parts

    @property
    def networks(self) -> Mapping[str, nn.Module]:
        """The networks by the names of their parts, for whoever says where they lie."""
        return self.parts.networks

    def understand(self, prompt: str) -> Understanding:  # noqa: ARG002 - the contract's
        """Return that nothing is unknown: the vocabulary is open, down to single letters."""
        return Understanding()

    def latent_shape(self, working: Size) -> tuple[int, int, int]:
        """Return (channels, height, width) of x for a working size."""
        factor = self._autoencoder.factor
        return self._autoencoder.channels, working.height // factor, working.width // factor

    def encode(self, pictures: Tensor) -> Tensor:
        """Pictures (N, 3, H, W) in [-1, 1] to latents (N, C, h, w)."""
        autoencoder = self._open()
        with torch.inference_mode():
            key = content_key("picture", pictures)
            return self._remembered.recalled(key, lambda: autoencoder.encode(pictures))

    def decode(self, x0: Tensor, working: Size, check: Callable[[], None]) -> Tensor:
        """Latents (N, C, h, w) to pictures (N, 3, H, W) in [-1, 1]; `check` inside each."""
        autoencoder = self._open()
        with torch.inference_mode(), self._watch.asking(check):
            made = autoencoder.decode(x0, check)
        return made[..., : working.height, : working.width]

    def preview(self, x0: Tensor) -> Tensor:
        """Latents (N, C, h, w) to uint8 RGB (N, h', w', 3), by a linear map or the tiny decoder."""
        with torch.inference_mode():
            if self._previewer is None:
                autoencoder = self._open()
                linear = LinearPreview.fitted(autoencoder.encode, autoencoder.factor)
                self._previewer = Previewer(linear, self._tiny and self._decoded_small)
            return self._previewer(x0)

    def _decoded_small(self, x0: Tensor) -> Tensor:
        made = self._tiny.decode(x0.to(self._device, self._tiny.dtype)).sample
        small = functional.interpolate(made.float(), scale_factor=0.5, mode="area")
        return ((small.clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8).movedim(1, -1)

    def denoiser(self, conditions: Conditions) -> Denoise:
        """Return denoise(x, level) -> x0 with guidance, for one candidate per seed."""
        self._open()
        with torch.inference_mode(), self._watch.asking(conditions.check):
            loras = self._wording.loras(conditions)
            self._wording.use(loras)
            said = self._asked(conditions, loras)
            shown = self._shown(conditions) if self.traits.is_inpainting else None
        rescale = RESCALE if self.traits.training.starts_at_pure_noise else 0.0

        def denoise(x: Tensor, level: Level) -> Tensor:
            with torch.inference_mode(), self._watch.asking(conditions.check):
                self._wording.use(loras)  # another wording may have been painted in between
                told = self._told(x, level, said, shown)
                if said.guided:
                    unasked, wanted = told.chunk(2)
                    told = guided(wanted, unasked, conditions.guidance, rescale)
                return self.traits.training.clean(x, told, level)

        return denoise

    def score(self, pictures: Tensor, prompt: str) -> list[float] | None:  # noqa: ARG002
        """Return None: these checkpoints hold no CLIP that sees."""
        return None

    def unload(self) -> None:
        """Give the memory back."""
        self._wording.forget()
        self._remembered.forget()
        self._parts = self._tiny = self._previewer = None
        del self._wording
        self._autoencoder.close()

    def _open(self) -> Autoencoder:
        """Return the autoencoder; a ModelError once the model was unloaded."""
        _ = self.parts
        return self._autoencoder

    def _told(self, x: Tensor, level: Level, said: Asked, shown: Tensor | None) -> Tensor:
        """Return what the network says, in float32: noise, velocity or the picture, a row each."""
        rows = x.to(self._dtype)
        if shown is not None:  # (N, 2 C + 1, h, w): noisy, hole, kept
            rows = torch.cat([rows, shown.expand(len(x), -1, -1, -1)], dim=1)
        if said.guided:
            rows = torch.cat([rows, rows])
        step = x.new_full((), self.path.step(level))  # filled there: nothing waits for a copy
        network = self.parts.unet
        return network(rows, step, said.hidden, return_dict=False, **said.more)[0].float()

    def _asked(self, conditions: Conditions, loras: Chosen) -> Asked:
        """Return what the network is conditioned on, for one candidate per seed."""
        width = self.traits.guidance_width
        guides = conditions.guidance > 1.0 and not width
        wanted, avoided = self._wording.read(conditions, loras, guides=guides)
        sizes = None
        if self.traits.has_sizes:
            sizes = conditioning.sizes_of(
                conditions.working, scores=self.traits.has_scores, device=self._device
            )
        said = conditioning.asked(wanted, avoided, len(conditions.seeds), sizes, self._dtype)
        if not width:
            return said
        strength = conditioning.guidance_embedding(conditions.guidance, width, self._device)
        rows = strength.to(self._dtype).expand(len(said.hidden), -1)
        return Asked(said.hidden, {**said.more, "timestep_cond": rows})

    def _shown(self, conditions: Conditions) -> Tensor:
        """Return hole and kept latents (1, 1 + C, h, w); all hole where nothing is kept."""
        known, hole = conditions.known, conditions.hole
        if known is None or hole is None:
            size = conditions.working
            known = torch.zeros(1, 3, size.height, size.width, device=self._device)
            hole = torch.ones_like(known[:, :1])
        seen, hard = conditioning.shown_of(known.to(self._device), hole.to(self._device))
        cells = functional.adaptive_max_pool2d(hard, self.latent_shape(conditions.working)[1:])
        return torch.cat([cells, self.encode(seen)], dim=1).to(self._dtype)
