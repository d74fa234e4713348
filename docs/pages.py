"""The pages of the site that are made from code, and those that stand elsewhere in the repository."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

from index.__main__ import build
from service.app import create_app
from service.settings import Settings

ROOT = Path(__file__).parent.parent
REPOSITORY = {
    "how-to/service.md": "service/README.md",
    "how-to/portal.md": "service/EMBEDDING.md",
    "how-to/deploy.md": "deploy/README.md",
    "model-card.md": "index/model/README.md",
    "data-card.md": "training/DATA.md",
    "reference/results.md": "benchmarks/RESULTS.md",
}
"""Pages that are files of the repository, so that they stand in one place only."""
LINK = re.compile(r"(!?)\[([^\]]*)\]\((?!https?:|#)([^)#\s]+)(#[^)\s]*)?\)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds the pages that are made here. Called by MkDocs."""
    pages = {page: repository_page(page, file) for page, file in REPOSITORY.items()}
    pages |= {"reference/cli.md": cli(), "reference/settings.md": settings(), "reference/api.md": api()}
    for uri, text in pages.items():
        files.append(File.generated(config, uri, content=text))
    for picture in (ROOT / "benchmarks").glob("*.svg"):
        uri = f"reference/{picture.name}"
        files.append(File.generated(config, uri, content=picture.read_bytes()))
    return files


def repository_page(page: str, file: str) -> str:
    """The text of a file of the repository, its links leading to pages, or named where there is no page of it."""
    docs = ROOT / "docs"
    places = {written: written.relative_to(docs).as_posix() for written in docs.rglob("*.md")}
    places |= {(ROOT / target).resolve(): uri for uri, target in REPOSITORY.items()}
    up = "../" * page.count("/")

    def link(match: re.Match[str]) -> str:
        mark, words, target, anchor = match[1], match[2], match[3], match[4] or ""
        place = (ROOT / file).parent.joinpath(target).resolve()
        if place in places:
            return f"[{words}]({up}{places[place]}{anchor})"
        if place.suffix == ".svg" and place.parent.name == "benchmarks":
            return f"{mark}[{words}]({up}reference/{place.name})"
        return f"{words} (`{place.relative_to(ROOT)}`)"

    return LINK.sub(link, (ROOT / file).read_text("utf-8"))


def cli() -> str:
    """Every command with its arguments and options, as the program itself tells them."""
    return "# The command line\n\n" + "\n".join(_commands(typer.main.get_command(build()), "sanad"))


def _commands(command: Any, name: str) -> Iterator[str]:
    inner = getattr(command, "commands", None)
    if inner:
        for word, child in inner.items():
            yield from _commands(child, f"{name} {word}")
        return
    yield f"## {name}\n\n{_plain(command.help or '')}\n"
    rows = [p for p in command.params if p.name != "help"]
    if rows:
        yield "| | |\n|---|---|"
    for param in rows:
        words = (
            ", ".join(f"`{opt}`" for opt in param.opts)
            if param.opts[0].startswith("-")
            else f"`{param.name.upper()}`"
        )
        told = _plain(getattr(param, "help", None) or "")
        variable = f" Also `{param.envvar}`." if getattr(param, "envvar", None) else ""
        yield f"| {words} | {told}{variable}{_default(param)} |"
    yield ""


def _default(param: Any) -> str:
    value = getattr(param, "default", None)
    shown = value is not None and not callable(value) and value not in (False, (), [])
    return f" Default: `{value}`." if shown and not param.required else ""


def _plain(text: str) -> str:
    """Help on one line, its paragraphs joined, safe in a table."""
    return " ".join(text.replace("\b", "").split()).replace("|", "\\|")


def settings() -> str:
    """Every setting with its default and bounds."""
    rows = [
        "# Settings\n",
        "All are read once, from the environment; those of more than one value are JSON lists.\n",
    ]
    rows += ["| setting | default | |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        value = field.default
        default = "" if value in (None, "", ()) else f"`{json.dumps(value)}`"
        bounds = ", ".join(str(bound) for bound in field.metadata)
        rows.append(f"| `SANAD_{name.upper()}` | {default} | {field.description} {_bounds(bounds)} |")
    return "\n".join(rows) + "\n"


def _bounds(text: str) -> str:
    said = {"Ge(ge=": "at least ", "Gt(gt=": "more than ", "Le(le=": "at most "}
    found = [words + text.split(start)[1].split(")")[0] for start, words in said.items() if start in text]
    return f"({', '.join(found)})" if found else ""


def api() -> str:
    """Every operation of the OpenAPI document, with its parameters and answers."""
    document: dict[str, Any] = create_app(Settings(store="unused")).openapi()
    lines = [
        "# The API\n",
        "Made from the service's own `/openapi.json`, which has every field of every answer.\n",
    ]
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            lines += [
                f"## {method.upper()} {path}\n",
                _plain(operation.get("description") or operation["summary"]),
                "",
            ]
            parameters = operation.get("parameters", [])
            if parameters:
                lines += ["| parameter | in | |", "|---|---|---|"]
                lines += [
                    f"| `{p['name']}` | {p['in']} | {_plain(p.get('description', ''))} |" for p in parameters
                ]
                lines.append("")
            lines += ["| status | |", "|---|---|"]
            lines += [
                f"| {status} | {_plain(told['description'])} |"
                for status, told in operation["responses"].items()
            ]
            lines.append("")
    lines += ["## Fields\n"]
    for name, schema in sorted(document["components"]["schemas"].items()):
        if "properties" in schema:
            lines += [f"### {name}\n", _plain(schema.get("description", "")), "", "| field | |", "|---|---|"]
            lines += [
                f"| `{field}` | {_plain(told.get('description', ''))} |"
                for field, told in schema["properties"].items()
            ]
            lines.append("")
    return "\n".join(lines)
