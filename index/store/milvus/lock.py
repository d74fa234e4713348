"""The writer's lock: one writer at a time among all machines.

Milvus has no locks, but it makes no second collection of a name under another description: the lock is an empty
collection whose description says who holds it. Its holder gives a sign of life every few seconds. Whoever finds the
lock held watches for that sign, and takes the lock over when there was none for a while; a holder in the same machine
is looked for among the processes there. No clocks are compared.

What this cannot do: a holder that is stopped for longer than the patience of others, and goes on in the moment between
its last look at the lock and the row that commits, writes beside the new holder.
"""

from __future__ import annotations

import json
import logging
import os
import socket
import threading
import time
import uuid
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from index.errors import StoreError, StoreLockedError
from index.store.milvus.client import STRONGLY, Client, quoted
from index.store.milvus.names import NO_VECTOR, Names
from index.store.milvus.schema import lock_of, make_lock

log = logging.getLogger("index.store")

SIGN_S = 3.0
PATIENCE_S = 15.0
"""So long without a sign of life, and a holder is taken for dead."""
KEY = "writer"
"""Of the row in the log that is the sign of life; no commit has it."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds the lock. `space` is where `pid` means something: a machine since its start, a container."""

    token: str
    host: str
    pid: int
    space: str

    @classmethod
    def here(cls) -> Self:
        """This process, with a token of its own."""
        return cls(uuid.uuid4().hex, socket.gethostname(), os.getpid(), _space())

    @classmethod
    def of(cls, description: str) -> Self | None:
        """From a lock's description; None when it says nothing."""
        try:
            return cls(**json.loads(description))
        except (ValueError, TypeError):
            return None

    @property
    def is_dead(self) -> bool:
        """Whether it was a process of this machine, and is none any more."""
        return self.space == _space() and not Path(f"/proc/{self.pid}").exists()

    @property
    def is_here(self) -> bool:
        """Whether it is a process of this machine."""
        return self.space == _space() and not self.is_dead

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host}"


class WriterLock:
    """Held from `acquire` to `release`."""

    def __init__(self, client: Client, names: Names, holder: Holder) -> None:
        self._client, self._names, self._holder = client, names, holder
        self._stopped = threading.Event()
        self._signs = 0
        self._thread = threading.Thread(target=self._live, name="sanad-writer-lock", daemon=True)
        self._thread.start()

    @classmethod
    def acquire(cls, client: Client, names: Names) -> Self:
        """The lock. Raises: StoreLockedError: another process holds it, and which."""
        mine = Holder.here()
        description = json.dumps(asdict(mine))
        try:
            make_lock(client, names, description)
        except StoreError:
            _expect_abandoned(client, names)
            log.warning("%s: the lock of a writer that is gone is taken over", client.address)
            client.ask("drop_collection", names.writer)
            try:
                make_lock(client, names, description)
            except StoreError as error:
                raise StoreLockedError(f"{client.address} is being written by another process") from error
        lock = cls(client, names, mine)
        try:
            lock.check()
        except BaseException:
            lock.release()
            raise
        return lock

    @property
    def token(self) -> str:
        """What tells this holder from any other that ever was."""
        return self._holder.token

    def check(self) -> None:
        """Raises: StoreLockedError: the lock is not held any more."""
        held = _holder(self._client, self._names)
        if held is _GONE or (held is not None and held.token != self.token):
            raise StoreLockedError(
                f"{self._client.address}: this process gave no sign of life and lost the right to write;"
                " open the store again"
            )

    def now(self) -> int:
        """A time of Milvus' that is later than all that was written before; a sign of life too."""
        self._signs += 1
        return self._client.upsert(self._names.log, [_sign(f"{self.token} {self._signs}")])

    def release(self) -> None:
        """Let the next writer in; releasing twice does nothing. A server that is away is not waited for."""
        if self._stopped.is_set():
            return
        self._stopped.set()
        self._thread.join()
        try:
            self.check()
            self._client.ask("drop_collection", self._names.writer)
        except StoreError as error:
            log.warning("%s: the writer's lock stays until it is taken over: %s", self._client.address, error)

    def _live(self) -> None:
        """Give signs of life until the lock is released."""
        while not self._stopped.wait(SIGN_S):
            try:
                self.now()
            except StoreError as error:
                log.warning("%s: no sign of life could be given: %s", self._client.address, error)


_GONE = Holder("", "", 0, "")


def _expect_abandoned(client: Client, names: Names) -> None:
    """Wait until it is sure that the lock's holder is dead. Raises: StoreLockedError: it is not."""
    holder = _holder(client, names)
    if holder is _GONE or (holder is not None and holder.is_dead):
        return
    told = StoreLockedError(
        f"{client.address} is being written by {holder or 'another process'}; wait for it to finish or stop it"
    )
    if holder is not None and holder.is_here:
        raise told
    first, since = _last_sign(client, names), time.monotonic()
    while time.monotonic() - since < PATIENCE_S:
        time.sleep(SIGN_S / 3)
        if _last_sign(client, names) != first or _holder(client, names) != holder:
            raise told


def _holder(client: Client, names: Names) -> Holder | None:
    """Who holds the lock: `_GONE` for nobody, None for somebody who left no name."""
    description = lock_of(client, names)
    return _GONE if description is None else Holder.of(description)


def _last_sign(client: Client, names: Names) -> str:
    found = client.rows(names.log, f"key == {quoted(KEY)}", ("record",), STRONGLY)
    return found[0]["record"] if found else ""


def _sign(record: str) -> dict[str, object]:
    return {
        "key": KEY,
        "serial": -1,
        "part": 0,
        "parts": 1,
        "token": "",
        "record": record,
        "vector": NO_VECTOR,
    }


def _space() -> str:
    """Where process numbers mean something: this start of this machine, and this container. Empty where unknown."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
        return f"{boot} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return str(uuid.getnode())
