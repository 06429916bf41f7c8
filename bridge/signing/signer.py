"""Signs finished files, and reads signed ones; c2pa's library is loaded at the first of them."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Mapping
from typing import Any

from bridge.signing.authority import Authority, Identity
from bridge.signing.manifest import Origin, ingredient, manifest

_MAGIC: Mapping[str, tuple[int, bytes]] = {
    "png": (0, b"\x89PNG\r\n\x1a\n"),
    "jpeg": (0, b"\xff\xd8\xff"),
    "webp": (8, b"WEBP"),
}
MIMES = {"png": "image/png", "jpeg": "image/jpeg", "webp": "image/webp"}

_PLAIN = {"builder": {"thumbnail": {"enabled": False}}}  # they outweigh the picture itself

log = logging.getLogger(__name__)


def kind_of(content: bytes) -> str | None:
    """Return what a picture file is by its first bytes: png, jpeg, webp, or None."""
    for kind, (start, magic) in _MAGIC.items():
        if content[start : start + len(magic)] == magic:
            return kind
    return None


class Signer:
    """Puts a signed C2PA manifest into a picture file. Blocks: call it in a thread."""

    def __init__(self, authority: Authority) -> None:
        self._authority = authority

    def signed(
        self, content: bytes, kind: str, record: Mapping[str, Any], origin: Origin | None = None
    ) -> bytes:
        """Return the file with its manifest; `kind` is png, jpeg or webp.

        Without a record of a painting there is nothing to vouch for. A file that cannot be signed
        comes back as it was, and the log says why: paint that took minutes is not withheld for
        want of a seal.
        """
        from c2pa import C2paError

        if "mode" not in record:
            return content
        try:
            return _signed(self._authority.identity(), content, MIMES[kind], record, origin)
        except (C2paError, OSError) as error:
            log.warning("A picture goes out without a signature: %s", error)
            return content


def _signed(
    identity: Identity, content: bytes, mime: str, record: Mapping[str, Any], origin: Origin | None
) -> bytes:
    from c2pa import Builder, C2paSignerInfo, Context, Settings
    from c2pa import Signer as Seal

    how = C2paSignerInfo(b"es256", identity.chain, identity.key, None)
    with (
        Seal.from_info(how) as seal,
        Context(Settings.from_dict(_PLAIN)) as context,
        Builder(manifest(record, mime, origin=origin is not None), context) as builder,
    ):
        if origin is not None:
            what = ingredient(record["mode"])
            builder.add_ingredient(what, origin.mime, io.BytesIO(origin.content))
        made = io.BytesIO()
        builder.sign(seal, mime, io.BytesIO(content), made)
    return made.getvalue()


def verified(content: bytes, mime: str) -> Mapping[str, Any] | None:
    """Return what c2pa's own reader finds in a file, None where there is no manifest."""
    from c2pa import Reader

    reader = Reader.try_create(mime, io.BytesIO(content))
    if reader is None:
        return None
    with reader:
        return json.loads(reader.json())
