"""The HTTP API as an OpenAPI 3.1 document, drawn from the classes that check the requests.

python -m bridge.transports.openai.document > docs/openapi.json
"""

from __future__ import annotations

import json
import sys
from typing import Any

from pydantic.json_schema import models_json_schema

from bridge.auth import SIGNED_PREFIX
from bridge.transports.openai import besides, model_paths
from bridge.transports.openai.fields import Edit, Generation, Variation, Wish

Json = dict[str, Any]
_REFERENCE = "#/components/schemas/"
_ERRORS = {
    "400": "A value cannot be used (`param` says which), or a filter refused (`code`"
    " moderation_blocked).",
    "401": "The token is missing or wrong.",
    "403": "The Host or the Origin may not call this bridge.",
    "404": "There is no such model or address.",
    "413": "The body or a picture in it is too large.",
    "429": "The queue is full (`x-should-retry: false`), or the rate limit is reached"
    " (`retry-after`).",
    "500": "A fault in the bridge or its worker.",
    "507": "The bridge cannot write to its folder.",
}


def document() -> Json:
    """Return the OpenAPI document as JSON values."""
    kinds: list[type[Wish]] = [Generation, Edit, Variation]
    _, defined = models_json_schema(
        [(kind, "validation") for kind in kinds], ref_template=_REFERENCE + "{model}"
    )
    schemas = {**defined["$defs"], **_answers(), **besides.schemas(), **model_paths.schemas()}
    for name, mask in (("Edit", True), ("Variation", False)):
        schemas[name] = _with_files(schemas[name], mask=mask)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Mahlstick: the OpenAI Images API, health, metrics, pairing, signing, models",
            "version": "1",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "http://127.0.0.1:{port}", "variables": {"port": {"default": "8765"}}}],
        "security": [{"token": []}],
        "paths": _paths(),
        "components": {
            "schemas": dict(sorted(schemas.items())),
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def text() -> str:
    """Return the document as it is checked in."""
    return json.dumps(document(), indent=2, ensure_ascii=False) + "\n"


def _paths() -> Json:
    form, body = "multipart/form-data", "application/json"
    name = {"name": "model", "in": "path", "required": True, "schema": {"type": "string"}}
    return {
        "/v1/images/generations": _painting("Paint from a prompt", body, "Generation"),
        "/v1/images/edits": _painting("Paint in a picture", form, "Edit"),
        "/v1/images/variations": _painting("Paint after a picture", form, "Variation"),
        "/v1/models": {
            "get": {
                "summary": "List the models",
                "operationId": "models",
                "responses": _responses(_schema("Models")),
            }
        },
        "/v1/models/{model}": {
            "get": {
                "summary": "Describe a model",
                "operationId": "model",
                "parameters": [name],
                "responses": _responses(_schema("Model")),
            }
        },
        SIGNED_PREFIX + "{name}": {"get": _file()},
        **besides.paths(),
        **model_paths.paths(),
    }


def _painting(summary: str, media: str, name: str) -> Json:
    answer = {
        "application/json": {"schema": {"$ref": _REFERENCE + "Images"}},
        "text/event-stream": {"schema": {"type": "string"}},
    }
    request = {"required": True, "content": {media: {"schema": {"$ref": _REFERENCE + name}}}}
    return {
        "post": {
            "summary": summary,
            "operationId": name.lower(),
            "requestBody": request,
            "responses": _responses(answer),
        }
    }


def _file() -> Json:
    places = (("name", "path"), ("expires", "query"), ("signature", "query"))
    return {
        "summary": "Fetch a result by its signed link",
        "operationId": "file",
        "security": [],
        "parameters": [
            {"name": name, "in": place, "required": True, "schema": {"type": "string"}}
            for name, place in places
        ],
        "responses": {
            "200": {"description": "The picture.", "content": {"image/*": {}}},
            "403": _error("The link is not signed by this bridge."),
            "410": _error("The link is past its time."),
        },
    }


def _schema(name: str) -> Json:
    return {"application/json": {"schema": {"$ref": _REFERENCE + name}}}


def _responses(content: Json) -> Json:
    said = "Names the request, and its job in the log."
    header = {"x-request-id": {"description": said, "schema": {"type": "string"}}}
    done = {"description": "Done.", "headers": header, "content": content}
    return {"200": done, **{status: _error(said) for status, said in _ERRORS.items()}}


def _error(description: str) -> Json:
    return {"description": description, "content": _schema("Error")}


def _with_files(schema: Json, *, mask: bool) -> Json:
    file = {"type": "string", "format": "binary"}
    files: Json = {"image": {**file, "description": "PNG, JPEG or WebP; `image[]` is as good."}}
    if mask:
        files["mask"] = {
            **file,
            "description": "A picture of the same size, transparent where paint shall go. Without"
            " it the image's own transparency says so.",
        }
    required = ["image", *schema.get("required", ())]
    return {**schema, "properties": {**files, **schema["properties"]}, "required": required}


def _answers() -> Json:
    text, whole = {"type": "string"}, {"type": "integer"}
    item = {
        "b64_json": text,
        "url": {"type": "string", "format": "uri"},
        "image_index": whole,
        "seed": whole,
        "score": {"type": "number"},
    }
    images = {
        "created": whole,
        "size": text,
        "background": text,
        "output_format": text,
        "model": text,
        "seed": whole,
        "unknown_words": {"type": "array", "items": text},
        "notes": {"type": "array", "items": text},
        "usage": {"type": "object", "description": "All zero: nothing is billed."},
        "data": {"type": "array", "items": {"type": "object", "properties": item}},
        "contact_sheet": {"type": "object", "properties": {"b64_json": text, "url": text}},
    }
    nullable = {"type": ["string", "null"]}
    error = {"message": text, "type": text, "param": nullable, "code": text}
    model = {"id": text, "object": text, "created": whole, "owned_by": text}
    return {
        "Images": {"type": "object", "properties": images, "required": ["created", "data"]},
        "Model": {"type": "object", "properties": model, "required": list(model)},
        "Models": {
            "type": "object",
            "properties": {
                "object": text,
                "data": {"type": "array", "items": {"$ref": _REFERENCE + "Model"}},
            },
        },
        "Error": {
            "type": "object",
            "properties": {"error": {"type": "object", "properties": error}},
        },
    }


if __name__ == "__main__":
    sys.stdout.write(text())
