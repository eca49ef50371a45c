"""Who may ask: keys of 256 random bits, of which only the SHA-256 is kept, compared in constant time.

A slow hash would add nothing: it protects words that people choose, and these keys are drawn, never chosen.
"""

import hashlib
import hmac
import os
import re
import secrets
from collections.abc import Mapping
from pathlib import Path

from motionalchemy.errors import InputError
from motionalchemy.media import files

PREFIX = "ma-"
_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")
_LINE = re.compile(rf"({_NAME.pattern}) ([0-9a-f]{{64}})")


class Keys:
    """The keys of a file, each line a name and a SHA-256; none at all means that nobody is asked for one."""

    def __init__(self, hashes: Mapping[str, str] | None = None):
        self.hashes = dict(hashes or {})

    @classmethod
    def read(cls, path: Path) -> "Keys":
        """The keys of a file; raises InputError if a line is anything else, or there is no line."""
        found = cls(_lines(path))
        if not found.hashes:
            raise InputError(f"{str(path)!r} holds no key: add one with --new-api-key NAME")
        return found

    def owner(self, key: str) -> str | None:
        """The name that a key belongs to, found in a time that does not depend on the key."""
        given, found = digest(key), None
        for name, known in self.hashes.items():
            if hmac.compare_digest(given, known):
                found = name
        return found


def digest(key: str) -> str:
    """What a key file keeps of a key."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def add(path: Path, name: str) -> str:
    """Make a new key for `name`, keep its hash in the file and return the key, which is nowhere else; raises InputError."""
    if not _NAME.fullmatch(name):
        raise InputError(f"the key name {name!r} cannot be used: 1 to 64 of A-Z a-z 0-9 . _ -, such as alice")
    lines = _lines(path) if path.exists() else {}
    if name in lines:
        raise InputError(f"{str(path)!r} has a key of {name!r} already: choose another name, or delete that line")
    key = PREFIX + secrets.token_urlsafe(32)
    lines[name] = digest(key)
    files.write_text("".join(f"{name} {known}\n" for name, known in lines.items()), path)
    os.chmod(path, 0o600)
    return key


def _lines(path: Path) -> dict[str, str]:
    try:
        text = path.read_text("utf-8")
    except (OSError, ValueError) as error:
        raise InputError(f"the key file {str(path)!r} cannot be read: make one with --new-api-key NAME") from error
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    found = [_LINE.fullmatch(line.strip()) for line in lines]
    for number, match in enumerate(found, start=1):
        if match is None:  # never print the line: it may be a key
            raise InputError(f"key {number} of {str(path)!r} is not a name and a hash: make keys with --new-api-key")
    return {match[1]: match[2] for match in found if match is not None}
