"""Where a model comes from, as a painter names it: by name, repository or address."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit, urlunsplit

from engine.downloads.catalogue import Licence, Offered, offered, unknown, with_needs
from engine.errors import DownloadError

HUB = "huggingface.co"
_PART = r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}"
_REPOSITORY = rf"(?P<owner>{_PART})/(?P<repo>{_PART})"
_HUB_NAME = re.compile(rf"{_REPOSITORY}(?:@(?P<at>[^:]+))?(?::(?P<file>.+))?")
_HUB_PAGE = re.compile(
    rf"/{_REPOSITORY}(?:/(?:tree|blob|resolve)/(?P<at>[^/]+)(?:/(?P<file>.+))?)?/?"
)
_SHA256 = re.compile(r"sha256=(?P<hash>[0-9a-fA-F]{64})")
_REVISION = re.compile(r"(?!.*\.\.)[A-Za-z0-9][A-Za-z0-9._/-]{0,199}")
_SECRET = re.compile(r"(?i)\b([a-z_-]*(?:token|key|secret|signature)[a-z_-]*)=[^&]*")


@dataclass(frozen=True, slots=True)
class Source:
    """One thing to get. `name` is the folder it goes to; empty until an address has told it.

    Of a repository `files` are the patterns wanted, none for what makes its model. `licence` is
    None where only the source itself can say. `address` may hold a secret: show `shown`.
    """

    name: str
    repository: str = ""
    revision: str = "main"
    files: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    address: str = ""
    sha256: str = ""
    licence: Licence | None = None
    entry: Offered | None = None

    @property
    def shown(self) -> str:
        """What may be shown, logged and written down of where it comes from."""
        if self.repository:
            revision = "" if self.revision == "main" else f"@{self.revision}"
            file = f":{self.files[0]}" if self.files and self.entry is None else ""
            return f"hf:{self.repository}{revision}{file}"
        return _SECRET.sub(r"\1=...", self.address)


def sources(wanted: str) -> list[Source]:
    """Return what is to be got for a name, `hf:owner/repo[@revision][:file]`, or an https address.

    What a model of the catalogue needs comes before it. Raises DownloadError.
    """
    if wanted.startswith("hf:"):
        return [_of_repository(wanted, _HUB_NAME.fullmatch(wanted.removeprefix("hf:")))]
    if "://" in wanted:
        return [_of_address(wanted)]
    catalogue = offered()
    if wanted not in catalogue:
        raise unknown(wanted, catalogue)
    return [_of_entry(entry) for entry in with_needs(catalogue[wanted], catalogue)]


def folder_name(text: str) -> str:
    """Return a name for a folder made of a text: letters, digits, dots, dashes; never hidden."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", text).strip(".-_")[:100]
    return name or "model"


def _of_entry(entry: Offered) -> Source:
    return Source(
        entry.name,
        entry.repository,
        entry.revision,
        entry.files,
        entry.skip,
        licence=entry.licence,
        entry=entry,
    )


def _of_repository(wanted: str, match: re.Match[str] | None) -> Source:
    revision = unquote((match and match["at"]) or "main")
    if match is None or not _REVISION.fullmatch(revision):
        raise DownloadError(
            "unknown",
            f"{wanted!r} names no repository; write hf:OWNER/NAME, and after it, where wanted, "
            "@REVISION and :FILE.",
        )
    file = unquote(match["file"] or "")
    stem = file.rpartition("/")[2].removesuffix(".safetensors") if file else match["repo"]
    files = (file,) if file else ()
    return Source(folder_name(stem), f"{match['owner']}/{match['repo']}", revision, files)


def _of_address(wanted: str) -> Source:
    parts = urlsplit(wanted)
    if parts.hostname in (HUB, f"www.{HUB}", "hf.co"):
        page = _HUB_PAGE.fullmatch(parts.path)
        if page is not None:
            return _of_repository(wanted, page)
    if parts.scheme not in ("https", "http") or not parts.hostname or parts.username is not None:
        raise DownloadError(
            "address", f"{_SECRET.sub('...', wanted)!r} is no address that is fetched; use https."
        )
    stated = _SHA256.fullmatch(parts.fragment)
    plain = urlunsplit(parts._replace(fragment=""))
    return Source("", address=plain, sha256=stated["hash"].lower() if stated else "")
