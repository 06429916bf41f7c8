"""The noise a checkpoint was trained on and what it predicts, from its scheduler's settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from engine.errors import ModelError
from engine.schedules import Level, TablePath

if TYPE_CHECKING:
    from torch import Tensor

Prediction = Literal["epsilon", "v", "x0"]


@dataclass(frozen=True, slots=True)
class Training:
    """A noise path, and what the network says of a noisy picture on it."""

    path: TablePath
    prediction: Prediction

    def clean(self, x: Tensor, said: Tensor, level: Level) -> Tensor:
        """Return x0 of what the network said at a level.

        x = alpha x0 + sigma eps, and v = alpha eps - sigma x0 (Salimans and Ho, arXiv:2202.00512).
        """
        if self.prediction == "v":
            return level.alpha * x - level.sigma * said
        if self.prediction == "epsilon":
            return (x - level.sigma * said) / level.alpha
        return said

    @property
    def starts_at_pure_noise(self) -> bool:
        """Whether the signal is exactly zero at the start (zero terminal SNR)."""
        return self.path.level(1.0).alpha == 0.0


def trained(
    scheduler: Mapping[str, Any], prediction: Prediction, *, zero_terminal_snr: bool
) -> Training:
    """Return the training that a scheduler's settings tell; ModelError for unknown betas.

    Noise cannot be predicted from a picture without signal: a path of zero terminal SNR is taken
    only where something else is.
    """
    zero = zero_terminal_snr and prediction != "epsilon"
    betas = scheduler.get("trained_betas")
    try:
        if betas:
            return Training(TablePath.from_betas(betas, zero_terminal_snr=zero), prediction)
        path = TablePath.named(
            str(scheduler.get("beta_schedule", "scaled_linear")),
            start=float(scheduler.get("beta_start", 0.00085)),
            end=float(scheduler.get("beta_end", 0.012)),
            steps=int(scheduler.get("num_train_timesteps", 1000)),
            zero_terminal_snr=zero,
        )
    except (ValueError, TypeError) as error:
        raise ModelError(
            f"The scheduler's settings of the model cannot be used: {error} Get the model again."
        ) from error
    return Training(path, prediction)
