"""`sanad keys`: who may search, read metrics and write."""

from __future__ import annotations

import re
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from index.commands.console import DEFAULT_STORE, JsonOption, StoreOption, isolate, out, print_json
from index.store import local_folder

KeysOption = Annotated[
    Path | None,
    typer.Option(
        "--keys", envvar="SANAD_KEYS", help="File of keys; keys.json in the store when unset.", metavar="FILE"
    ),
]
SCOPES = ("search", "metrics", "admin")
UNITS = {"h": "hours", "d": "days", "w": "weeks"}


def register(app: typer.Typer) -> None:
    """Add these commands to the application."""
    group = typer.Typer(help="Make, revoke and list keys.", no_args_is_help=True, rich_markup_mode=None)
    group.command("create")(create)
    group.command("revoke")(revoke)
    group.command("list")(list_keys)
    app.add_typer(group, name="keys")


def create(
    name: Annotated[str, typer.Option(help="Who it is for.")],
    scope: Annotated[str, typer.Option(help="search, metrics, or admin, which opens everything.")] = "search",
    expires: Annotated[
        str | None, typer.Option(help="When it ends: 90d, 12h, 4w, or an ISO 8601 date.", metavar="WHEN")
    ] = None,
    store: StoreOption = DEFAULT_STORE,
    keys: KeysOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a key and print its secret, this once: only a digest of it is kept."""
    if scope not in SCOPES:
        raise typer.BadParameter(f"{scope!r} is none of {', '.join(SCOPES)}", param_hint="--scope")
    made, secret = _file(store, keys).create(scope, name, _moment(expires))
    if as_json:
        print_json({**_shown(made), "secret": secret})
    else:
        out().print(secret, soft_wrap=True)


def revoke(
    key_id: Annotated[str, typer.Argument(help="The key's id, as `sanad keys list` shows it.", metavar="ID")],
    store: StoreOption = DEFAULT_STORE,
    keys: KeysOption = None,
) -> None:
    """Close a key for ever; a running service knows within a second."""
    gone = _file(store, keys).revoke(key_id)
    out().print(f"revoked {gone.id} ({isolate(gone.name)})")


def list_keys(
    store: StoreOption = DEFAULT_STORE, keys: KeysOption = None, as_json: JsonOption = False
) -> None:
    """Show the keys there are, without their secrets, which nobody knows."""
    held = [_shown(key) for key in _file(store, keys).read()]
    if as_json:
        print_json(held)
        return
    columns = ("id", "scope", "name", "created_at", "expires_at")
    table = Table(box=None, pad_edge=False, show_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for key in held:
        table.add_row(*(str(key[column] or "") for column in columns))
    out().print(table)


def _file(store: str, keys: Path | None) -> Any:
    # Only these commands and `sanad serve` know of the service.
    from service.keys import KeyFile

    return KeyFile(keys or local_folder(store) / "keys.json")


def _shown(key: Any) -> dict[str, Any]:
    return {name: value for name, value in asdict(key).items() if name != "digest"}


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    if span := re.fullmatch(r"([1-9][0-9]{0,4})([hdw])", text):
        return datetime.now(UTC) + timedelta(**{UNITS[span[2]]: int(span[1])})
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(
            f"{text!r} is neither 90d, 12h, 4w nor a date", param_hint="--expires"
        ) from None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    if moment <= datetime.now(UTC):
        raise typer.BadParameter(f"{text} is over", param_hint="--expires")
    return moment
