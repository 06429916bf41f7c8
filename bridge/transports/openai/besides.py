"""The part of the OpenAPI document that is no image API: health, metrics, pairing, signing."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

_TEXT, _WHOLE, _TRUTH = {"type": "string"}, {"type": "integer"}, {"type": "boolean"}


def paths() -> Json:
    """Return the paths that the bridge answers to besides /v1."""
    device = {"name": "device", "in": "path", "required": True, "schema": _TEXT}
    return {
        "/health": {"get": _health("Tell how the bridge is", "health")},
        "/health/ready": {
            "get": {
                **_health("Tell whether the bridge takes jobs", "ready"),
                "responses": {
                    "200": _done("It does.", "Health"),
                    "403": _error("The Host or the Origin may not call this bridge."),
                    "503": _done("Not yet, or not any more.", "Health"),
                },
            }
        },
        "/metrics": {
            "get": {
                "summary": "Tell the figures, as Prometheus reads them",
                "operationId": "metrics",
                "responses": {
                    "200": {"description": "Text.", "content": {"text/plain": {"schema": _TEXT}}},
                    **_refusals(),
                },
            }
        },
        "/sign": {"post": _sign()},
        "/pair": {
            "post": {
                "summary": "Give a token for a pairing code",
                "operationId": "pair",
                "security": [],
                "requestBody": {"required": True, "content": _json("PairingWish")},
                "responses": {
                    "200": _done("The machine is paired.", "Paired"),
                    "400": _error("The body is not one JSON object with code and name."),
                    "403": _error("The code is wrong, was used, or is past its time."),
                    "507": _error("The bridge cannot write to its folder."),
                },
            }
        },
        "/pair/code": {"post": _owners("Make a pairing code", "pairing_code", "PairingCode")},
        "/pair/devices": {"get": _owners("List the paired machines", "devices", "Devices")},
        "/pair/devices/{device}": {
            "delete": {
                **_owners("Let a machine in no longer", "forget_device", "Device"),
                "parameters": [device],
            }
        },
    }


def schemas() -> Json:
    """Return the answers and bodies of those paths."""
    queue = {"type": "object", "properties": {"waiting": _WHOLE, "painting": _WHOLE}}
    device = {"id": _TEXT, "name": _TEXT, "created": {"type": "number"}}
    return {
        "Health": _object(
            {
                "live": _TRUTH,
                "ready": _TRUTH,
                "model_loaded": _TRUTH,
                "worker": {"enum": ["asleep", "loading", "idle", "painting"]},
                "queue": queue,
            }
        ),
        "PairingWish": {
            "type": "object",
            "properties": {
                "code": {**_TEXT, "description": "Eight digits; spaces do not count."},
                "name": {**_TEXT, "maxLength": 100, "description": "What the machine is called."},
            },
            "required": ["code"],
        },
        "SigningWish": {
            "type": "object",
            "properties": {
                "session": _TEXT,
                "job": _TEXT,
                "candidate": _WHOLE,
                "file": {**_TEXT, "format": "binary", "description": "PNG, JPEG or WebP."},
                "origin": {
                    **_TEXT,
                    "format": "binary",
                    "description": "The picture as it was before, an ingredient.",
                },
            },
            "required": ["session", "job", "candidate", "file"],
        },
        "Paired": _object({"token": _TEXT, "device": _TEXT, "path": _TEXT, "version": _TEXT}),
        "PairingCode": _object({"code": _TEXT, "expires_in": {"type": "number"}}),
        "Device": _object(device),
        "Devices": _object(
            {"devices": {"type": "array", "items": {"$ref": "#/components/schemas/Device"}}}
        ),
    }


def _sign() -> Json:
    picture = {"image/png": {}, "image/jpeg": {}, "image/webp": {}}
    form = {"multipart/form-data": {"schema": {"$ref": "#/components/schemas/SigningWish"}}}
    return {
        "summary": "Sign a picture that a client put together from a result",
        "operationId": "sign",
        "requestBody": {"required": True, "content": form},
        "responses": {
            "200": {"description": "The picture with its manifest.", "content": picture},
            "400": _error("A field of the form is missing or cannot be used."),
            "404": _error("There is no such result."),
            "411": _error("The form's length is missing."),
            "413": _error("The form is too large."),
            **_refusals(),
        },
    }


def _health(summary: str, name: str) -> Json:
    return {
        "summary": summary,
        "operationId": name,
        "security": [],
        "responses": {
            "200": _done("States and numbers; never words or pictures.", "Health"),
            "403": _error("The Host or the Origin may not call this bridge."),
        },
    }


def _owners(summary: str, name: str, schema: str) -> Json:
    said = " Needs the bridge's own token; a paired machine's is not enough."
    return {
        "summary": summary,
        "description": summary + "." + said,
        "operationId": name,
        "responses": {
            "200": _done("Done.", schema),
            "404": _error("No machine of this id is paired."),
            "507": _error("The bridge cannot write to its folder."),
            **_refusals(),
        },
    }


def _refusals() -> Json:
    return {
        "401": _error("The token is missing or wrong."),
        "403": _error("The Host or the Origin may not call this bridge."),
    }


def _object(properties: Json) -> Json:
    return {"type": "object", "properties": properties, "required": list(properties)}


def _done(description: str, schema: str) -> Json:
    return {"description": description, "content": _json(schema)}


def _error(description: str) -> Json:
    return {"description": description, "content": _json("Error")}


def _json(schema: str) -> Json:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
