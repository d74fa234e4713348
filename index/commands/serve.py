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
    workers: Annotated[
        int,
        typer.Option(envvar="SANAD_WORKERS", min=1, max=64, help="Processes that serve; one of them writes."),
    ] = 1,
    insecure: Annotated[
        bool,
        typer.Option("--insecure", envvar="SANAD_INSECURE", help="Listen beyond this machine without a key."),
    ] = False,
) -> None:
    """Serve searches over HTTP; other settings are SANAD_* in the environment."""
    # The only way from here to HTTP, and only when asked for: `index` must not need the service.
    from service.__main__ import run
    from service.settings import Settings

    run(Settings(host=host, port=port, store=store, model=model, workers=workers, insecure=insecure))
