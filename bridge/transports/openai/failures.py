"""Everything that goes wrong, in OpenAI's shape: `{"error": {message, type, param, code}}`.

    ApiError   raised anywhere below an endpoint; becomes the answer, or the stream's last event

The official client tries again after 408, 409, 429 and 5xx; `x-should-retry: false` tells it not to
where that cannot help.
"""

from __future__ import annotations

from pydantic import ValidationError
from starlette.responses import JSONResponse

from bridge.errors import JobRefusedError
from bridge.wire import errors as codes
from bridge.wire.messages import Cancelled, Failed

INVALID = "invalid_request_error"
BLOCKED = "image_generation_user_error"
LIMITED = "rate_limit_error"
OURS = "server_error"

# What a code of the bridge is here: status, type, code.
_TABLE = {
    codes.BAD_REQUEST: (400, INVALID, "invalid_value"),
    codes.UNKNOWN_WORDS: (400, BLOCKED, "unknown_words"),
    codes.UNKNOWN_MODEL: (404, INVALID, "model_not_found"),
    codes.REFUSED_BY_FILTER: (400, BLOCKED, "moderation_blocked"),
    codes.QUEUE_FULL: (429, LIMITED, "queue_full"),
    codes.TOO_LARGE: (413, INVALID, "too_large"),
    codes.OUT_OF_MEMORY: (400, INVALID, "out_of_memory"),
    codes.STORAGE_FAILED: (507, OURS, "storage_failed"),
    codes.WORKER_DIED: (500, OURS, "worker_died"),
}
# What a field of the engine is called here.
_PARAMS = {"candidates": "n", "width": "size", "height": "size"}
_CODES = {"extra_forbidden": "unknown_parameter", "missing": "missing_required_parameter"}


class ApiError(Exception):
    """A refusal or failure, as the client is told; `str()` is a sentence."""

    def __init__(
        self,
        status: int,
        kind: str,
        code: str,
        message: str,
        *,
        param: str | None = None,
        retry_after_s: int | None = None,
    ) -> None:
        """With `retry_after_s` the client may try again then; otherwise it shall not."""
        super().__init__(message)
        self.status = status
        error: dict[str, object] = {
            "message": message,
            "type": kind,
            "param": param,
            "code": code,
        }
        self.body = {"error": error}
        self.headers = {"x-should-retry": "false"}
        if retry_after_s is not None:
            self.headers = {"retry-after": str(retry_after_s)}

    def response(self) -> JSONResponse:
        """Return the answer."""
        return JSONResponse(self.body, self.status, self.headers)


def invalid(param: str | None, message: str, code: str = "invalid_value") -> ApiError:
    """Return the error for a value that cannot be used."""
    return ApiError(400, INVALID, code, message, param=param)


def of_refusal(error: JobRefusedError) -> ApiError:
    """Return the error for a job or a picture that is not taken."""
    return _coded(error.code, str(error), error.param)


def of_end(end: Failed | Cancelled) -> ApiError:
    """Return the error for a job that ended without results."""
    if isinstance(end, Cancelled):
        sentence = "The job was cancelled before it was done. Send it again if it is still wanted."
        return ApiError(503, OURS, "job_cancelled", sentence)
    if end.code == codes.REFUSED_BY_FILTER:  # its param is the filter's category
        error = _coded(end.code, end.message, "")
        error.body["error"]["category"] = end.param
        return error
    error = _coded(end.code, end.message, end.param)
    if end.suggestions:
        error.body["error"]["suggestions"] = end.suggestions
    return error


def of_validation(error: ValidationError, accepted: list[str]) -> ApiError:
    """Return the error for the first field that is wrong."""
    problem = error.errors(include_url=False)[0]
    name = ".".join(str(part) for part in problem["loc"])
    code = _CODES.get(problem["type"], "invalid_value")
    if code == "unknown_parameter":
        sentence = f"There is no parameter {name[:100]!r} here; accepted are {', '.join(accepted)}."
    elif code == "missing_required_parameter":
        sentence = f"The parameter {name} is missing; it is required."
    else:
        given = repr(problem.get("input"))[:100]
        detail = problem["msg"].removeprefix("Value error, ")
        sentence = f"The parameter {name} is {given}. {detail.rstrip('.')}."
    return invalid(name, sentence, code)


def fault() -> ApiError:
    """Return the error for a fault of our own; the log has the details."""
    sentence = "The request failed because of a fault in the bridge; its log says more."
    return ApiError(500, OURS, codes.INTERNAL, sentence)


def _coded(code: str, message: str, param: str) -> ApiError:
    status, kind, name = _TABLE.get(code, (500, OURS, codes.INTERNAL))
    return ApiError(status, kind, name, message, param=_PARAMS.get(param, param) or None)
