"""The keys that callers show: made, revoked and checked. Only their SHA-256 digests are kept."""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import json
import logging
import os
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, TypeAlias

from index.errors import IndexingError

Scope: TypeAlias = Literal["search", "metrics", "admin"]
PREFIX = "sanad_"
LOOK_AGAIN_S = 0.5
"""How long a key may still work after it was revoked while the service runs."""

log = logging.getLogger("sanad.keys")


class KeyFileError(IndexingError):
    """The file of keys cannot be read or written, or holds no such key."""


@dataclass(frozen=True, slots=True)
class Key:
    """What is kept of one key; times are ISO 8601 in UTC, `expires_at` None for a key that does not expire."""

    id: str
    name: str
    scope: Scope
    digest: str
    created_at: str
    expires_at: str | None = None

    def allows(self, scope: Scope) -> bool:
        """Whether it opens what needs this scope; admin opens everything."""
        return self.scope in (scope, "admin")

    def is_live(self, now: datetime) -> bool:
        """Whether it has not expired."""
        return self.expires_at is None or now < datetime.fromisoformat(self.expires_at)


class KeyFile:
    """A JSON file of keys that only its owner may read; changed under a lock, replaced whole."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> tuple[Key, ...]:
        """The keys in the order they were made; none when there is no file. Raises: KeyFileError."""
        try:
            held = json.loads(self.path.read_text("utf-8"))
            return tuple(Key(**fields) for fields in held["keys"])
        except FileNotFoundError:
            return ()
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise KeyFileError(f"{self.path} cannot be read as a file of keys: {error}") from error

    def create(self, scope: Scope, name: str, expires_at: datetime | None = None) -> tuple[Key, str]:
        """A new key and its secret, which is told this once and never kept. Raises: KeyFileError."""
        secret = PREFIX + secrets.token_urlsafe(32)
        key = Key(
            id=secrets.token_hex(4),
            name=name,
            scope=scope,
            digest=digest_of(secret),
            created_at=_iso(datetime.now(UTC)),
            expires_at=_iso(expires_at) if expires_at else None,
        )
        with self._changing():
            self._write([*self.read(), key])
        return key, secret

    def revoke(self, key_id: str) -> Key:
        """Forget the key of this id, and return what it was. Raises: KeyFileError: there is none."""
        with self._changing():
            held = self.read()
            for key in held:
                if key.id == key_id:
                    self._write([other for other in held if other != key])
                    return key
        raise KeyFileError(f"{self.path} holds no key {key_id!r}; `sanad keys list` shows the ids")

    @contextmanager
    def _changing(self) -> Iterator[None]:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            lock = os.open(self.path.with_name(self.path.name + ".lock"), os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise KeyFileError(f"{self.path} cannot be written: {error.strerror}") from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    def _write(self, keys: Sequence[Key]) -> None:
        draft = self.path.with_name(self.path.name + ".new")
        text = json.dumps({"version": 1, "keys": [asdict(key) for key in keys]}, ensure_ascii=False, indent=1)
        try:
            draft.touch(mode=0o600)
            with draft.open("w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self.path)
        except OSError as error:
            raise KeyFileError(f"{self.path} cannot be written: {error.strerror}") from error


class Keyring:
    """The keys as the running service sees them: looked at again when the file changes."""

    def __init__(self, file: KeyFile, clock: Callable[[], float] = time.monotonic) -> None:
        self._file, self._clock = file, clock
        self._keys: tuple[Key, ...] = ()
        self._seen: tuple[int, ...] | None = None
        self._looked = float("-inf")
        self._ever = False

    @property
    def is_open(self) -> bool:
        """Whether no key was ever configured. Revoking the last key closes the service, it does not open it."""
        self._look()
        return not self._ever

    def find(self, secret: str) -> Key | None:
        """The live key of this secret. Every digest is compared, each in constant time."""
        self._look()
        shown, found = digest_of(secret), None
        for key in self._keys:
            if hmac.compare_digest(key.digest, shown):
                found = key
        return found if found and found.is_live(datetime.now(UTC)) else None

    def _look(self) -> None:
        if self._clock() - self._looked < LOOK_AGAIN_S:
            return
        self._looked = self._clock()
        try:
            status = self._file.path.stat()
            seen: tuple[int, ...] = (status.st_mtime_ns, status.st_size, status.st_ino)
        except FileNotFoundError:
            seen = ()
        if seen == self._seen:
            return
        try:
            self._keys = self._file.read()
        except KeyFileError as error:
            log.error("%s; the keys known before stay in force", error)
            self._ever = True
        else:
            self._ever = self._ever or bool(self._keys)
        self._seen = seen


def digest_of(secret: str) -> str:
    """SHA-256 in hex. A secret is 256 random bits, so a slow hash would add nothing."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds")
