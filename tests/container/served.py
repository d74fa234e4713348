"""A container that serves, and the questions it is asked from inside: no network leads in."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tests.container.engine import Engine, limits

CONFINED = ("--read-only", "--read-only-tmpfs=false", "--tmpfs", "/tmp", "--network", "none")
CONFINED += ("--cap-drop", "all", "--security-opt", "no-new-privileges")
"""As it is meant to run: nothing can be written but /tmp and the volume, and no privilege be gained."""

PATIENCE_S = 900
"""A ceiling, no target: a start takes seconds where nothing else runs."""
ASK = """
import json, sys, urllib.error, urllib.request
method, path, key, body = sys.argv[1:]
headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {key}"} if key else {})
asked = urllib.request.Request(f"http://127.0.0.1:8000{path}", body.encode() or None, headers, method=method)
try:
    answer = urllib.request.urlopen(asked, timeout=30)
except urllib.error.HTTPError as refusal:
    answer = refusal
print(json.dumps([answer.status, json.load(answer)]))
"""


@dataclass(frozen=True)
class Served:
    """One container by its name."""

    engine: Engine
    name: str

    def shell(self, *words: str, check: bool = True) -> str:
        """What a command inside printed, as the user that serves."""
        return self.engine.run("exec", self.name, *words, check=check).stdout

    def ask(self, method: str, path: str, key: str = "", body: object = None) -> tuple[int, Any]:
        """Status and JSON of one request."""
        text = "" if body is None else json.dumps(body)
        status, answer = json.loads(self.shell("python3", "-c", ASK, method, path, key, text))
        return status, answer

    def log(self) -> str:
        """All that it has said."""
        ran = self.engine.run("logs", self.name)
        return ran.stdout + ran.stderr

    def state(self) -> Any:
        """Whether it runs, and what it exited with."""
        return self.engine.inspect("container", self.name)["State"]

    def wait(self, what: Callable[[], bool]) -> None:
        """Return once `what` holds. Raises: AssertionError: it has ended, or it takes too long; its log."""
        until = time.monotonic() + PATIENCE_S
        while not what():
            assert self.state()["Running"], self.log()
            assert time.monotonic() < until, self.log()
            time.sleep(0.2)

    def is_healthy(self) -> bool:
        """What the image's own health check says."""
        return self.engine.run("healthcheck", "run", self.name, check=False).returncode == 0

    def keys(self) -> dict[str, str]:
        """The keys that a first start told, by scope."""
        return dict(re.findall(r"(admin|search) (sanad_\S+)", self.log()))


@contextmanager
def serving(
    engine: Engine,
    image: str,
    name: str,
    volume: str,
    options: Sequence[str] = CONFINED,
    *,
    healthy: bool = True,
) -> Iterator[Served]:
    """A container of `image` over `volume`, which is made when it is not there; gone in the end, the volume not."""
    volumes = ("--volume", f"{volume}:/data")
    # Its timers are systemd's; the check is run by hand here.
    timer = ("--health-interval", "disable")
    engine.run("run", "--detach", "--name", name, *limits(), *timer, *volumes, *options, image)
    served = Served(engine, name)
    try:
        if healthy:
            served.wait(served.is_healthy)
        yield served
    finally:
        engine.run("rm", "--force", "--time", "0", name)
