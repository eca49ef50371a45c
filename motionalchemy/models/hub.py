"""Public models from the Hugging Face hub: what would be fetched, under which licence, and where it lies afterwards.

Only `offer` and `fetch` reach the network, and only when a person asks to pull; `find` looks at the disk alone. A pull
is pinned to one commit, which later runs go on using. Files go to the hub's own cache, so that nothing is there twice.
"""

import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from motionalchemy.errors import InputError, MotionAlchemyError
from motionalchemy.models import formats
from motionalchemy.parts import packages

NAME = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}")
COMMIT = re.compile(r"[0-9a-f]{40}")
REVISION = re.compile(r"[A-Za-z0-9][\w./-]{0,99}")
WEIGHTS = re.compile(
    r"(diffusion_pytorch_model|model)(\.(?P<variant>\w+))?(-\d{5}-of-\d{5})?(\.(?P<late>\w+))?\.safetensors"
    r"(\.index(\.(?P<own>\w+))?\.json)?"
)
BESIDE = re.compile(r"[\w.-]+\.(json|model|txt)")
LARGEST = 400 << 30  # bytes of one model
SPARE = 1.02  # of the room that a pull needs
PINS = "motionalchemy-models.json"


@dataclass(frozen=True)
class Offer:
    """A model that can be pulled: its commit, its licence and where that is written, its files with their sizes.

    `sums` are the sha256 of the large ones, `missing` the bytes that are not here yet.
    """

    repo: str
    commit: str
    licence: str
    licence_link: str
    files: dict[str, int]
    sums: dict[str, str]
    missing: int

    @property
    def bytes(self) -> int:
        """The size of the whole."""
        return sum(self.files.values())


@dataclass(frozen=True)
class Fetched:
    """One file more is here: `file` of `bytes`, the `number`-th of `count`."""

    file: str
    bytes: int
    number: int
    count: int


def is_name(name: str) -> bool:
    """Whether a name has the form owner/model."""
    return NAME.fullmatch(name) is not None and ".." not in name


def find(repo: str) -> Path | None:
    """The folder of a model that was pulled or that the hub's cache holds; None when it is not here."""
    if not is_name(repo):
        return None
    home = _home(repo)
    commit = pins().get(repo)
    main = home / "refs" / "main"
    if commit is None and main.is_file():
        commit = main.read_text("utf-8", errors="replace").strip()[:40]
    if commit is None:  # a cache that was copied may hold a snapshot and not say which
        there = [path.name for path in (home / "snapshots").glob("*") if _whole(path)]
        commit = there[0] if len(there) == 1 else None
    if commit is None or not COMMIT.fullmatch(commit):
        return None
    folder = home / "snapshots" / commit
    return folder if formats.is_checkpoint(folder) else None


def _whole(folder: Path) -> bool:
    """Whether a snapshot has a model's index and the weights of all its parts."""
    if not formats.is_checkpoint(folder):
        return False
    place = formats.Checkpoint(folder)
    try:
        return all(path.is_file() for part in place.parts() for path in place.weights(part))
    except MotionAlchemyError:
        return False


def pins() -> dict[str, str]:
    """Which commit of which model was pulled."""
    path = _cache() / PINS
    if not path.is_file():
        return {}
    return {str(repo): str(commit) for repo, commit in formats.read(path).items()}


def offer(repo: str, revision: str | None = None, endpoint: str | None = None) -> Offer:
    """What a pull of owner/model would fetch; raises InputError for one that has none of the kinds known here."""
    if not is_name(repo):
        raise InputError(
            f"{repo!r} is not the name of a model on the hub: give owner/model, such as Lightricks/LTX-Video"
        )
    if revision is not None and (not REVISION.fullmatch(revision) or ".." in revision):
        raise InputError(f"revision {revision!r} cannot be used: give a branch, a tag or the 40 letters of a commit")
    with _explained(repo, revision):
        info = _api(endpoint).model_info(repo, revision=revision or pins().get(repo), files_metadata=True)
    sizes = {s.rfilename: s.size or 0 for s in info.siblings or []}
    _check_family(repo, str(info.sha), endpoint, sizes)
    files = wanted(repo, sizes)
    facts = info.card_data.to_dict() if info.card_data else {}
    home = _home(repo) / "snapshots" / str(info.sha)
    return Offer(
        repo=repo,
        commit=str(info.sha),
        licence=str(facts.get("license_name") or facts.get("license") or "not stated"),
        licence_link=str(facts.get("license_link") or f"{_api(endpoint).endpoint}/{repo}"),
        files=files,
        sums={s.rfilename: s.lfs.sha256 for s in info.siblings or [] if s.lfs and s.rfilename in files},
        missing=sum(size for name, size in files.items() if not (home / name).exists()),
    )


def _check_family(repo: str, commit: str, endpoint: str | None, sizes: dict[str, int]) -> None:
    """Raise InputError or UnknownName for a model of a kind that is not known here, of which only its index is fetched."""
    if formats.INDEX not in sizes:
        return
    if sizes[formats.INDEX] > formats.LONGEST_JSON:
        raise InputError(f"{repo} has a {formats.INDEX} of {sizes[formats.INDEX]} bytes: it is no model")
    with tempfile.TemporaryDirectory() as aside:  # nothing of a model that is not pulled stays in the cache
        path = _home(repo) / "snapshots" / commit / formats.INDEX
        if not path.is_file():
            with _explained(repo, commit):
                path = _api(endpoint).hf_hub_download(repo, formats.INDEX, revision=commit, cache_dir=aside)
        try:
            formats.family(formats.read(Path(path)))
        except InputError as error:
            raise type(error)(f"{repo}: {error}") if type(error) is InputError else error from error


def wanted(repo: str, sizes: dict[str, int]) -> dict[str, int]:
    """Of a repository's files those that a model here reads: JSON, tokenizer and safetensors of the known parts.

    Raises InputError for a repository of another kind, or one that is too large.
    """
    if formats.INDEX not in sizes:
        raise InputError(f"{repo} has no {formats.INDEX}: only models in the diffusers layout can be used")
    files = {}
    variants = _variants(sizes)
    for name, size in sizes.items():
        part, _, inner = name.partition("/")
        if name == formats.INDEX or part.upper().startswith(("LICENSE", "LICENCE", "README")):
            keep = inner == ""
        else:
            fits = inner in variants.get(part, ()) or (BESIDE.fullmatch(inner) and ".safetensors" not in inner)
            keep = part in formats.PARTS and fits is not None
        if keep:
            files[name] = size
    for part in (p for p in formats.WEIGHED if p in formats.ALWAYS or any(n.startswith(f"{p}/") for n in sizes)):
        if not any(name.startswith(f"{part}/") and name.endswith(".safetensors") for name in files):
            raise InputError(
                f"{repo} has no safetensors for its {part} that are read: {_instead(part, sizes)}, so choose another model"
            )
    if sum(files.values()) > LARGEST:
        raise InputError(f"{repo} has more than {LARGEST >> 30} GiB: it is not one of the models known here")
    return files


def _variants(sizes: dict[str, int]) -> dict[str, list[str]]:
    """The files of weights of each part: the exact ones, or where there are none those of one variant."""
    found: dict[str, dict[str, list[str]]] = {}
    for name in sizes:
        part, _, inner = name.partition("/")
        if fits := WEIGHTS.fullmatch(inner):
            found.setdefault(part, {}).setdefault(fits["variant"] or fits["late"] or fits["own"] or "", []).append(
                inner
            )
    order = {name: number for number, name in enumerate(formats.PREFERRED)}
    return {part: kinds[min(kinds, key=lambda v: (order.get(v, len(order)), v))] for part, kinds in found.items()}


def _instead(part: str, sizes: dict[str, int]) -> str:
    """What a repository has in the place of a part's weights."""
    there = sorted(name for name in sizes if name.startswith(f"{part}/") and not name.endswith(".json"))
    if any(name.endswith((".bin", ".pt", ".pth", ".ckpt")) for name in there):
        return f"it has {there[0]}, a pickle, which is not fetched"
    return f"it has {there[0]}" if there else "it has none at all"


def fetch(offered: Offer, endpoint: str | None = None) -> Iterator[Fetched]:
    """Fetch what is missing, file by file, and pin the commit once all is here and its sums agree.

    A run that was stopped goes on with the files that are not here yet. Raises InputError when the disk has no room.
    """
    cache = _cache()
    cache.mkdir(parents=True, exist_ok=True)
    free, need = shutil.disk_usage(cache).free, int(offered.missing * SPARE)
    if free < need:
        raise InputError(
            f"{offered.repo} needs {need / 1e9:.1f} GB of room and {free / 1e9:.1f} GB are free: make room"
        )
    for number, (name, size) in enumerate(sorted(offered.files.items(), key=lambda item: item[1]), start=1):
        with _explained(offered.repo, offered.commit):
            path = Path(_api(endpoint).hf_hub_download(offered.repo, name, revision=offered.commit, cache_dir=cache))
        _check_sum(path, name, offered.sums.get(name))
        yield Fetched(name, size, number, len(offered.files))
    _pin(offered)


def _check_sum(path: Path, name: str, expected: str | None) -> None:
    if expected is None:
        return
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != expected:
        path.resolve().unlink(missing_ok=True)
        path.unlink(missing_ok=True)
        raise InputError(f"{name} has sha256 {found[:12]}, the hub says {expected[:12]}: pull again")


def _pin(offered: Offer) -> None:
    path = _cache() / PINS
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    part.write_text(json.dumps(pins() | {offered.repo: offered.commit}, indent=1, sort_keys=True) + "\n", "utf-8")
    os.replace(part, path)


class _explained:
    """What goes wrong between here and the hub, as one sentence."""

    def __init__(self, repo: str, revision: str | None):
        self.what = repo if revision is None else f"{repo} at {revision}"

    def __enter__(self) -> None: ...

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if not isinstance(error, Exception) or isinstance(error, MotionAlchemyError):
            return
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
        name = type(error).__name__
        if name == "GatedRepoError":
            raise InputError(
                f"{self.what} asks you to accept its licence on the hub first, then log in there"
            ) from error
        if name in ("RepositoryNotFoundError", "RevisionNotFoundError", "EntryNotFoundError"):
            raise InputError(f"the hub has no {self.what} ({name}): check the name and the revision") from error
        raise InputError(f"{self.what} could not be fetched ({reason}): check the connection and pull again") from error


def _home(repo: str) -> Path:
    return _cache() / ("models--" + repo.replace("/", "--"))


def _cache() -> Path:
    """The hub's own cache, found as its library finds it, without importing it."""
    home = os.environ.get("HF_HOME") or Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "huggingface"
    named = os.environ.get("HF_HUB_CACHE") or os.environ.get("HUGGINGFACE_HUB_CACHE")
    return Path(os.path.expandvars(named or Path(home) / "hub")).expanduser()


def _api(endpoint: str | None) -> Any:
    packages.check("gpu")
    try:
        from huggingface_hub import HfApi
    except ImportError as error:
        raise packages.lacking("gpu", error) from error
    return HfApi(endpoint=endpoint, library_name="motionalchemy")
