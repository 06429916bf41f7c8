"""The protocol as an AsyncAPI 3 document, drawn from the classes that the codec is derived from.

    python -m bridge.asyncapi > docs/asyncapi.json

A message is one binary frame: `u32 header length (little-endian) | JSON header | blobs`. The
schemas describe the header; a field of bytes holds the number of its blob there.
"""

from __future__ import annotations

import functools
import inspect
import json
import re
import sys
from typing import Any

from bridge.transports.websocket import PATH
from bridge.wire import kinds, limits
from bridge.wire.codec import Side, message_types
from bridge.wire.errors import MEANINGS
from bridge.wire.messages import SUBPROTOCOL, VERSION
from bridge.wire.records import Record, record_of

Json = dict[str, Any]
CONTENT_TYPE = "application/octet-stream"
_COMMENTED = re.compile(r"^ {4}(\w+): [^#\n]*#\s*(.+)$", re.MULTILINE)


def document() -> Json:
    """Return the AsyncAPI document as JSON values."""
    messages = {**message_types("client"), **message_types("server")}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Mahlstick",
            "version": str(VERSION),
            "description": inspect.cleandoc(__doc__ or "").partition("\n\n")[2].split("\n\n")[-1],
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": CONTENT_TYPE,
        "servers": {"loopback": _server()},
        "channels": {"socket": _channel(list(messages))},
        "operations": {
            "fromClient": _operation("receive", "client"),
            "fromBridge": _operation("send", "server"),
        },
        "components": {
            "messages": {name: _message(made_of) for name, made_of in messages.items()},
            "schemas": _schemas(list(messages.values())),
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "x-limits": {
            "message_bytes": limits.MAX_MESSAGE_BYTES,
            "header_bytes": limits.MAX_HEADER_BYTES,
            "picture_side": limits.MAX_SIDE,
            "blobs": limits.MAX_BLOBS,
        },
        "x-codes": dict(MEANINGS),
    }


def text() -> str:
    """Return the document as it is checked in."""
    return json.dumps(document(), indent=2, ensure_ascii=False) + "\n"


def _server() -> Json:
    return {
        "host": "127.0.0.1:{port}",
        "protocol": "ws",
        "description": "A bridge on the painter's own machine; its connection file tells the port.",
        "variables": {"port": {"description": "Chosen by the system unless it is set."}},
        "security": [{"$ref": "#/components/securitySchemes/token"}],
    }


def _channel(names: list[str]) -> Json:
    protocol = {"type": "string", "const": SUBPROTOCOL}
    headers = {
        "type": "object",
        "properties": {
            "Authorization": {"type": "string", "description": "Bearer and the token."},
            "Sec-WebSocket-Protocol": protocol,
        },
        "required": ["Authorization", "Sec-WebSocket-Protocol"],
    }
    return {
        "address": PATH,
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in names},
        "bindings": {"ws": {"method": "GET", "headers": headers}},
    }


def _operation(action: str, side: Side) -> Json:
    references = [{"$ref": f"#/channels/socket/messages/{name}"} for name in message_types(side)]
    return {
        "action": action,
        "channel": {"$ref": "#/channels/socket"},
        "messages": references,
    }


def _message(made_of: type[Any]) -> Json:
    return {
        "name": made_of.type,
        "title": made_of.__name__,
        **_described(made_of),
        "contentType": CONTENT_TYPE,
        "payload": {"$ref": f"#/components/schemas/{made_of.__name__}"},
    }


def _described(made_of: type[Any]) -> Json:
    summary, _, description = inspect.getdoc(made_of).partition("\n\n")  # type: ignore[union-attr]
    return {"summary": summary} | ({"description": description} if description else {})


def _schemas(messages: list[type[Any]]) -> Json:
    schemas: Json = {}
    for made_of in messages:
        _collect(record_of(made_of), schemas)
        schemas[made_of.__name__] = _with_envelope(made_of.type, schemas[made_of.__name__])
    return dict(sorted(schemas.items()))


def _with_envelope(name: str, schema: Json) -> Json:
    lengths = {
        "type": "array",
        "description": "The lengths in bytes of the blobs behind the header, in order.",
        "items": {"type": "integer", "minimum": 0},
        "maxItems": limits.MAX_BLOBS,
    }
    return {
        **schema,
        "properties": {
            "type": {"type": "string", "const": name},
            "blobs": lengths,
            **schema["properties"],
        },
        "required": ["type", "blobs", *schema["required"]],
    }


def _collect(record: Record, schemas: Json) -> None:
    """Add the schema of a record, and those of the records in it."""
    name = record.made_of.__name__
    if name in schemas:
        return
    comments = dict(_COMMENTED.findall(inspect.getsource(record.made_of)))
    schemas[name] = {}  # its place, before those of what it holds
    properties: Json = {}
    for slot in record.slots:
        properties[slot.name] = _noted(schema_of(slot.kind), comments.get(slot.name))
        for inner in _records_in(slot.kind):
            _collect(inner, schemas)
    schemas[name] = {
        "type": "object",
        "description": inspect.getdoc(record.made_of),
        "properties": properties,
        "required": [slot.name for slot in record.slots if slot.required],
    }


def _noted(schema: Json, comment: str | None) -> Json:
    if comment is None:
        return schema
    # Next to a reference everything else is ignored.
    return {**({"allOf": [schema]} if "$ref" in schema else schema), "description": comment}


def _records_in(kind: kinds.Kind) -> list[Record]:
    if isinstance(kind, Record):
        return [kind]
    if isinstance(kind, (kinds.Maybe, kinds.ListOf)):
        return _records_in(kind.item)
    return []


@functools.singledispatch
def schema_of(kind: kinds.Kind) -> Json:
    """Return the JSON schema of a kind of value."""
    raise TypeError(f"{kind!r} has no schema yet")


@schema_of.register
def _(kind: kinds.Integer) -> Json:
    return {"type": "integer", "minimum": kind.low, "maximum": kind.high}


@schema_of.register
def _(kind: kinds.Real) -> Json:  # noqa: ARG001
    return {"type": "number"}


@schema_of.register
def _(kind: kinds.Text) -> Json:  # noqa: ARG001
    return {"type": "string"}


@schema_of.register
def _(kind: kinds.Flag) -> Json:  # noqa: ARG001
    return {"type": "boolean"}


@schema_of.register
def _(kind: kinds.Choice) -> Json:
    return {"type": "string", "enum": list(kind.words)}


@schema_of.register
def _(kind: kinds.Blob) -> Json:  # noqa: ARG001
    return {"type": "integer", "minimum": 0, "maximum": limits.MAX_BLOBS - 1, "x-blob": True}


@schema_of.register
def _(kind: kinds.Maybe) -> Json:
    return {"oneOf": [schema_of(kind.item), {"type": "null"}]}


@schema_of.register
def _(kind: kinds.ListOf) -> Json:
    return {"type": "array", "items": schema_of(kind.item)}


@schema_of.register
def _(kind: kinds.TupleOf) -> Json:
    items = [schema_of(item) for item in kind.items]
    return {"type": "array", "items": items, "minItems": len(items), "maxItems": len(items)}


@schema_of.register
def _(kind: kinds.Free) -> Json:  # noqa: ARG001
    return {"type": "object", "additionalProperties": True}


@schema_of.register
def _(kind: Record) -> Json:
    return {"$ref": f"#/components/schemas/{kind.made_of.__name__}"}


if __name__ == "__main__":
    sys.stdout.write(text())
