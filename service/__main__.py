"""Settings → application → uvicorn: `python -m service`, and what `sanad serve` calls."""

from __future__ import annotations

import json
import logging
import os
import socket
import sys
from collections.abc import Mapping
from functools import partial
from tempfile import TemporaryDirectory
from typing import Any

import uvicorn

from index import threads  # noqa: F401  (before NumPy)
from index.encoder import load_encoder
from index.errors import IndexingError, StoreMissingError
from index.store import create_store, shown
from service import logs, tracing
from service.addresses import LOOPBACK_NAMES, is_loopback
from service.app import create_app
from service.keys import KeyFile
from service.metrics import SHARED, Metrics
from service.protocol import Patience, PatientProtocol
from service.settings import Settings
from service.state import open_searcher

log = logging.getLogger("sanad.service")
GRACE_S = 5


def run(settings: Settings) -> None:
    """Serve until told to stop.

    The store and the model are opened before the port, so that what is wrong with them is told in one line.

    Raises: IndexingError: the store or the model cannot be opened, or do not belong together; or the service would
    listen beyond this machine without a key.
    """
    logs.configure(settings.log_level, settings.log_format)
    keys = KeyFile(settings.keys_path).read()
    settings = _guarded(settings, keyed=bool(keys))
    try:
        _serve(settings, keyed=bool(keys))
    except StoreMissingError:
        if not any(key.scope == "admin" for key in keys):
            raise
        create_store(settings.store, load_encoder(settings.model).key).close()
        log.info("made an empty store in %s", shown(settings.store))
        _serve(settings, keyed=True)


def _serve(settings: Settings, *, keyed: bool) -> None:
    metrics = Metrics.create()
    _expect_free(settings.host, settings.port)
    with open_searcher(settings, metrics.on_query) as searcher:
        if not keyed:
            log.warning(
                "no key is configured: searches are open to all who reach %s, and nothing can be written",
                settings.host,
            )
        if settings.workers == 1:
            provider = tracing.exporting() if tracing.is_wanted() else None
            uvicorn.run(create_app(settings, searcher, metrics, provider), **_server(settings))
            return
    with TemporaryDirectory(prefix="sanad-metrics-") as shared:
        # The workers are processes of their own: the environment is the only way to tell them.
        os.environ.update(_environment(settings), **{SHARED: shared})
        uvicorn.run("service.worker:worker", factory=True, workers=settings.workers, **_server(settings))


def _expect_free(host: str, port: int) -> None:
    """Raises: IndexingError: the address is taken or not ours; uvicorn would exit with 3, which says `damaged`."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise IndexingError(
            f"cannot listen on {host}:{port}: {error.strerror}; name another with --port or --host"
        ) from error


def main() -> int:
    """Serve with the environment's settings; the process's exit code."""
    try:
        run(Settings())
    except IndexingError as error:
        sys.stderr.write(f"sanad: {error}\n")
        return 1
    return 0


def _guarded(settings: Settings, *, keyed: bool) -> Settings:
    """The settings as they may be served. Raises: IndexingError: without keys only this machine may be let in."""
    if keyed or settings.insecure:
        return settings
    if not is_loopback(settings.host):
        raise IndexingError(
            f"no key is configured, so the service may not listen on {settings.host}: make one with"
            " `sanad keys create --scope search --name NAME`, or listen on 127.0.0.1, or pass --insecure"
        )
    # Whatever names another site makes point here, a browser sends along: only our own are answered.
    return settings.model_copy(update={"hosts": settings.hosts or LOOPBACK_NAMES})


def _server(settings: Settings) -> Mapping[str, Any]:
    """What uvicorn is told, the application aside."""
    patience = Patience(
        header_s=settings.header_seconds,
        exchange_s=settings.batch_seconds + settings.search_seconds,
        connections=settings.max_connections,
    )
    return {
        "host": settings.host,
        "port": settings.port,
        "root_path": settings.root_path,
        "http": partial(PatientProtocol, patience=patience),
        "ws": "none",
        "h11_max_incomplete_event_size": settings.max_headers,
        "proxy_headers": False,  # it would believe what any local process says; see addresses.py
        "log_config": None,
        "log_level": settings.log_level,
        "access_log": False,  # Exchange logs each request, without what was asked
        "server_header": False,
        "timeout_graceful_shutdown": int(settings.search_seconds) + GRACE_S,
    }


def _environment(settings: Settings) -> dict[str, str]:
    """The settings as a worker reads them."""
    told = settings.model_dump(mode="json", exclude_none=True)
    return {
        f"SANAD_{name.upper()}": value if isinstance(value, str) else json.dumps(value)
        for name, value in told.items()
    }


if __name__ == "__main__":
    sys.exit(main())
