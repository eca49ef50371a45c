"""The description of the API, against a real server: nothing that is made from it finds a fault or a wrong shape."""

import json
import os
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest
from server_process import serving

# A schema cannot say that two fields exclude each other, so not all that fits it is accepted.
UNSAYABLE = "positive_data_acceptance"
ROUTES = {
    "/v1/videos", "/v1/videos/edits", "/v1/videos/extensions", "/v1/videos/{video_id}", "/v1/videos/{video_id}/remix",
    "/v1/videos/{video_id}/cancel", "/v1/videos/{video_id}/content", "/v1/videos/{video_id}/events",
    "/v1/models", "/v1/models/{model}", "/healthz", "/metrics",
}  # fmt: skip


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("schema") / "data", "--max-seconds", "1") as server:
        yield server


def references(value):
    if isinstance(value, dict):
        yield from [value["$ref"]] if "$ref" in value else []
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def test_the_description_is_whole(server):
    described = httpx2.get(f"{server.url}/openapi.json").json()
    assert set(described["paths"]) == ROUTES
    names = {reference.rpartition("/")[2] for reference in references(described)}
    assert names <= set(described["components"]["schemas"]) and {"CreateBody", "Own", "Video", "ErrorBody"} <= names
    own = described["components"]["schemas"]["Own"]["properties"]
    assert own["seed"]["exclusiveMaximum"] == 2**63 and "image" not in own and "device" not in own
    assert "422" not in json.dumps(described["paths"])


@pytest.mark.parametrize(
    ("phases", "examples"),
    [("examples,fuzzing", "1"), pytest.param("examples,coverage,fuzzing", "4", marks=pytest.mark.slow)],
)
def test_generated_requests_meet_no_fault(server, tmp_path, phases, examples):
    program = str(Path(sys.executable).with_name("schemathesis"))
    options = ["--max-examples", examples, "--generation-deterministic", "--no-color", "--exclude-checks", UNSAYABLE]
    options += ["--phases", phases]
    run = subprocess.run(
        [program, "run", f"{server.url}/openapi.json", *options], cwd=tmp_path, capture_output=True, text=True,
        env=os.environ | {"PYTHONIOENCODING": "utf-8"},
    )  # fmt: skip
    assert run.returncode == 0, run.stdout[-4000:]
    assert "14 selected / 14 total" in run.stdout and "Tested: 14" in run.stdout
    log = server.log.read_text()
    assert "Traceback" not in log, log[log.index("Traceback") :][:4000]
    assert httpx2.get(f"{server.url}/healthz").json()["status"] == "ok"
