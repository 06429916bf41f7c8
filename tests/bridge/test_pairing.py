"""Codes and the machines they let in."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from bridge.pairing import CODE_TTL_S, FILE, TRIES, Devices, Pairing, PairingError


class Clock:
    """A clock that stands still until it is set."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def pairing(tmp_path: Path, clock: Clock) -> Pairing:
    return Pairing(Devices(tmp_path), clock, clock)


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 10**8:08d}"


def test_a_code_lets_one_machine_in_once(pairing: Pairing, tmp_path: Path) -> None:
    code = pairing.invite()
    assert len(code) == 8
    assert code.isdigit()
    device, token = pairing.redeem(code, "laptop")
    assert pairing.devices.knows(token.encode())
    assert not pairing.devices.knows(token.encode()[:-1])
    with pytest.raises(PairingError):
        pairing.redeem(code, "a second machine")
    assert token not in (tmp_path / FILE).read_text()
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600
    assert Devices(tmp_path).all() == [device], "a restart remembers it"


def test_a_code_bears_few_tries(pairing: Pairing) -> None:
    code = pairing.invite()
    for _ in range(TRIES - 1):
        with pytest.raises(PairingError):
            pairing.redeem(wrong(code), "a guess")
    assert pairing.redeem(code, "laptop")
    code = pairing.invite()
    for _ in range(TRIES):
        with pytest.raises(PairingError):
            pairing.redeem(wrong(code), "a guess")
    with pytest.raises(PairingError):
        pairing.redeem(code, "too late")


def test_a_code_ends_with_its_time_and_with_the_next_one(pairing: Pairing, clock: Clock) -> None:
    code = pairing.invite()
    clock.now += CODE_TTL_S
    with pytest.raises(PairingError):
        pairing.redeem(code, "late")
    first, second = pairing.invite(), pairing.invite()
    if first != second:
        with pytest.raises(PairingError):
            pairing.redeem(first, "old")
    assert pairing.redeem(second, "new")


@pytest.mark.parametrize("guess", ["", "1234", "äöü", "\ud800", "0" * 5000])
def test_nonsense_opens_nothing(pairing: Pairing, guess: str) -> None:
    with pytest.raises(PairingError):
        pairing.redeem(guess, "nobody")  # while no code is good
    pairing.invite()
    with pytest.raises(PairingError):
        pairing.redeem(guess, "nobody")


def test_a_forgotten_machine_is_let_in_no_more(pairing: Pairing, tmp_path: Path) -> None:
    device, token = pairing.redeem(pairing.invite(), "laptop")
    _, other = pairing.redeem(pairing.invite(), "tablet")
    assert pairing.devices.forget(device.id) == device
    assert pairing.devices.forget(device.id) is None
    assert not pairing.devices.knows(token.encode())
    assert Devices(tmp_path).knows(other.encode())


@pytest.mark.parametrize("content", ["not JSON", "{}", '[{"id": "x"}]', "[5]"])
def test_a_damaged_list_lets_nobody_in(tmp_path: Path, content: str) -> None:
    (tmp_path / FILE).write_text(content)
    assert Devices(tmp_path).all() == []
