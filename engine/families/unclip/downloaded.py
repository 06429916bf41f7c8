"""Recognises and loads what painters download of this kind: Kandinsky 2.2, StableUnCLIP, Karlo.

Told by configuration alone. What a model needs from other folders is found here, and what it
cannot do without them is said on its card. torch is imported with the weights.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.api import Mode
from engine.checkpoints.identity import identified, title_of
from engine.errors import ModelError
from engine.families import GuideKind, Model, ModelCard
from engine.families.unclip.neighbours import config_of, has_part, nearest, pipeline_of
from engine.weights import check_weights

if TYPE_CHECKING:
    from engine.families.unclip.networks import Where

_PRECISIONS = ("fp32", "bf16", "fp16")
_BOTH = frozenset(GuideKind)
_BEST = 1.5  # of the decoder's nominal size: Kandinsky's pictures are at their best at 768


@dataclass(frozen=True, slots=True)
class Beside:
    """What was found beside a model, and what it does without the rest."""

    folders: tuple[Path, ...] = ()
    lacks: Mapping[str, str] = field(default_factory=dict)
    guides: frozenset[GuideKind] = _BOTH
    notes: str = ""


@dataclass(slots=True)  # not frozen: a family's name may be set, says its protocol
class DownloadedFamily:
    """One kind of checkpoint, as diffusers writes it; `name` is its architecture."""

    name: str
    pipelines: str  # how its pipelines' names start
    beside: Callable[[Path], Beside]
    size: Callable[[Path], tuple[int, int]]  # native side, and what sides are multiples of
    loaded: Callable[[ModelCard, Where], Model]
    steps: int
    guidance: float
    sampler: str = "dpmpp_2m"

    def recognise(self, path: Path) -> ModelCard | None:
        """Return a card when the folder holds such a model; ModelError when it is broken."""
        pipeline = pipeline_of(path) if path.is_dir() else None
        if pipeline is None or not pipeline.startswith(self.pipelines):
            return None
        found = identified(path)
        if found.kind == "refused":
            raise ModelError(found.reason)
        if found.architecture != self.name or found.variant == "prior":
            return None
        near = self.beside(path)
        side, multiple = self.size(path)
        return ModelCard(
            name=title_of(path),
            family=self.name,
            path=path,
            native=(side, side),
            multiple=multiple,
            steps=self.steps,
            guidance=self.guidance,
            sampler=self.sampler,
            guides=near.guides,
            lacks=near.lacks,
            beside=near.folders,
            notes=near.notes,
        )

    def load(self, card: ModelCard, device: str, precision: str) -> Model:
        """Read the weights; raises ModelError with a sentence."""
        return self._read(card, device, device, precision)

    def load_aside(self, card: ModelCard, device: str, precision: str) -> Model:
        """Read the weights into main memory, for a model that computes on a device."""
        return self._read(card, device, "cpu", precision)

    def _read(self, card: ModelCard, device: str, weights: str, precision: str) -> Model:
        from engine.device import DTYPES
        from engine.families.unclip.networks import Where

        if precision not in _PRECISIONS:
            raise ModelError(f"Precision {precision!r} is not one of {', '.join(_PRECISIONS)}.")
        for folder in card.beside:
            check_weights(folder)
        return self.loaded(card, Where(device, weights, DTYPES[precision]))


def _kandinsky(card: ModelCard, where: Where) -> Model:
    from engine.families.unclip import kandinsky

    return kandinsky.KandinskyModel(card, kandinsky.parts_of(card, where), where)


def _stable_unclip(card: ModelCard, where: Where) -> Model:
    from engine.families.unclip import stable_unclip

    return stable_unclip.StableUnclipModel(card, stable_unclip.parts_of(card, where), where)


def _karlo(card: ModelCard, where: Where) -> Model:
    from engine.families.unclip import karlo

    return karlo.KarloModel(card, karlo.parts_of(card, where), where)


def _beside_kandinsky(path: Path) -> Beside:
    if has_part(path, "prior_prior"):
        return Beside()
    width = config_of(path, "unet").get("encoder_hid_dim")

    def fits(folder: Path) -> bool:
        pipeline = pipeline_of(folder) or ""
        if not pipeline.startswith("KandinskyV22"):
            return False
        part = next((p for p in ("prior", "prior_prior") if has_part(folder, p)), None)
        return part is not None and config_of(folder, part).get("embedding_dim") == width

    prior = nearest(path, fits)
    if prior is not None:
        return Beside((prior,))
    sentence = (
        f"{title_of(path)} paints from what its prior dreams up, and no prior lies beside it. Get "
        "kandinsky-2-2-prior and put its folder beside this one, or into it under the name prior."
    )
    return Beside(lacks=dict.fromkeys(Mode, sentence), notes=sentence)


def _beside_stable_unclip(path: Path) -> Beside:
    sees, width = has_part(path, "image_encoder"), _width(path)
    own = has_part(path, "prior")
    prior = None if own else nearest(path, lambda folder: _is_karlo_prior(folder, width))
    guides = {GuideKind.SECOND_PICTURE} if sees else set()
    if sees and (own or prior is not None):
        guides.add(GuideKind.OTHER_WORDS)
    lacks: dict[str, str] = {}
    if not sees:
        lacks[Mode.VARY] = _blind(path, "stable-diffusion-2-1-unclip")
    notes = ""
    if not own and prior is None:
        notes = (
            f"Paints from words alone, for no prior with embeddings of {width} numbers lies beside "
            "it; with one (Karlo's has 768, which fits the small edition) pictures gain."
        )
    return Beside(() if prior is None else (prior,), lacks, frozenset(guides), notes)


def _beside_karlo(path: Path) -> Beside:
    width = config_of(path, "text_proj").get("clip_embeddings_dim")
    folders: list[Path] = []
    lacks: dict[str, str] = {}

    def found(part: str, fits: Callable[[Path], bool]) -> bool:
        other = None if has_part(path, part) else nearest(path, fits)
        folders.extend([] if other is None else [other])
        return other is not None or has_part(path, part)

    if not found("prior", lambda folder: _is_karlo_prior(folder, width)):
        lacks[Mode.GENERATE] = (
            f"{title_of(path)} holds no prior, which makes pictures of words, and none lies beside "
            "it. Get karlo-v1-alpha and put its folder beside this one."
        )
    sees = found("image_encoder", lambda folder: _is_karlo_eye(folder, width))
    if not sees:
        lacks[Mode.VARY] = _blind(path, "karlo-v1-alpha-image-variations")
    return Beside(tuple(dict.fromkeys(folders)), lacks, _BOTH if sees else frozenset())


def _blind(path: Path, other: str) -> str:
    return (
        f"{title_of(path)} has no image encoder, so it cannot see what to vary. Get {other} and "
        "put its folder beside this one, or vary with another model."
    )


def _is_karlo_prior(folder: Path, width: object) -> bool:
    """Say whether a folder is a Karlo with a prior for embeddings of a width."""
    named = (pipeline_of(folder) or "").startswith("UnCLIPPipeline")
    return (
        named
        and has_part(folder, "prior")
        and config_of(folder, "prior").get("embedding_dim") == width
    )


def _is_karlo_eye(folder: Path, width: object) -> bool:
    named = (pipeline_of(folder) or "").startswith("UnCLIPImageVariation")
    if not named or not has_part(folder, "image_encoder"):
        return False
    return config_of(folder, "image_encoder").get("projection_dim") == width


def _width(path: Path) -> object:
    """Return how many numbers an image embedding of a StableUnCLIP has."""
    return config_of(path, "image_normalizer").get("embedding_dim")


def _kandinsky_size(path: Path) -> tuple[int, int]:
    side, multiple = _latent_size(path, "movq")
    return int(side * _BEST) // multiple * multiple, multiple


def _stable_size(path: Path) -> tuple[int, int]:
    return _latent_size(path, "vae")


def _latent_size(path: Path, autoencoder: str) -> tuple[int, int]:
    """Return the nominal side in pixels, and the multiple that no level of the network halves."""
    unet = config_of(path, "unet")
    factor = 2 ** (_levels(config_of(path, autoencoder)) - 1)
    return int(unet.get("sample_size") or 64) * factor, factor * 2 ** (_levels(unet) - 1)


def _karlo_size(path: Path) -> tuple[int, int]:
    decoder, large = config_of(path, "decoder"), config_of(path, "super_res_first")
    side, small = int(large["sample_size"]), int(decoder["sample_size"])
    halved = max(side // small * 2 ** (_levels(decoder) - 1), 2 ** (_levels(large) - 1))
    return side, halved


def _levels(config: Mapping[str, Any]) -> int:
    return len(config.get("block_out_channels", (0,) * 4))


FAMILIES: Sequence[DownloadedFamily] = (
    DownloadedFamily(
        "kandinsky22", "KandinskyV22", _beside_kandinsky, _kandinsky_size, _kandinsky, 25, 4.0
    ),
    DownloadedFamily(
        "stable-unclip",
        "StableUnCLIP",
        _beside_stable_unclip,
        _stable_size,
        _stable_unclip,
        25,
        10.0,
    ),
    # Karlo's decoder was trained to be sampled with fresh noise at every step.
    DownloadedFamily("karlo", "UnCLIP", _beside_karlo, _karlo_size, _karlo, 25, 8.0, "ddpm"),
)
