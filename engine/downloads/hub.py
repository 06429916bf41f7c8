"""What the Hugging Face hub, or a server that speaks its API, says of a repository.

The answers' own words, not ours: the commit, and size and hash of every file. Every error of
huggingface_hub is translated here.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from importlib import import_module
from typing import TYPE_CHECKING, Any

from engine.downloads.catalogue import Licence
from engine.errors import DownloadError

if TYPE_CHECKING:
    from huggingface_hub.hf_api import ModelInfo

_TIMEOUT_S = 30.0
_NEAR = 5
_THEIRS = 200  # of an owner's models, to find what was meant


@dataclass(frozen=True, slots=True)
class Stated:
    """One file as its source states it; `sha256` of large files, `git_sha1` of small ones."""

    path: str
    size: int
    sha256: str = ""
    git_sha1: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    """A repository at one commit."""

    repository: str
    commit: str
    files: tuple[Stated, ...]
    licence: Licence
    gated: bool = False


class Hub:
    """The hub at an endpoint, None for the one that HF_ENDPOINT names, or the public one."""

    def __init__(self, endpoint: str | None = None, token: str | None = None) -> None:
        """Without a token the one of HF_TOKEN, or of the hub's own token file, is used."""
        from huggingface_hub import constants

        self.endpoint = (endpoint or constants.ENDPOINT).rstrip("/")
        self._token = token

    @property
    def token(self) -> str | None:
        """The token that is shown to the hub, and to nobody else."""
        from huggingface_hub import get_token

        return self._token or get_token()

    def listing(self, repository: str, revision: str) -> Listing:
        """Return what a repository holds; raises DownloadError with a sentence."""
        from huggingface_hub import HfApi

        api = HfApi(self.endpoint, token=self.token or False, library_name="mahlstick")
        try:
            found = api.model_info(
                repository, revision=revision, timeout=_TIMEOUT_S, files_metadata=True
            )
        except _troubles() as error:
            raise self._told(error, repository, revision, api) from error
        except (TypeError, KeyError, AttributeError) as error:
            raise DownloadError(
                "unreachable", f"What answers at {self.endpoint} does not speak as the hub does."
            ) from error
        return self._read(found, repository)

    def address(self, repository: str, commit: str, path: str) -> str:
        """Return where a file of a repository is fetched."""
        from huggingface_hub import hf_hub_url

        return hf_hub_url(repository, path, revision=commit, endpoint=self.endpoint)

    def page(self, repository: str) -> str:
        """Return where people read about a repository and accept its terms."""
        return f"{self.endpoint}/{repository}"

    def no_entry(self, repository: str) -> DownloadError:
        """Return the error for a repository that does not let this token, or none, in."""
        if self.token is None:
            return DownloadError(
                "token",
                f"{repository} asks who downloads it. Accept its terms at "
                f"{self.page(repository)}, make a token with read access in your settings there, "
                "and give it as HF_TOKEN, or with `hf auth login`.",
            )
        return DownloadError(
            "token",
            f"{repository} does not let your token in. Accept its terms at "
            f"{self.page(repository)} with the account that the token belongs to, wait where they "
            "are granted by hand, and see that the token may read gated repositories.",
        )

    def _read(self, found: ModelInfo, repository: str) -> Listing:
        commit = found.sha or ""
        if len(commit) != 40 or not set(commit) <= set("0123456789abcdef"):
            raise DownloadError(
                "unreachable", f"{self.endpoint} does not say at which commit {repository} is."
            )
        files = tuple(_stated(sibling) for sibling in found.siblings or ())
        licence = _licence(found, self.page(repository))
        return Listing(repository, commit, files, licence, bool(found.gated))

    def _told(self, error: Exception, repository: str, revision: str, api: Any) -> DownloadError:  # noqa: ANN401 - HfApi is imported late
        from huggingface_hub import errors

        match error:
            case errors.OfflineModeIsEnabled():
                sentence = "HF_HUB_OFFLINE is set, so that nothing is asked of the hub; unset it."
                return DownloadError("unreachable", sentence)
            case errors.GatedRepoError():
                return self.no_entry(repository)
            case errors.RepositoryNotFoundError():
                return self._nowhere(repository, api)
            case errors.RevisionNotFoundError():
                sentence = f"{repository} has no revision {revision!r}; see {self.page(repository)}"
                return DownloadError("unknown", f"{sentence} for those it has, or take main.")
            case errors.HFValidationError():
                return DownloadError("unknown", f"{repository!r} is no name of a repository.")
            case errors.HfHubHTTPError(response=response) if response.status_code in (401, 403):
                return self.no_entry(repository)
            case errors.HfHubHTTPError(response=response):
                status = response.status_code
                sentence = f"{self.endpoint} answers with HTTP status {status}; try again later."
                return DownloadError("unreachable", sentence)
        return offline(self.endpoint, error)

    def _nowhere(self, repository: str, api: Any) -> DownloadError:  # noqa: ANN401
        owner, _, word = repository.partition("/")
        near: list[str] = []
        try:
            near = [found.id for found in api.list_models(search=word, limit=_NEAR)]
            if not near:
                theirs = [found.id for found in api.list_models(author=owner, limit=_THEIRS)]
                near = get_close_matches(repository, theirs, n=_NEAR, cutoff=0.5)
        except _troubles():
            pass  # it was only to be helpful
        there_are = f" Near it are: {', '.join(near)}." if near else ""
        private = "" if self.token else " If it is a private one, give a token as HF_TOKEN."
        sentence = f"{self.endpoint} has no repository {repository!r}.{there_are}{private}"
        return DownloadError("unknown", sentence)


def offline(address: str, error: Exception) -> DownloadError:
    """Return the error for a host that cannot be reached."""
    said = str(error) or type(error).__name__
    return DownloadError(
        "unreachable",
        f"{address} cannot be reached ({said}). Connect this machine to the Internet, or set "
        "HTTPS_PROXY where it goes through a proxy; what has arrived is kept, and a later pull "
        "goes on from there.",
    )


def _troubles() -> tuple[type[Exception], ...]:
    """Return what huggingface_hub raises; which library it calls with depends on its version."""
    from huggingface_hub.errors import HFValidationError
    from huggingface_hub.utils import get_session

    library = import_module(type(get_session()).__module__.partition(".")[0])
    return (OSError, ValueError, HFValidationError, library.HTTPError)


def _stated(sibling: Any) -> Stated:  # noqa: ANN401 - huggingface_hub's RepoSibling
    lfs = sibling.lfs
    if lfs is not None:
        return Stated(sibling.rfilename, int(lfs["size"]), sha256=str(lfs["sha256"]).lower())
    size = -1 if sibling.size is None else int(sibling.size)
    return Stated(sibling.rfilename, size, git_sha1=str(sibling.blob_id or "").lower())


def _licence(found: ModelInfo, page: str) -> Licence:
    card: Any = found.card_data or {}
    stated = card.get("license") or "no licence stated"
    name = card.get("license_name") if stated == "other" else None
    link = card.get("license_link")
    shown = str(link) if isinstance(link, str) and link.startswith("https://") else page
    return Licence(str(name or stated), shown)
