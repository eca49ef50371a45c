"""The routes: OpenAI's for videos and models, and beside them cancel, events, health and metrics."""

import re
from collections.abc import AsyncIterator, Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, FastAPI, Header, Path, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.routing import Match

from motionalchemy.parts import weights
from motionalchemy.server import events, shapes
from motionalchemy.server.answers import Answer, Refused, invalid
from motionalchemy.server.forms import Uploads
from motionalchemy.server.guard import Guard
from motionalchemy.server.keys import Keys
from motionalchemy.server.metrics import Metrics
from motionalchemy.server.service import VARIANTS, Service, Who

ERRORS: dict[int | str, dict[str, Any]] = {
    "4XX": {"model": shapes.ErrorBody, "description": "Refused, with the reason"}
}
REFUSED_STREAM = {  # a model here would be said to come as text/event-stream, as all of that route does
    "description": "Refused, with the reason",
    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/ErrorBody"}}},
}
VideoId = Annotated[str, Path(description="the id of a video", max_length=64)]
Idempotency = Annotated[
    str | None,
    Header(alias="Idempotency-Key", max_length=255, description="the same key makes the same video once"),
]
POLL_MS, LONGEST_POLL_MS = 500, 5000  # how long a client is asked to wait between two looks, far back in the queue
HELPER = (
    "x-stainless-poll-helper"  # OpenAI's own loop, which keeps to the first pause that it is told, whatever comes later
)
router = APIRouter(default_response_class=Answer, responses=ERRORS)


def create_app(service: Service, keys: Keys, mount: Callable[[FastAPI], FastAPI] | None = None) -> FastAPI:
    """The application over a service that runs, its `state.service`; `mount` adds the page, if there is one."""
    settings, metrics = service.settings, Metrics()
    app = FastAPI(
        title="MotionAlchemy", version="1", docs_url=None, redoc_url=None, redirect_slashes=False,
        description="Videos from an image and a sentence, in the shape of OpenAI's Videos API.",
        servers=[{"url": settings.root_path}] if settings.root_path else None,
    )  # fmt: skip
    app.state.service, app.state.metrics = service, metrics
    app.state.uploads, app.state.streams = Uploads(settings), [0]
    app.include_router(router)
    app.openapi = lambda: _described(app)
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_middleware(Guard, settings=settings, keys=keys, metrics=metrics)  # type: ignore[arg-type]
    return app if mount is None else mount(app)


def _described(app: FastAPI) -> dict[str, Any]:
    """The description of the API, with the bodies that `Uploads` reads, made once."""
    if app.openapi_schema is None:
        app.openapi_schema = FastAPI.openapi(app)
        app.openapi_schema["components"]["schemas"] |= shapes.body_schemas()
    return app.openapi_schema


def _service(request: Request) -> Service:
    return request.app.state.service


def _who(request: Request) -> Who:
    return request.scope["state"]["who"]


def _body(shape: type[BaseModel], forms: bool = True) -> dict[str, Any]:
    """The documentation of a body that is read by `Uploads`."""
    schema = {"schema": {"$ref": shapes.BODY_REFERENCE.format(model=shape.__name__)}}
    kinds = ("application/json", "multipart/form-data") if forms else ("application/json",)
    return {"requestBody": {"required": True, "content": dict.fromkeys(kinds, schema)}}


async def _take(request: Request, shape: type[BaseModel], idempotency: str | None, submit: Callable[..., Any]) -> Any:
    """Read a body, check its shape and submit it; the answer to a key that came before is what it made then."""
    service, who = _service(request), _who(request)
    if (known := service.known(who, idempotency)) is not None:
        return known
    service.check_room()
    async with request.app.state.uploads.reading(request) as body:
        return await submit(service, who, shapes.checked(shape, body), idempotency)


@router.post("/v1/videos", response_model=shapes.Video, openapi_extra=_body(shapes.CreateBody))
async def create_video(request: Request, idempotency_key: Idempotency = None) -> Any:
    """Queue a video of an image and a sentence, of a sentence alone, or of several views."""
    return await _take(request, shapes.CreateBody, idempotency_key, Service.create)


@router.post("/v1/videos/edits", response_model=shapes.Video, openapi_extra=_body(shapes.EditBody))
async def edit_video(request: Request, idempotency_key: Idempotency = None) -> Any:
    """Queue an edit of an uploaded or completed video."""

    async def submit(service: Service, who: Who, body: Any, key: str | None) -> Any:
        return await service.derive(who, "edits", body, key)

    return await _take(request, shapes.EditBody, idempotency_key, submit)


@router.post("/v1/videos/extensions", response_model=shapes.Video, openapi_extra=_body(shapes.ExtendBody))
async def extend_video(request: Request, idempotency_key: Idempotency = None) -> Any:
    """Queue what comes after an uploaded or completed video; the result is both together."""

    async def submit(service: Service, who: Who, body: Any, key: str | None) -> Any:
        return await service.derive(who, "extensions", body, key)

    return await _take(request, shapes.ExtendBody, idempotency_key, submit)


@router.post("/v1/videos/{video_id}/remix", response_model=shapes.Video, openapi_extra=_body(shapes.RemixBody))
async def remix_video(request: Request, video_id: VideoId, idempotency_key: Idempotency = None) -> Any:
    """Queue the same request with another prompt."""

    async def submit(service: Service, who: Who, body: Any, key: str | None) -> Any:
        return await service.remix(who, video_id, body, key)

    return await _take(request, shapes.RemixBody, idempotency_key, submit)


@router.get("/v1/videos", response_model=shapes.VideoList)
async def list_videos(
    request: Request,
    after: Annotated[str | None, Query(description="the last id of the page before", max_length=64)] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    order: Literal["asc", "desc"] = "desc",
) -> Any:
    """Your videos, newest first unless `order` is asc."""
    return _service(request).page(_who(request), after, limit, order == "asc")


@router.get("/v1/videos/{video_id}", response_model=shapes.Video)
async def retrieve_video(request: Request, video_id: VideoId) -> Any:
    """A video as it stands."""
    found = _service(request).retrieve(_who(request), video_id)
    waiting = 0 if HELPER in request.headers else found["motionalchemy"]["position"] or 0
    pause = {"openai-poll-after-ms": str(min(POLL_MS * (1 + waiting // 4), LONGEST_POLL_MS))}
    return Answer(found, headers=pause)  # an answer of our own, as this is asked most: no model is made of it again


@router.delete("/v1/videos/{video_id}", response_model=shapes.VideoDeleted)
async def delete_video(request: Request, video_id: VideoId) -> Any:
    """Forget a video and its files; one that is being made is stopped."""
    return await _service(request).delete(_who(request), video_id)


@router.post("/v1/videos/{video_id}/cancel", response_model=shapes.Video)
async def cancel_video(request: Request, video_id: VideoId) -> Any:
    """Stop a video: a queued one at once, one that is being made at its next step."""
    return await _service(request).cancel(_who(request), video_id)


@router.get(
    "/v1/videos/{video_id}/content",
    response_class=FileResponse,
    responses={
        code: {
            "content": {kind: {} for _, kind in VARIANTS.values()},
            "description": "The file, or the range asked for",
        }
        for code in (200, 206)
    },
)
async def video_content(
    request: Request,
    video_id: VideoId,
    variant: Literal["video", "thumbnail", "spritesheet", "preview", "sidecar"] = "video",
) -> Any:
    """The file of a completed video, its first frame, a contact sheet, its sidecar; or a preview of one in progress."""
    path, kind = _service(request).file(_who(request), video_id, variant)
    name = f"{path.parent.name}{'' if variant == 'video' else '-' + variant}{path.suffix}"
    return FileResponse(path, media_type=kind, filename=name, content_disposition_type="inline")


router.add_api_route(
    "/v1/videos/{video_id}/content",
    video_content,
    methods=["HEAD"],
    response_class=FileResponse,
    include_in_schema=False,
)


def _watching(request: Request, video_id: VideoId) -> tuple[Service, Who]:
    """Who watches which service; refused before the stream begins, for then its status is sent."""
    service, who = _service(request), _who(request)
    service.retrieve(who, video_id)
    if request.app.state.streams[0] >= service.settings.streams:
        raise Refused(429, "too_many_streams", "too many event streams are open: poll instead", retry_after="5")
    return service, who


@router.get(
    "/v1/videos/{video_id}/events",
    response_class=EventSourceResponse,
    responses={200: {"description": "Events `progress`, then how it ended"}, "4XX": REFUSED_STREAM},
)
async def video_events(
    request: Request, video_id: VideoId, watching: Annotated[tuple[Service, Who], Depends(_watching)]
) -> AsyncIterator[ServerSentEvent]:
    """Progress as server-sent events, each with the video and, while it is made, preview frames as a data: URI."""
    open_streams = request.app.state.streams
    open_streams[0] += 1
    try:
        async for event in events.stream(*watching, video_id):
            yield event
    finally:
        open_streams[0] -= 1


@router.get("/v1/models", response_model=shapes.ModelList)
async def list_models(request: Request) -> Any:
    """The model that this server runs."""
    return {"object": "list", "data": [_model(_service(request))]}


@router.get("/v1/models/{model}", response_model=shapes.Model)
async def retrieve_model(request: Request, model: str) -> Any:
    """What the model can do."""
    found = _model(_service(request))
    if model != found["id"]:
        raise Refused(404, "model_not_found", f"there is no model {model[:60]!a} here: use {found['id']!r}", "model")
    return found


@router.get("/healthz")
async def healthz(request: Request) -> dict[str, Any]:
    """Whether the server answers, each device has a worker, and the optional parts of results are here."""
    workers = {device: pid is not None for device, pid in _service(request).supervisor.alive().items()}
    status = "ok" if all(workers.values()) else "degraded"
    return {"status": status, "workers": workers, "parts": {"rife": weights.present("rife")}}


@router.get("/metrics", responses={200: {"content": {"text/plain": {}}}}, response_class=Response)
async def metrics(request: Request) -> Response:
    """Figures in the format of Prometheus."""
    return Response(request.app.state.metrics.text(_service(request)), media_type="text/plain; version=0.0.4")


def _model(service: Service) -> dict[str, Any]:
    about = {name: value for name, value in service.model.items() if name != "devices"}
    name = service.settings.model_name
    return {"id": name, "object": "model", "created": service.started_at, "owned_by": "motionalchemy"} | {
        shapes.NAMESPACE: about
    }


async def _refused(request: Request, error: Any) -> Response:
    return Answer(error.body(), error.status, headers=error.headers)


async def _invalid(request: Request, error: Any) -> Response:
    first = error.errors()[0]
    param = str(first["loc"][-1])
    return await _refused(request, invalid(f"{param} cannot be used: {first['msg'].lower()}", param))


async def _http(request: Request, error: Any) -> Response:
    code = re.sub(r"\W+", "_", str(error.detail).lower())[:40]
    message = {404: "there is nothing at this address", 405: "this address does not take this method"}
    refused = Refused(error.status_code, code, f"{message.get(error.status_code, error.detail)}: see /openapi.json")
    refused.headers |= dict(error.headers or {})
    if error.status_code == 405:  # the framework names the methods of one route only
        here = [route for route in request.app.routes if route.matches(request.scope)[0] != Match.NONE]
        refused.headers["Allow"] = ", ".join(
            sorted({m for route in here for m in getattr(route, "methods", None) or ()})
        )
    return await _refused(request, refused)
