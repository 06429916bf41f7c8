"""`mahlstick pair`: let another machine in, or be let in by one."""

from __future__ import annotations

import platform
import ssl
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

from bridge.cli.asking import asked
from bridge.cli.failures import BridgeFailure, InputFailure
from bridge.cli.running import running_bridge
from bridge.wire.connection import Connection, connection_path, read_connection, state_folder
from bridge.wire.errors import ConnectionFileError
from bridge.wire.trust import fingerprint_of

SHORT = 16  # digits of a fingerprint that are compared by eye: 64 bits
_PORT = 8765
_TIMEOUT_S = 20.0


def pair(
    address: Annotated[
        str | None, typer.Argument(help="The other machine's bridge: NAME or NAME:PORT.")
    ] = None,
    code: Annotated[str | None, typer.Option(help="The code shown there.")] = None,
    fingerprint: Annotated[
        str | None, typer.Option(help=f"The certificate's first {SHORT} digits, or all.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="What this machine is called there.")] = None,
    authority: Annotated[
        Path | None, typer.Option(help="Whose certificates to trust (PEM), if the system does not.")
    ] = None,
    plain: Annotated[bool, typer.Option("--plain", help="Allow a bridge without TLS.")] = False,
    out: Annotated[Path | None, typer.Option(help="The connection file to write.")] = None,
    state_dir: Annotated[Path | None, typer.Option(help="Of the bridge on this machine.")] = None,
    listed: Annotated[bool, typer.Option("--list", help="List the paired machines.")] = False,
    forget: Annotated[str | None, typer.Option(help="Id of a machine to let in no more.")] = None,
) -> None:
    """Show a code to pair another machine with this bridge, or, given an ADDRESS, use one."""
    if address is not None:
        _join(_Wanted(address, plain, authority), code, fingerprint, name, out)
    elif listed:
        _list(_own(state_dir))
    elif forget is not None:
        told = asked(_own(state_dir), "DELETE", f"/pair/devices/{forget}")
        typer.echo(f"{told['name']} is no longer paired.")
    else:
        _invite(_own(state_dir))


class _Wanted:
    """An address as it was typed."""

    def __init__(self, address: str, plain: bool, authority: Path | None) -> None:
        given = address if "://" in address else f"//{address}"
        try:
            parts = urlsplit(given)
            host, port = parts.hostname, parts.port
        except ValueError:
            host = port = None
        if not host:
            raise InputFailure(f"{address!r} is no address; give NAME or NAME:PORT.")
        bracketed = f"[{host}]" if ":" in host else host
        self.host, self.port = host, port or _PORT
        self.url = f"{'ws' if plain else 'wss'}://{bracketed}:{self.port}"
        self.plain = plain
        self.authority = _text(authority) if authority is not None else ""


def _invite(own: Connection) -> None:
    told = asked(own, "POST", "/pair/code")
    code = f"{told['code'][:4]} {told['code'][4:]}"
    typer.echo(f"Code: {code}   (good once, for {told['expires_in'] / 60:.0f} minutes)")
    if own.fingerprint:
        typer.echo(f"Fingerprint: {_spaced(own.fingerprint)}")
    typer.echo("On the other machine: mahlstick pair THIS-MACHINE" + _port_of(own.url))
    if own.url.startswith("ws://"):
        typer.echo("This bridge does not encrypt; `mahlstick serve --tls` does.", err=True)


def _join(
    wanted: _Wanted, code: str | None, fingerprint: str | None, name: str | None, out: Path | None
) -> None:
    path = out or connection_path()
    _check_free(path)
    trusted = _trusted(wanted, fingerprint)
    code = code or typer.prompt("Code")
    called = name or platform.node() or "unnamed"
    told = asked(trusted, "POST", "/pair", {"code": code, "name": called})
    paired = Connection(
        trusted.url + str(told["path"]),
        str(told["token"]),
        version=str(told["version"]),
        fingerprint=trusted.fingerprint,
        authority=trusted.authority,
        remote=True,
    )
    from bridge.state import file_of, write_private

    write_private(path, file_of(paired))
    typer.echo(f"Paired with {trusted.url}. The editors here use it from now on ({path}).")


def _trusted(wanted: _Wanted, fingerprint: str | None) -> Connection:
    """Return where to pair and how to trust it: as the system does, or by what the painter saw."""
    if wanted.plain:
        return Connection(wanted.url, "")
    if fingerprint is None and (wanted.authority or _system_trusts(wanted)):
        return Connection(wanted.url, "", authority=wanted.authority)
    shown = _shown(wanted)
    if fingerprint is not None:
        expected = "".join(fingerprint.lower().replace(":", " ").split())
        if len(expected) < SHORT or not shown.startswith(expected):
            raise BridgeFailure(
                f"The bridge at {wanted.url} shows another certificate: {_spaced(shown)}. Compare"
                f" at least {SHORT} digits with those that `mahlstick pair` tells there."
            )
    elif not typer.confirm(f"Fingerprint: {_spaced(shown)}. Does the bridge tell the same?"):
        raise BridgeFailure("Not paired: another certificate means that somebody else answers.")
    return Connection(wanted.url, "", fingerprint=shown)


def _system_trusts(wanted: _Wanted) -> bool:
    try:
        _certificate(wanted, ssl.create_default_context())
    except ssl.SSLCertVerificationError:
        return False
    return True


def _shown(wanted: _Wanted) -> str:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # nothing is sent before the painter compared it
    return fingerprint_of(_certificate(wanted, context))


def _certificate(wanted: _Wanted, context: ssl.SSLContext) -> bytes:
    import socket

    try:
        with (
            socket.create_connection((wanted.host, wanted.port), _TIMEOUT_S) as bare,
            context.wrap_socket(bare, server_hostname=wanted.host) as secure,
        ):
            return secure.getpeercert(binary_form=True) or b""
    except ssl.SSLCertVerificationError:
        raise
    except ssl.SSLError as error:
        raise BridgeFailure(
            f"What answers at {wanted.url} does not encrypt. Start the bridge there with"
            " `mahlstick serve --tls`, or pair with --plain where nobody else can listen."
        ) from error
    except OSError as error:
        raise BridgeFailure(f"No bridge answers at {wanted.url}: {error}.") from error


def _check_free(path: Path) -> None:
    """Refuse to take the place of a bridge that runs here."""
    try:
        kept = read_connection(path)
    except ConnectionFileError:
        return
    if kept.pid and not kept.process_is_gone():
        raise BridgeFailure(
            f"A bridge runs on this machine, and {path} names it. End it first, or name another"
            " file with --out and, to the editors, in MAHLSTICK_CONNECTION."
        )


def _own(state_dir: Path | None) -> Connection:
    # Not where the editors look: that file may name another machine's bridge.
    found = running_bridge(state_dir or state_folder()) or running_bridge()
    if found is None or found.remote:
        raise BridgeFailure("No bridge runs on this machine. Start it with `mahlstick serve`.")
    return found


def _list(own: Connection) -> None:
    import datetime

    devices = asked(own, "GET", "/pair/devices")["devices"]
    for device in devices:
        since = datetime.datetime.fromtimestamp(device["created"]).astimezone()
        typer.echo(f"{device['id']}  {since:%Y-%m-%d %H:%M}  {device['name']}")
    if not devices:
        typer.echo("No machine is paired.")


def _spaced(fingerprint: str) -> str:
    return " ".join(fingerprint[start : start + 4] for start in range(0, SHORT, 4))


def _port_of(url: str) -> str:
    port = urlsplit(url).port
    return "" if port == _PORT else f":{port}"


def _text(path: Path) -> str:
    try:
        return path.read_text("ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise InputFailure(f"The authority {path} cannot be read: {error}.") from error
