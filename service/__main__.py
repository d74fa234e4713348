"""Settings → application → uvicorn: `python -m service`, and what `sanad serve` calls."""

from __future__ import annotations

import logging
import sys

import uvicorn

from index.errors import IndexingError
from service.app import create_app
from service.settings import Settings
from service.state import open_searcher


def run(settings: Settings) -> None:
    """Serve until told to stop.

    The store and the model are opened before the port, so that what is wrong with them is told in one line.

    Raises: IndexingError: the store or the model cannot be opened, or do not belong together.
    """
    logging.basicConfig(
        stream=sys.stderr,
        level=settings.log_level.upper(),
        format="%(asctime)s %(levelname)s %(name)s %(message)s",
    )
    logging.getLogger("faiss").setLevel(logging.WARNING)  # it tells of every instruction set it tries
    with open_searcher(settings) as searcher:
        uvicorn.run(
            create_app(settings, searcher),
            host=settings.host,
            port=settings.port,
            root_path=settings.root_path,
            log_config=None,
            log_level=settings.log_level,
            access_log=False,  # Exchange logs each request, without what was asked
            server_header=False,
            timeout_graceful_shutdown=10,
        )


def main() -> int:
    """Serve with the environment's settings; the process's exit code."""
    try:
        run(Settings())
    except IndexingError as error:
        sys.stderr.write(f"sanad: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
