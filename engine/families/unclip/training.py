"""The noise a checkpoint was trained on and what it predicts, from its scheduler's settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.checkpoints.folders import read_config
from engine.errors import ModelError
from engine.schedules import CLEAN, Level, TablePath

if TYPE_CHECKING:
    from torch import Tensor

_PREDICTIONS = ("epsilon", "v_prediction", "sample")
_UNCLIP = "UnCLIPScheduler"  # Karlo's own, with one table of betas


@dataclass(frozen=True, slots=True)
class Training:
    """A noise path, what a network says of what lies on it, and where its pictures end."""

    path: TablePath
    prediction: str
    clip: float | None = None  # x0 is held between -clip and clip
    threshold: tuple[float, float] | None = None  # quantile of |x0|, and the most it may be
    evenly: bool = False  # sampled from the last step of training to the first, both included

    def clean(self, x: Tensor, said: Tensor, level: Level) -> Tensor:
        """Return x0 (N, ...) of what the network said at a level.

        x = alpha x0 + sigma eps, and v = alpha eps - sigma x0 (Salimans and Ho, arXiv:2202.00512).
        """
        if self.prediction == "v_prediction":
            x0 = level.alpha * x - level.sigma * said
        elif self.prediction == "epsilon":
            x0 = (x - level.sigma * said) / level.alpha
        else:
            x0 = said
        if self.threshold is not None:
            return _thresholded(x0, *self.threshold)
        return x0 if self.clip is None else x0.clamp(-self.clip, self.clip)

    def levels(self, steps: int) -> list[Level]:
        """Return steps + 1 levels, spaced as the checkpoint's authors sample."""
        count = len(self.path.angles) - 1
        if self.evenly:
            spacing = (count - 1) / max(steps - 1, 1)
            visited = [round(i * spacing) for i in reversed(range(steps))]
        else:
            visited = [i * (count // steps) for i in reversed(range(steps))]
        return [*(self.path.level((step + 1) / count) for step in visited), CLEAN]


def trained(folder: Path) -> Training:
    """Return the training that a scheduler's folder tells; ModelError for what is not known."""
    told = read_config(folder / "scheduler_config.json")
    prediction = str(told.get("prediction_type", "epsilon"))
    if prediction not in _PREDICTIONS:
        raise ModelError(
            f"{folder} says that the network predicts {prediction!r}; known are "
            f"{', '.join(_PREDICTIONS)}. Use another edition of the model."
        )
    return Training(
        _path(told, folder),
        prediction,
        float(told.get("clip_sample_range", 1.0)) if told.get("clip_sample", True) else None,
        _threshold(told),
        told.get("_class_name") == _UNCLIP,
    )


def _threshold(told: Mapping[str, Any]) -> tuple[float, float] | None:
    if not told.get("thresholding"):
        return None
    ratio, most = told.get("dynamic_thresholding_ratio", 0.995), told.get("sample_max_value", 1.0)
    return float(ratio), float(most)


def _path(told: Mapping[str, Any], folder: Path) -> TablePath:
    # Noise cannot be predicted from a picture without signal.
    zero = bool(told.get("rescale_betas_zero_snr")) and told.get("prediction_type") != "epsilon"
    usual = "squaredcos_cap_v2" if told.get("_class_name") == _UNCLIP else "linear"
    try:
        if told.get("trained_betas"):
            return TablePath.from_betas(told["trained_betas"], zero_terminal_snr=zero)
        return TablePath.named(
            str(told.get("beta_schedule", usual)),
            start=float(told.get("beta_start", 0.0001)),
            end=float(told.get("beta_end", 0.02)),
            steps=int(told.get("num_train_timesteps", 1000)),
            zero_terminal_snr=zero,
        )
    except (ValueError, TypeError) as error:
        raise ModelError(
            f"The settings in {folder} cannot be used: {error} Get the model again."
        ) from error


def _thresholded(x0: Tensor, ratio: float, most: float) -> Tensor:
    """Return x0 held to a quantile of its own values: Saharia et al. (arXiv:2205.11487), 2.3."""
    flat = x0.float().abs().flatten(1)
    limit = flat.quantile(ratio, dim=1).clamp(1.0, most).view(-1, *(1,) * (x0.ndim - 1))
    return x0.clamp(-limit, limit) / limit
