"""What nobody has looked at: previews are veiled, unchecked models told of or refused.

A strict policy blurs previews, because they are pictures too, and the result is looked at before it
is shown. Where no filter for pictures is set up at all, it says so, or refuses; models that cannot
draw what would have to be looked for (the embedded one) are trusted by name.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine.hookspecs import Options, hookimpl
from engine.policies import (
    OFF,
    UNCHECKED,
    Policy,
    Previews,
    has_checker,
    policy_of,
    response_to,
)
from engine.verdicts import Action, Verdict

if TYPE_CHECKING:
    from engine.api import PaintRequest

_VEILED = Verdict(Action.BLUR, "")  # says nothing of the picture, so it gets no category
_UNFILTERED = Verdict(Action.ALLOW, UNCHECKED)


class Veil:
    """Blurs previews and minds that pictures are looked at, as the policy says."""

    def __init__(self, policy: Policy, checked: bool) -> None:
        """`checked`: whether some filter looks at pictures."""
        self._policy, self._checked = policy, checked

    @hookimpl
    def mahlstick_check_prompt(self, request: PaintRequest) -> Verdict | None:
        """Return the policy's answer to a model whose pictures nobody looks at."""
        if self._checked or request.model in self._policy.trusted_models:
            return None
        return response_to(
            self._policy.unchecked,
            UNCHECKED,
            f"Nothing here looks at the pictures that {request.model} paints. Paint with "
            f"{_listed(self._policy.trusted_models)}, or have a filter for pictures set up.",
        )

    @hookimpl
    def mahlstick_check_preview(self) -> Verdict | None:
        """Blur a preview, if the policy says so."""
        return _VEILED if self._policy.previews is Previews.BLUR else None

    @hookimpl
    def mahlstick_check_result(self) -> Verdict | None:
        """Label a result that nobody looked at, so that whoever gets the file knows."""
        return None if self._checked or self._policy.name == OFF.name else _UNFILTERED


def _listed(models: Sequence[str]) -> str:
    return " or ".join(f"the model {name}" for name in models) or "another model"


@hookimpl
def mahlstick_plugins(options: Options) -> Sequence[object]:
    """Register the veil; what it does is the policy's `previews` and `unchecked`."""
    return [Veil(policy_of(options), has_checker(options))]
