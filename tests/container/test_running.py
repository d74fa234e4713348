"""A container's life: started confined, asked, written to, stopped, started again; and what it does when killed."""

from __future__ import annotations

import json
import socket
import threading
import time
import urllib.request
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.container.engine import Engine
from tests.container.served import Served, serving

pytestmark = pytest.mark.shipping
SEEDS_DEV = Path(__file__).parent.parent / "seeds_dev.jsonl"
QUESTION = "How many Dreamliner jets were ordered?"
DREAMLINER = "22 طائرة عريضة البدن من طراز 787 دريملاينر"
NOTE = {
    "title": "Lighthouse",
    "text": "The lighthouse keeper of Tartus retired after forty years of service.",
}
TERMINATED, KILLED = 143, 137


def search(question: str) -> str:
    return f"/v1/search?q={quote(question)}&limit=1"


def test_it_runs_without_root_privileges_network_or_a_root_it_can_write(served: Served) -> None:
    status = served.shell("cat", "/proc/1/status")
    facts = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    assert facts["Uid"].split() == ["10001"] * 4
    assert facts["Gid"].split() == ["10001"] * 4
    assert {int(facts[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {0}
    assert facts["NoNewPrivs"] == "1"
    assert served.shell("ls", "/sys/class/net").split() == ["lo"]
    mounts = [line.split() for line in served.shell("cat", "/proc/mounts").splitlines()]
    assert next(options for _, place, _, options, *_ in mounts if place == "/").split(",")[0] == "ro"


def test_an_english_question_is_answered_from_the_arabic_seeds(served: Served) -> None:
    status, answer = served.ask("GET", search(QUESTION), served.keys()["search"])
    assert status == 200
    assert answer["index"]["passages"] == 79
    (hit,) = answer["hits"]
    assert DREAMLINER in hit["text"]
    assert hit["article"]["source"] == "003_c2fb815239659cbe.txt"


def test_nobody_is_answered_without_a_key_and_the_search_key_cannot_write(served: Served) -> None:
    assert served.ask("GET", search(QUESTION))[0] == 401
    assert served.ask("PUT", "/v1/articles/note", served.keys()["search"], NOTE)[0] == 403
    assert served.log().count("the first keys, told this once") == 1


def test_the_store_holds_nothing_but_what_sanad_wrote(served: Served) -> None:
    assert served.shell("ls", "-A", "/data").split() == ["store"]
    assert "keys.json.first" not in served.shell("ls", "-A", "/data/store")


def test_judged_questions_are_measured_inside(served: Served) -> None:
    write = ["exec", "--interactive", served.name, "sh", "-c", "cat > /tmp/judged.jsonl"]
    served.engine.run(*write, input=SEEDS_DEV.read_text("utf-8"))
    told = json.loads(served.shell("sanad", "evaluate", "/tmp/judged.jsonl", "--min", "0.7", "--json"))
    (measured,) = told["evaluations"]
    assert measured["unresolved"] == []
    asked = len(measured["questions"]) + measured["unanswerable"]
    assert asked == len(SEEDS_DEV.read_text("utf-8").splitlines())


def test_what_was_written_with_the_first_key_is_found_after_a_restart(runner: Engine, image: str) -> None:
    with serving(runner, image, "before", "kept") as served:
        keys = served.keys()
        assert served.ask("PUT", "/v1/articles/note", keys["admin"], NOTE)[0] in (200, 201)
        runner.run("stop", "--time", "600", served.name)
        assert served.state()["ExitCode"] == TERMINATED
    with serving(runner, image, "after", "kept") as served:
        assert served.keys() == {}  # they were told once
        status, answer = served.ask("GET", search("who kept the lighthouse of Tartus"), keys["search"])
        assert (status, answer["hits"][0]["text"]) == (200, NOTE["text"])
        assert served.ask("GET", "/v1/articles", keys["search"])[1]["total"] == 6


def test_a_first_start_that_is_killed_begins_again(runner: Engine, image: str) -> None:
    with serving(runner, image, "hasty", "hasty", healthy=False) as served:
        served.wait(lambda: "store.first" in served.shell("ls", "/data", check=False))
        runner.run("kill", "--signal", "KILL", served.name)
        assert served.state()["ExitCode"] == KILLED
    with serving(runner, image, "again", "hasty") as served:
        assert served.ask("GET", "/v1/articles", served.keys()["search"])[1]["total"] == 5
        assert served.shell("ls", "-A", "/data").split() == ["store"]


def test_a_container_that_is_still_starting_can_be_stopped(runner: Engine, image: str) -> None:
    with serving(runner, image, "sooner", "sooner", healthy=False) as served:
        served.wait(lambda: "start-sanad" in served.shell("cat", "/proc/1/cmdline", check=False))
        runner.run("stop", "--time", "600", served.name)
        assert served.state()["ExitCode"] == TERMINATED


def test_a_request_under_way_is_answered_before_a_stop_and_nothing_but_the_volume_is_written(
    runner: Engine, image: str
) -> None:
    port = free_port()
    # Reached from outside, and with a root that it could write.
    options = ("--network", "host", "--env", "SANAD_HOST=127.0.0.1", "--env", f"SANAD_PORT={port}")
    with serving(runner, image, "drained", "drained", options) as served:
        body = json.dumps({"q": QUESTION, "limit": 1}).encode()
        with socket.create_connection(("127.0.0.1", port), timeout=60) as client:
            head = f"POST /v1/search HTTP/1.1\r\nHost: localhost:{port}\r\nContent-Type: application/json\r\n"
            head += f"Authorization: Bearer {served.keys()['search']}\r\nContent-Length: {len(body)}\r\n\r\n"
            client.sendall(head.encode() + body[:5])
            assert is_ready(port)  # so the request above has been read
            stopping = threading.Thread(target=runner.run, args=("stop", "--time", "600", served.name))
            stopping.start()
            while is_ready(port):  # it takes no more connections once it has been told
                time.sleep(0.1)
            client.sendall(body[5:])
            status, _, answer = received(client).partition(b"\r\n")
        stopping.join()
        assert status == b"HTTP/1.1 200 OK"
        assert DREAMLINER in json.loads(answer.partition(b"\r\n\r\n")[2])["hits"][0]["text"]
        assert served.state()["ExitCode"] == TERMINATED
        changed = runner.run("diff", served.name).stdout.splitlines()
        assert [line for line in changed if line.split()[1] not in PODMANS_OWN] == []


PODMANS_OWN = {
    "/data",
    "/etc",
    "/etc/hosts",
    "/etc/hostname",
    "/etc/resolv.conf",
    "/etc/mtab",
    "/run",
    "/run/.containerenv",
}
PODMANS_OWN |= {"/dev", "/proc", "/sys", "/tmp", "/var", "/var/tmp"}
"""Where podman itself mounts or writes something before the container starts."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def is_ready(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=10) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def received(client: socket.socket) -> bytes:
    """All that comes until the other side closes."""
    found = b""
    while piece := client.recv(65536):
        found += piece
    return found
