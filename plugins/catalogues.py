"""The translations: which texts there are, what a `.po` file says of them, and its compiled form.

    python -m plugins.catalogues        say which texts lack a translation, or have one too many

One catalogue serves all editors, for they share many texts. The sources say `tr("...")`; a table
whose texts are shown later says `noted("...")`, or is listed in `TABLES`. A `.po` file is read and
compiled here, so that a bundle can be built wherever Python is.
"""

from __future__ import annotations

import ast
import struct
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

PLUGINS = Path(__file__).resolve().parent
LOCALE = PLUGINS / "locale"
WIRE = PLUGINS.parent / "bridge" / "wire"
DOMAIN = "mahlstick"

# Which arguments of a call are texts, by position; the fields of dataclasses are counted likewise.
CALLS = {"tr": (0,), "noted": (0,), "trn": (0, 1)}
TABLES = {"Text": (1, 2), "Number": (1, 2), "Choice": (1, 2), "Preset": (0,)}
_MAGIC = 0x950412DE  # of a .mo file, in the byte order of the machine that wrote it


class CatalogueError(Exception):
    """A `.po` file cannot be read; a sentence with the line."""


@dataclass(frozen=True, order=True)
class Entry:
    """A text, with its plural where it counts something."""

    text: str
    plural: str = ""


@dataclass(frozen=True)
class Catalogue:
    """What one language says: the translations of each text, several where it counts something."""

    header: str = ""
    said: dict[Entry, tuple[str, ...]] = field(default_factory=dict)


def languages() -> list[str]:
    """Return the languages there are translations for."""
    return sorted(path.stem for path in LOCALE.glob("*.po"))


def read(language: str) -> Catalogue:
    """Return a language's catalogue; raises `CatalogueError`."""
    path = LOCALE / f"{language}.po"
    return parse(path.read_text("utf-8"), path.name)


def parse(text: str, name: str = "catalogue") -> Catalogue:
    """Return what a `.po` file says; raises `CatalogueError` with the line."""
    said: dict[Entry, tuple[str, ...]] = {}
    header = ""
    for fields in _records(text, name):
        entry = Entry(fields.get("msgid", ""), fields.get("msgid_plural", ""))
        forms = tuple(value for key, value in sorted(fields.items()) if key.startswith("msgstr"))
        if entry in said:
            raise CatalogueError(f"{name} has {entry.text!r} twice; leave one.")
        if entry.text:
            said[entry] = forms
        else:
            header = forms[0]
    return Catalogue(header, said)


def _records(text: str, name: str) -> Iterator[dict[str, str]]:
    """Yield the fields of each entry; texts that go on over lines are joined."""
    fields: dict[str, str] = {}
    key = ""
    for number, line in enumerate(text.splitlines(), 1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        if not stripped.startswith('"'):
            key, _, stripped = stripped.partition(" ")
            if key == "msgid" and fields:
                yield fields
                fields = {}
        if key not in ("msgid", "msgid_plural", "msgstr", "msgstr[0]", "msgstr[1]", "msgstr[2]"):
            raise CatalogueError(f"{name}, line {number}: {line!r} is no line of a .po file.")
        fields[key] = fields.get(key, "") + _unquoted(stripped, name, number)
    if fields:
        yield fields


def _unquoted(text: str, name: str, number: int) -> str:
    try:
        value = ast.literal_eval(text)  # the escapes of C that occur are Python's too
    except (ValueError, SyntaxError):
        value = None
    if not isinstance(value, str) or not text.startswith('"'):
        raise CatalogueError(f'{name}, line {number}: expected a text in "quotes", given {text}.')
    return value


def compiled(catalogue: Catalogue) -> bytes:
    """Return the catalogue as a `.mo` file, as the gettext manual describes it."""
    pairs = {b"": catalogue.header.encode()}
    for entry, forms in catalogue.said.items():
        if all(forms):
            key = entry.text + (f"\0{entry.plural}" if entry.plural else "")
            pairs[key.encode()] = "\0".join(forms).encode()
    keys = sorted(pairs)
    start = 28 + 16 * len(keys)  # after the head and the two tables of length and place
    tables, texts = [b"", b""], b""
    for index, words in enumerate((keys, [pairs[key] for key in keys])):
        for word in words:
            tables[index] += struct.pack("<II", len(word), start + len(texts))
            texts += word + b"\0"
    size = len(keys)
    head = struct.pack("<7I", _MAGIC, 0, size, 28, 28 + 8 * size, 0, start)
    return head + tables[0] + tables[1] + texts


def write(folder: Path) -> None:
    """Put the compiled catalogues into a bundle's package, where gettext looks for them."""
    for language in languages():
        target = folder / "locale" / language / "LC_MESSAGES" / f"{DOMAIN}.mo"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(compiled(read(language)))


def sources() -> list[Path]:
    """Return the Python files whose texts painters see."""
    folders = (PLUGINS / "krita", PLUGINS / "gimp", WIRE)
    found = (path for folder in folders for path in folder.rglob("*.py"))
    return sorted(path for path in found if "__pycache__" not in path.parts)


def texts(paths: Iterable[Path]) -> dict[Entry, str]:
    """Return every text in these files, with the first place where each occurs."""
    found: dict[Entry, str] = {}
    for path in paths:
        tree = ast.parse(path.read_text("utf-8"), path.name)
        for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
            for entry in _texts_of(call):
                found.setdefault(entry, f"{path.relative_to(PLUGINS.parent)}:{call.lineno}")
    return found


def _texts_of(call: ast.Call) -> list[Entry]:
    name = call.func.id if isinstance(call.func, ast.Name) else ""
    wanted = [*CALLS.get(name, ()), *TABLES.get(name, ())]
    given = [call.args[place] for place in wanted if place < len(call.args)]
    literals = [arg.value for arg in given if isinstance(arg, ast.Constant) and arg.value]
    found = [value for value in literals if isinstance(value, str)]
    if name == "trn" and len(found) == 2:
        return [Entry(*found)]
    return [Entry(value) for value in found]


def complaints(language: str) -> list[str]:
    """Return a sentence for each text without a translation and each translation without a text."""
    wanted, said = texts(sources()), read(language).said
    missing = [entry for entry in wanted if not said.get(entry) or not all(said[entry])]
    lacking = [f"{language}: {wanted[entry]} lacks {entry.text!r}" for entry in sorted(missing)]
    spare = [f"{language}: nobody says {entry.text!r}" for entry in sorted(set(said) - set(wanted))]
    return lacking + spare


def main() -> int:
    """Print what is amiss in every language; return the exit code."""
    found = [line for language in languages() for line in complaints(language)]
    sys.stdout.write("".join(f"{line}\n" for line in found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
