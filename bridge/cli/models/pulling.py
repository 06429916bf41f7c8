"""`mahlstick models pull`: the licence, a bar that tells the truth, and a model that is whole."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from bridge.cli.failures import CancelledFailure
from bridge.cli.models.places import (
    AsJson,
    SettingsFile,
    downloads_of,
    sentences,
    somebody_is_there,
)
from bridge.cli.models.shelf import in_units

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bridge.settings import Settings
    from engine import Arriving, Checking, Pulled, PullPlan


def pull(
    name: Annotated[
        str,
        typer.Argument(
            help="A name of the catalogue (`mahlstick models list --catalogue`),"
            " hf:OWNER/NAME[@REVISION][:FILE], or an https address, #sha256=HASH behind it where"
            " that is known."
        ),
    ],
    accept_licence: Annotated[
        bool, typer.Option("--accept-licence", help="Accept the licence without being asked.")
    ] = False,
    update: Annotated[
        bool, typer.Option("--update", help="Get the newest edition instead of the pinned one.")
    ] = False,
    as_json: AsJson = False,
    settings: SettingsFile = None,
) -> None:
    """Get a model; one that was interrupted goes on where it ended."""
    from bridge.settings import load_settings

    order = _Order(load_settings(settings), name, accept_licence, update, as_json)
    try:
        with sentences():
            _asking_for_a_token(order)
    except KeyboardInterrupt:
        raise CancelledFailure(
            "Stopped. What has arrived is kept: the same command goes on from there."
        ) from None


@dataclass(frozen=True, slots=True)
class _Order:
    """What the command line asks for."""

    settings: Settings
    name: str
    accept_licence: bool
    update: bool
    as_json: bool


def _asking_for_a_token(order: _Order) -> None:
    """Get what is asked for; where a token is wanted and somebody is there, ask for it once."""
    from engine import DownloadError

    try:
        _get(order)
    except DownloadError as error:
        if error.reason != "token" or not somebody_is_there():
            raise
        typer.echo(str(error), err=True)
        _get(order, typer.prompt("Token (it is not shown)", hide_input=True, err=True).strip())


def _get(order: _Order, token: str | None = None) -> None:
    downloads = downloads_of(order.settings, token)
    for plan in downloads.plans(order.name, update=order.update):
        accepted = order.accept_licence or _accepted(plan, as_json=order.as_json)
        events = downloads.pull(plan, accept_licence=accepted)
        _told(events) if order.as_json else _shown(plan, events)


def _accepted(plan: PullPlan, *, as_json: bool) -> bool:
    """Show what is got and under which licence; tell whether that is accepted now."""
    for note in (*plan.notes, *_not_yet(plan)):
        typer.echo(note, err=True)
    if plan.complete or plan.accepted:
        return False  # now there is nothing to accept
    if as_json or not somebody_is_there():
        return False  # nobody is asked; the engine's sentence says what to do
    typer.echo(f"{plan.name}: {in_units(plan.bytes)} from {plan.source.shown}", err=True)
    typer.echo(f"Licence: {plan.licence.name}, {plan.licence.url}", err=True)
    return typer.confirm("Do you accept it?", err=True)


def _told(events: Iterable[Arriving | Checking | Pulled]) -> None:
    for event in events:
        said = {"event": type(event).__name__.lower(), **asdict(event)}
        typer.echo(json.dumps(said, default=str))


def _shown(plan: PullPlan, events: Iterable[Arriving | Checking | Pulled]) -> None:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    from engine import Pulled

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(plan.name, total=max(plan.bytes, 1))
        for event in events:
            if isinstance(event, Pulled):
                progress.stop()
                _arrived(plan, event)
            else:
                _moved(progress.update, task, event)


def _moved(update: object, task: int, event: Arriving | Checking) -> None:
    from engine import Arriving

    assert callable(update)  # noqa: S101 - rich's
    if isinstance(event, Arriving):
        update(task, completed=event.done, description=f"{event.name}  {event.path}")
    else:
        update(task, description=f"{event.name}  {event.path}: checking the hash")


def _arrived(plan: PullPlan, event: Pulled) -> None:
    found = "is there already" if plan.complete else "is there"
    typer.echo(f"{event.name} {found}: {event.path}")
    entry = plan.source.entry
    if entry is not None and entry.then:
        typer.echo(entry.then)


def _not_yet(plan: PullPlan) -> list[str]:
    """Say so before gigabytes come that nothing here can paint with."""
    from engine import family_names

    family = plan.source.entry.family if plan.source.entry is not None else ""
    if plan.complete or not family or family in family_names():
        return []
    return [f"This version of Mahlstick cannot paint with {plan.name} yet: it has no {family}."]
