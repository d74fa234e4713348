"""Keys: only digests kept, several live at once, revoked and expired ones closed, the file safe."""

from __future__ import annotations

import json
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from index.__main__ import main
from service.keys import Key, KeyFile, KeyFileError, Keyring, digest_of


class Clock:
    """Tells the time it was set to."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def file(tmp_path: Path) -> KeyFile:
    return KeyFile(tmp_path / "store" / "keys.json")


def test_only_the_digest_is_kept_and_only_the_owner_reads_it(file: KeyFile) -> None:
    key, secret = file.create("search", "portal")
    text = file.path.read_text("utf-8")
    assert secret not in text
    assert secret.removeprefix("sanad_") not in text
    assert json.loads(text)["keys"][0]["digest"] == digest_of(secret) == key.digest
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    assert len(secret) == len("sanad_") + 43


def test_several_keys_live_at_once_until_one_is_revoked(file: KeyFile) -> None:
    old, old_secret = file.create("search", "portal 2025")
    new, new_secret = file.create("search", "portal 2026")
    clock = Clock()
    ring = Keyring(file, clock)
    assert ring.find(old_secret) == old
    assert ring.find(new_secret) == new
    assert file.revoke(old.id) == old
    clock.now = 1
    assert ring.find(old_secret) is None
    assert ring.find(new_secret) == new
    with pytest.raises(KeyFileError, match="holds no key"):
        file.revoke(old.id)


def test_an_expired_key_opens_nothing(file: KeyFile) -> None:
    _, secret = file.create("search", "guest", datetime.now(UTC) + timedelta(hours=1))
    assert Keyring(file).find(secret) is not None
    _, over = file.create("search", "guest", datetime.now(UTC) - timedelta(seconds=1))
    assert Keyring(file).find(over) is None


def test_without_keys_the_ring_is_open_and_never_again_after_one(file: KeyFile) -> None:
    clock = Clock()
    ring = Keyring(file, clock)
    assert ring.is_open
    key, _ = file.create("search", "portal")
    clock.now = 1
    assert not ring.is_open
    file.revoke(key.id)
    clock.now = 2
    assert not ring.is_open


def test_a_damaged_file_keeps_the_keys_known_before(file: KeyFile) -> None:
    key, secret = file.create("admin", "ops")
    clock = Clock()
    ring = Keyring(file, clock)
    assert ring.find(secret) == key
    file.path.write_text("{", encoding="utf-8")
    clock.now = 1
    assert ring.find(secret) == key
    damaged = Keyring(file)
    assert not damaged.is_open, "what cannot be read does not open the service"
    with pytest.raises(KeyFileError, match="cannot be read"):
        file.read()


@pytest.mark.parametrize("secret", ["", "sanad_", "é\udcff", "x" * 100_000])
def test_what_is_no_key_is_no_key(file: KeyFile, secret: str) -> None:
    file.create("search", "portal")
    assert Keyring(file).find(secret) is None


def test_admin_opens_everything_and_others_only_their_own() -> None:
    def key(scope: str) -> Key:
        return Key("1", "", scope, "", "")  # type: ignore[arg-type]

    assert [key("admin").allows(scope) for scope in ("search", "metrics", "admin")] == [True, True, True]
    assert [key("search").allows(scope) for scope in ("search", "metrics", "admin")] == [True, False, False]
    assert [key("metrics").allows(scope) for scope in ("search", "metrics", "admin")] == [False, True, False]


def run(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr("sys.argv", ["sanad", "keys", *words])
    with pytest.raises(SystemExit) as exited:
        main()
    return int(exited.value.code or 0)


def test_the_command_makes_lists_and_revokes(
    file: KeyFile, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    place = ("--keys", str(file.path))
    assert run(monkeypatch, "create", "--scope", "admin", "--name", "النشر", "--expires", "90d", *place) == 0
    secret = capsys.readouterr().out.strip()
    (key,) = file.read()
    assert (key.digest, key.scope, key.name) == (digest_of(secret), "admin", "النشر")
    assert key.expires_at is not None
    left = datetime.fromisoformat(key.expires_at) - datetime.now(UTC)
    assert timedelta(days=89) < left <= timedelta(days=90)
    assert run(monkeypatch, "list", "--json", *place) == 0
    (listed,) = json.loads(capsys.readouterr().out)
    assert set(listed) == {"id", "name", "scope", "created_at", "expires_at"}
    assert run(monkeypatch, "revoke", key.id, *place) == 0
    assert file.read() == ()
    assert run(monkeypatch, "revoke", key.id, *place) == 1


@pytest.mark.parametrize("words", [["--scope", "root"], ["--expires", "soon"], ["--expires", "2001-01-01"]])
def test_the_command_refuses_what_it_does_not_know(
    file: KeyFile, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    assert run(monkeypatch, "create", "--name", "x", "--keys", str(file.path), *words) == 2
    assert not file.path.exists()
