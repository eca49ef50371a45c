#!/usr/bin/env bash
# Guess: what `responses={"4XX": {"model": ...}}` says of a FastAPI route is described as application/json, whatever the
# route itself answers with, for that is what its refusals are sent as.
# Seen (fastapi 0.165.0, httpx2 2.16.2): on a route with response_class=EventSourceResponse the model of the refusals is
# described under text/event-stream, while a refusal raised in a dependency arrives as application/json: a client made from
# the description cannot read it, and schemathesis calls it undocumented. With response_class=StreamingResponse the same
# model is described as application/json.
# What follows: the events route spells its refusals out (`REFUSED_STREAM` in motionalchemy/server/api.py).
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet --disable-pip-version-check "fastapi==0.165.0" "httpx2==2.16.2" 2>/dev/null
cat > "$here/app.py" <<'PY'
from collections.abc import AsyncIterator

from fastapi import Depends, FastAPI, HTTPException
from fastapi.responses import StreamingResponse
from fastapi.sse import EventSourceResponse
from fastapi.testclient import TestClient
from pydantic import BaseModel


class Problem(BaseModel):
    detail: str


def nobody() -> None:
    raise HTTPException(404, "nothing is here")


app = FastAPI()
refusals = {"4XX": {"model": Problem, "description": "refused"}}


@app.get("/events", response_class=EventSourceResponse, responses=refusals)
async def events(_: None = Depends(nobody)) -> AsyncIterator[Problem]:
    yield Problem(detail="never sent")


@app.get("/stream", response_class=StreamingResponse, responses=refusals)
async def stream(_: None = Depends(nobody)) -> StreamingResponse:
    return StreamingResponse(iter(()))


paths = app.openapi()["paths"]
said = {name: sorted(path["get"]["responses"]["4XX"]["content"]) for name, path in paths.items()}
sent = {name: TestClient(app).get(name).headers["content-type"] for name in paths}
print("described:", said, "sent:", sent)
assert said == {"/events": ["text/event-stream"], "/stream": ["application/json"]}, "changed: described otherwise"
assert set(sent.values()) == {"application/json"}, "changed: sent otherwise"
PY
"$here/venv/bin/python" "$here/app.py"
echo "as found"
