"""An installed Sanad from first to last: version, sync, serve, one search. Run by any Python, with nothing but it.

    python smoke.py BIN SEEDS WORK

BIN is the folder of the `sanad` command, SEEDS a folder of articles, WORK an empty folder. Prints what it saw, as JSON.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

QUESTION = "/v1/search?q=How+many+Dreamliner+jets+were+ordered&limit=1"
PATIENCE_S = 900


def main(folder: Path, seeds: str, work: Path) -> dict[str, object]:
    sanad, store = str(folder / "sanad"), str(work / "store")
    # Nothing of ours or of the user's may reach what is installed.
    environment = {"PATH": os.environ["PATH"], "HOME": str(work), "SANAD_STORE": store}
    where = "import index, service; print(index.__file__, service.__file__)"
    seen: dict[str, object] = {
        "interfaces": [
            line.split(":")[0].strip() for line in Path("/proc/net/dev").read_text().splitlines()[2:]
        ],
        "version": output([sanad, "--version"], work, environment),
        "files": output([str(folder / "python"), "-I", "-c", where], work, environment).split(),
        "synced": output([sanad, "sync", seeds], work, environment).splitlines()[-1].partition(": ")[2],
    }
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    serving = [sanad, "serve", "--port", str(port)]
    with (
        (work / "log").open("w") as log,
        subprocess.Popen(serving, cwd=work, env=environment, stderr=log) as server,
    ):
        try:
            until_ready(server, port)
            seen["hit"] = fetched(port, QUESTION)["hits"][0]["text"]
            seen["openapi"] = fetched(port, "/openapi.json")["info"]["version"]
            seen["info"] = fetched(port, "/v1/info")["version"]
            seen["page"] = "<form" in read(port, "/")
            seen["box"] = "customElements.define" in read(port, "/static/sanad-search.js")
        finally:
            server.send_signal(signal.SIGTERM)
        server.wait(60)
    seen["log"] = (work / "log").read_text()[-4000:]
    return seen


def output(words: list[str], cwd: Path, environment: dict[str, str]) -> str:
    ran = subprocess.run(words, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    if ran.returncode:
        sys.exit(f"{' '.join(words)} exited with {ran.returncode}:\n{ran.stdout}{ran.stderr}")
    return ran.stdout.strip()


def until_ready(server: subprocess.Popen[bytes], port: int) -> None:
    until = time.monotonic() + PATIENCE_S
    while True:
        try:
            read(port, "/readyz")
            return
        except OSError as error:
            if server.poll() is not None or time.monotonic() > until:
                sys.exit(f"the service never was ready: {error}")
            time.sleep(0.2)


def read(port: int, path: str) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=30) as answer:
        return answer.read().decode()


def fetched(port: int, path: str) -> dict:
    return json.loads(read(port, path))


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3])), ensure_ascii=False))  # noqa: T201
