"""Everything that decides how a server behaves, checked before anything starts."""

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from motionalchemy.errors import InputError

MIB = 2**20
LORA = re.compile(r"(?P<name>[A-Za-z0-9][\w.-]{0,99}?)(\.safetensors)?(?P<weight>:-?\d+(\.\d+)?)?")
ANYWHERE = "0.0.0.0"


@dataclass(frozen=True)
class Settings:
    """How a server behaves; raises InputError when a choice is not safe or not possible.

    `host` None is 127.0.0.1, or every address with `public`, which `key_file` (see `keys`) must accompany. Without keys
    everybody who reaches the server is the same owner.
    """

    data: Path = Path("motionalchemy-data")
    model: str = "nano"
    devices: tuple[str, ...] = ("auto",)
    away: tuple[str, ...] = ()  # workers on a cluster, ADDRESS#cpuN or ADDRESS#gpuN
    host: str | None = None
    port: int = 8000
    public: bool = False
    key_file: Path | None = None
    log_prompts: bool = False
    page: bool = True  # for people, beside the API
    places: int = 1000  # jobs that may wait
    max_seconds: float = 120.0  # of one clip
    keep_days: float = 30.0  # an ended job and its files
    disk_bytes: int = 20_000 * MIB  # of all jobs together
    spare_bytes: int = 500 * MIB  # that the disk must keep free
    upload_bytes: int = 64 * MIB  # one request's body
    uploads: int = 16  # bodies read at the same time
    upload_seconds: float = 60.0  # for one body to arrive
    inspect_seconds: float = 30.0  # for one request's pictures to be looked at
    inspectors: int = 2  # requests looked at side by side
    hang_seconds: float = 600.0  # without a sign of life, such as a step, after which a worker is killed
    streams: int = 64  # of events at the same time
    memory: int | None = None  # gigabytes of a GPU, of requests that say nothing of it; the same for the next two
    fast: int = 0
    lora: tuple[str, ...] = ()  # files, each with an optional weight, laid over the model for everybody
    lora_folder: Path | None = None  # of those that a request may name
    root_path: str = ""  # under which a proxy shows the server, such as /motion
    forwarded_hosts: tuple[str, ...] = ()  # names, with a port or without, under which a proxy shows it

    def __post_init__(self) -> None:
        if self.public and self.key_file is None:
            raise InputError("--public needs --api-key-file: make one with `serve --api-key-file F --new-api-key NAME`")
        if not self.public and not is_loopback(self.bound):
            raise InputError(f"--host {self.bound} can be reached by others: add --public and --api-key-file")
        if self.root_path and not re.fullmatch(r"(/[\w.~-]+)+", self.root_path):
            raise InputError(
                f"--root-path {self.root_path!r} cannot be used: write a path such as /motion, no / at its end"
            )
        for name in self.forwarded_hosts:
            if not re.fullmatch(r"[\w.-]+(:\d{1,5})?|\[[0-9a-fA-F:]+\](:\d{1,5})?", name):
                raise InputError(f"--forwarded-host {name!r} cannot be used: write a name such as video.example.org")
        if not 0 <= self.port <= 65535:
            raise InputError(f"--port {self.port} cannot be used: it must be 0 (any free one) to 65535")
        for option, value in (
            ("--queue", self.places), ("--max-seconds", self.max_seconds), ("--keep-days", self.keep_days),
            ("--disk-mb", self.disk_bytes), ("--upload-mb", self.upload_bytes), ("--hang-seconds", self.hang_seconds),
        ):  # fmt: skip
            if value <= 0:
                raise InputError(f"{option} must be more than 0, such as 10")

    def effort(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """What a request lets the model cost, by its own fields and what is served; raises InputError for the name of a
        LoRA that is not in the folder."""
        named = asked.get("lora") or []
        laid = [*self.lora, *(self._lora(text) for text in (named if isinstance(named, list) else [named]))]
        own = {"memory": asked.get("memory", self.memory), "fast": asked.get("fast", self.fast), "lora": laid or None}
        return {name: value for name, value in own.items() if value is not None}

    def _lora(self, text: Any) -> str:
        fits = LORA.fullmatch(text) if isinstance(text, str) else None
        path = None if fits is None or self.lora_folder is None else self.lora_folder / f"{fits['name']}.safetensors"
        if fits is None or path is None or not path.is_file():
            found = sorted(p.stem for p in self.lora_folder.glob("*.safetensors")) if self.lora_folder else []
            remedy = f"use one of {', '.join(found[:20])}" if found else "this server has none, leave it out"
            raise InputError(f"lora {str(text)[:60]!a} is not here: {remedy}")
        return f"{path}{fits['weight'] or ''}"

    @property
    def bound(self) -> str:
        """The address that is listened on."""
        return self.host or (ANYWHERE if self.public else "127.0.0.1")

    @property
    def client_places(self) -> int:
        """How many jobs one client may have waiting, so that others still find a place."""
        return max(1, self.places // 2)

    @property
    def model_name(self) -> str:
        """The model's name for clients: a folder's own name and never its path."""
        return Path(self.model).resolve().name if Path(self.model).is_dir() else self.model


def is_loopback(host: str) -> bool:
    """Whether an address or name can only be reached from this machine."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"
