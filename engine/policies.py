"""How strict the filters are: three policies, and what a studio or a school changes in them.

Filters find; the policy decides. It is read from the section `[options.filters]` and holds for an
engine, not for a job: nothing that a client sends can change it. One rule stands below every policy
and cannot be switched off: children together with sexual content are refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeVar

from engine.errors import PluginError
from engine.verdicts import Action, Verdict

if TYPE_CHECKING:
    from engine.hookspecs import Options

_Choice = TypeVar("_Choice", bound=StrEnum)

SECTION = "filters"
CHECKERS = ("safety_checker", "concepts", "nudity")  # sections of filters that look at pictures
ALWAYS_REFUSED = "minors"
UNCHECKED = "unchecked"  # the category of pictures that no filter looks at
FACES = "faces"
CATEGORIES = (
    "violence",
    "sexual",
    "hate",
    "self_harm",
    "political_figures",
    "real_people",
    ALWAYS_REFUSED,
)
EMBEDDED = "embedded"  # draws shapes and skies; it has never seen a person


class Response(StrEnum):
    """What a policy does about a finding."""

    IGNORE = "ignore"
    WARN = "warn"
    BLUR = "blur"
    REFUSE = "refuse"


class Previews(StrEnum):
    """What a policy does about previews."""

    SHOW = "show"  # as they are, nobody looks
    CHECK = "check"  # every one is looked at, as results are
    BLUR = "blur"  # until the result has been looked at


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From which score on a picture is labelled, blurred, refused; None = never."""

    label: float | None = None
    blur: float | None = None
    refuse: float | None = None

    def action(self, score: float) -> Response:
        """Return the strictest response that a score reaches; WARN stands for a label."""
        for limit, response in (
            (self.refuse, Response.REFUSE),
            (self.blur, Response.BLUR),
            (self.label, Response.WARN),
        ):
            if limit is not None and score >= limit:
                return response
        return Response.IGNORE


@dataclass(frozen=True, slots=True)
class Policy:
    """What is done about words, pictures, faces, previews, and what nobody looked at."""

    name: str
    words: Mapping[str, Response]  # by category
    sure: float = 0.7  # the score from which words count
    pictures: Thresholds = field(default_factory=Thresholds)
    faces: Response = Response.IGNORE
    previews: Previews = Previews.SHOW
    unchecked: Response = Response.IGNORE
    trusted_models: tuple[str, ...] = (EMBEDDED,)  # whose pictures need no looking at

    @property
    def looks_at_pictures(self) -> bool:
        """Whether a picture filter could change or label anything."""
        return self.pictures != Thresholds()

    def on_words(self, category: str, score: float, sentence: str) -> Verdict | None:
        """Return what becomes of a prompt in which a category was found."""
        if category == ALWAYS_REFUSED:
            return _verdict(Response.REFUSE, category, score, sentence)
        response = self.words.get(category, Response.IGNORE) if score >= self.sure else None
        return _verdict(response, category, score, sentence)

    def on_picture(self, category: str, score: float, what: str) -> Verdict | None:
        """Return what becomes of a picture; `what` ends "The picture shows ..."."""
        response = self.pictures.action(score)
        told = "" if response is Response.WARN else f"A filter thinks the picture shows {what}."
        return _verdict(response, category, score, told)


def _everywhere(response: Response) -> dict[str, Response]:
    return dict.fromkeys(CATEGORIES, response)


OFF = Policy("off", {})
STUDIO = Policy("studio", _everywhere(Response.WARN), pictures=Thresholds(label=0.5))
CLASSROOM = Policy(
    "classroom",
    _everywhere(Response.REFUSE),
    sure=0.5,
    pictures=Thresholds(label=0.3, blur=0.5, refuse=0.9),
    faces=Response.REFUSE,
    previews=Previews.BLUR,
    unchecked=Response.REFUSE,
)
POLICIES: Mapping[str, Policy] = {one.name: one for one in (OFF, STUDIO, CLASSROOM)}


def policy_of(options: Options) -> Policy:
    """Return the policy that `[options.filters]` asks for; PluginError for what it cannot mean."""
    told = options.get(SECTION, {})
    name = told.get("policy", STUDIO.name)
    if name not in POLICIES:
        raise _wrong("policy", name, ", ".join(POLICIES))
    policy = POLICIES[name]
    changes: dict[str, Any] = {
        key: _one_of(kind, key, told[key])
        for key, kind in (("faces", Response), ("previews", Previews), ("unchecked", Response))
        if key in told
    }
    if "sure" in told:
        changes["sure"] = _share("sure", told["sure"])
    if "trusted_models" in told:
        changes["trusted_models"] = tuple(str(model) for model in told["trusted_models"])
    changes["words"] = {**policy.words, **_words(told.get("words", {}))}
    changes["pictures"] = replace(policy.pictures, **_thresholds(told.get("pictures", {})))
    return replace(policy, **changes)


def section(options: Options, name: str) -> Mapping[str, Any] | None:
    """Return one filter's own settings, `[options.filters.NAME]`; None where there are none."""
    told = options.get(SECTION, {}).get(name)
    if told is None or isinstance(told, Mapping):
        return told
    raise PluginError(
        f"The setting options.filters.{name} is {told!r}; it is a table: [options.filters.{name}]."
    )


def has_checker(options: Options) -> bool:
    """Say whether a filter is set up that looks at pictures for what they show."""
    return any(section(options, name) is not None for name in CHECKERS)


def response_to(
    response: Response, category: str, sentence: str, score: float = 1.0
) -> Verdict | None:
    """Return the verdict of a response that does not depend on a score."""
    return _verdict(response, category, score, sentence)


def _verdict(
    response: Response | None, category: str, score: float, sentence: str
) -> Verdict | None:
    if response is None or response is Response.IGNORE:
        return None
    action = Action.ALLOW if response is Response.WARN else Action(response.value)
    return Verdict(action, category, min(max(score, 0.0), 1.0), sentence)


def _words(told: Mapping[str, Any]) -> dict[str, Response]:
    for category in told:
        if category not in CATEGORIES:
            raise _wrong("words", category, ", ".join(CATEGORIES))
    return {name: _one_of(Response, f"words.{name}", value) for name, value in told.items()}


def _thresholds(told: Mapping[str, Any]) -> dict[str, float | None]:
    limits: dict[str, float | None] = {}
    for name, value in told.items():
        if name not in ("label", "blur", "refuse"):
            raise _wrong("pictures", name, "label, blur and refuse")
        limits[name] = None if value == "never" else _share(f"pictures.{name}", value)
    return limits


def _one_of(kind: type[_Choice], name: str, value: object) -> _Choice:
    try:
        return kind(str(value))
    except ValueError:
        raise _wrong(name, value, ", ".join(kind)) from None


def _share(name: str, value: object) -> float:
    if isinstance(value, (int, float)) and 0 <= value <= 1:
        return float(value)
    raise _wrong(name, value, "a number from 0 to 1")


def _wrong(name: str, given: object, accepted: str) -> PluginError:
    return PluginError(
        f"The setting options.filters.{name} is {given!r}; accepted are {accepted}. Correct it in "
        "the settings file."
    )
