"""`sanad serve`: the JSON API and the search page over HTTP."""

from __future__ import annotations

from typing import Annotated

import typer

from index.commands.console import DEFAULT_STORE, ModelOption, StoreOption


def register(app: typer.Typer) -> None:
    """Add this command to the application."""
    app.command("serve")(serve)


def serve(
    host: Annotated[str, typer.Option(envvar="SANAD_HOST", help="Address to bind.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(envvar="SANAD_PORT", min=0, max=65535, help="Port to bind.")] = 8000,
    store: StoreOption = DEFAULT_STORE,
    model: ModelOption = None,
) -> None:
    """Serve searches over HTTP."""
    # The only way from here to HTTP, and only when asked for: `index` must not need the service.
    from service.__main__ import run

    from service.settings import Settings

    run(Settings(host=host, port=port, store=store, model=model))
