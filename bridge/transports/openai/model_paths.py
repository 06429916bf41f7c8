"""The part of the OpenAPI document about models: what is there, what can be got, what is coming."""

from __future__ import annotations

from typing import Any

from bridge.auth import PULLS, REMOVALS

Json = dict[str, Any]

_TEXT, _WHOLE, _TRUTH = {"type": "string"}, {"type": "integer"}, {"type": "boolean"}
_NULLABLE = {"type": ["string", "null"]}
_OWNERS = " Needs the bridge's own token; a paired machine's is not enough."


def paths() -> Json:
    """Return the paths below /models."""
    pull = {"name": "pull", "in": "path", "required": True, "schema": _TEXT}
    stream = {"text/event-stream": {"schema": _TEXT}}
    unknown = {"404": _error("No pull of this id is known.")}
    return {
        "/models": {"get": _get("List the models that are there", "shelf", "Shelf")},
        "/models/catalogue": {
            "get": _get("List the models that can be got by name", "catalogue", "ModelCatalogue")
        },
        REMOVALS: {"post": _post("Put a model into the trash", "remove_model", "Removal")},
        PULLS: {
            "get": _get("List the models that are on their way", "pulls", "Pulls", _OWNERS),
            "post": _post("Get a model", "pull", "Pull"),
        },
        f"{PULLS}/events": {
            "get": {
                **_get("Follow the models that are on their way", "follow_pulls", "Pulls", _OWNERS),
                "responses": {
                    "200": {"description": "Pulls, at every change.", "content": stream},
                    **_refusals(),
                },
            }
        },
        f"{PULLS}/{{pull}}": {
            "parameters": [pull],
            "get": _get("Tell how far one is", "pull_of", "Pull", _OWNERS, unknown),
            "delete": _get("End one; what has arrived stays", "end_pull", "Pull", _OWNERS, unknown),
        },
    }


def schemas() -> Json:
    """Return the answers and bodies of those paths."""
    file = {
        "name": _TEXT,
        "kind": _TEXT,
        "paints": _TRUTH,
        "family": _NULLABLE,
        "architecture": _NULLABLE,
        "variant": _NULLABLE,
        "precision": _NULLABLE,
        "bytes": _WHOLE,
        "origin": {**_TEXT, "description": "The program in whose folder it lies."},
        "problem": {**_TEXT, "description": "Why nothing can be done with it; else empty."},
        "title": _TEXT,
        "trigger_words": {"type": "array", "items": _TEXT},
    }
    pull = {
        "id": _TEXT,
        "name": {**_TEXT, "description": "What was asked for."},
        "state": {"enum": ["waiting", "fetching", "checking", "done", "failed", "cancelled"]},
        "model": {**_TEXT, "description": "Which one is coming; a wish may need several."},
        "file": _TEXT,
        "done": {**_WHOLE, "description": "Bytes, of the model; while checking, of the file."},
        "total": _WHOLE,
        "reason": {**_TEXT, "description": "Why it failed, for programs."},
        "message": {**_TEXT, "description": "Why it failed, for people."},
        "notes": {"type": "array", "items": _TEXT},
    }
    entry = {"name": _TEXT, "title": _TEXT, "use": _TEXT, "size_gb": {"type": "number"}}
    licence = _object({"name": _TEXT, "url": _TEXT, "spdx": _TEXT})
    return {
        "ModelFile": _object(file),
        "Shelf": _object({"models": _list_of("ModelFile")}),
        "CatalogueEntry": {**_object({**entry, "licence": licence}), "additionalProperties": True},
        "ModelCatalogue": _object({"models": _list_of("CatalogueEntry")}),
        "Pull": _object(pull),
        "Pulls": _object({"pulls": _list_of("Pull")}),
        "PullWish": {
            "type": "object",
            "properties": {
                "name": {
                    **_TEXT,
                    "minLength": 1,
                    "maxLength": 2000,
                    "description": "A name of the catalogue, hf:OWNER/NAME[@REVISION][:FILE], or an"
                    " https address.",
                },
                "accept_licence": {**_TRUTH, "description": "Accepts it, once for good."},
                "update": {**_TRUTH, "description": "The newest edition, not the pinned one."},
            },
            "required": ["name"],
        },
        "RemovalWish": {**_object({"name": _TEXT})},
        "Removal": _object({"removed": _TEXT}),
    }


def _post(summary: str, name: str, schema: str) -> Json:
    done = {"202": _done("It is taken.", schema)} if name == "pull" else {}
    return {
        **_get(summary, name, schema, _OWNERS),
        "requestBody": {"required": True, "content": _json(f"{schema}Wish")},
        "responses": {
            **(done or {"200": _done("Done.", schema)}),
            "400": _error("The body is no JSON object of this kind."),
            "404": _error("There is no model of this name."),
            "409": _error("The model cannot be removed; the sentence says why."),
            "429": _error("Too many models wait to be got."),
            "507": _error("The bridge cannot write to its folder."),
            **_refusals(),
        },
    }


def _get(
    summary: str, name: str, schema: str, said: str = "", responses: Json | None = None
) -> Json:
    return {
        "summary": summary,
        "description": summary + "." + said,
        "operationId": name,
        "responses": {"200": _done("Done.", schema), **(responses or {}), **_refusals()},
    }


def _refusals() -> Json:
    return {
        "401": _error("The token is missing or wrong."),
        "403": _error("The Host or the Origin may not call this bridge."),
    }


def _object(properties: Json) -> Json:
    return {"type": "object", "properties": properties, "required": list(properties)}


def _list_of(name: str) -> Json:
    return {"type": "array", "items": {"$ref": f"#/components/schemas/{name}"}}


def _done(description: str, schema: str) -> Json:
    return {"description": description, "content": _json(schema)}


def _error(description: str) -> Json:
    return {"description": description, "content": _json("Error")}


def _json(schema: str) -> Json:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
