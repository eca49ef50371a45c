"""Answers: JSON that any text fits in, and refusals in the shape of OpenAI's errors."""

import json
from typing import Any

from fastapi.responses import JSONResponse


class Answer(JSONResponse):
    """JSON in UTF-8; half a surrogate pair, which UTF-8 has not, stays escaped."""

    def render(self, content: Any) -> bytes:
        """The body as bytes."""
        return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "backslashreplace")


UNAVAILABLE = (
    "model_unavailable",
    "the model cannot be loaded on this server: its operator finds the reason in the log",
)  # the code and the sentence where a package or a weight is absent here


class Refused(Exception):
    """An answer other than what was asked for, in the shape of an OpenAI error."""

    def __init__(self, status: int, code: str, message: str, param: str | None = None, **headers: str):
        super().__init__(message)
        self.status, self.code, self.message, self.param = status, code, message, param
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}

    def body(self) -> dict[str, Any]:
        """The answer's JSON."""
        kinds = {401: "authentication_error", 403: "permission_error", 404: "not_found_error", 429: "rate_limit_error"}
        kind = kinds.get(self.status, "server_error" if self.status >= 500 else "invalid_request_error")
        return {"error": {"message": self.message, "type": kind, "param": self.param, "code": self.code}}


def invalid(message: str, param: str | None = None, code: str = "invalid_value") -> Refused:
    """A value that cannot be used."""
    return Refused(400, code, message, param)
