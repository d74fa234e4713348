"""Writing articles: one at a time, waited for; or many at once, as a task."""

from __future__ import annotations

import json
import re
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Annotated, Any

from anyio import to_thread
from fastapi import APIRouter, Depends, Header, Request, Response
from starlette.datastructures import FormData, UploadFile

from index.errors import ArticleMissingError
from index.identity import article_id
from index.types import View
from service.fields import ArticleBody
from service.openapi import problems
from service.problems import ProblemError
from service.requests import json_only
from service.routes.articles import ArticleName, id_of
from service.routes.tasks import told
from service.schemas import ArticleRemoved, ArticleWritten, FieldError, TaskOut
from service.state import ServiceDep
from service.tasks import payloads
from service.tasks.records import Task

BATCH = "/v1/articles:batch"
MOST_FILES = 1000
LINES = ("application/x-ndjson", "application/ndjson", "application/jsonl")
FILE_NAME = re.compile(r"[^\x00-\x1f\x7f\\]{1,200}")
Condition = Annotated[str | None, Header(max_length=1000)]

router = APIRouter(tags=["writing"])


@router.put(
    "/v1/articles/{article_id}",
    operation_id="putArticle",
    summary="Store one article",
    dependencies=[Depends(json_only)],
    responses=problems(400, 404, 408, 412, 413, 415, 422, 503)
    | {201: {"model": ArticleWritten, "description": "It was not there before."}},
)
async def put_article(
    response: Response,
    article_id: ArticleName,
    body: ArticleBody,
    service: ServiceDep,
    if_match: Condition = None,
    if_none_match: Condition = None,
) -> ArticleWritten:
    """Durable and searchable when this is answered; the same content again changes nothing, the revision included.

    The address names the article by its source (`cms-4711`), or by its id, the first 16 hex digits of SHA-256 over
    `article`, a NUL and the source, which `source` or else `url` must give.
    """
    source = await to_thread.run_sync(_source, service.searcher.store.view(), article_id, body)
    article = body.model_dump(exclude_none=True, exclude={"source"})
    order = {"article": article, "source": source, "if_match": if_match, "if_none_match": if_none_match}
    written = ArticleWritten(**await service.writes.carry_out("put", order))
    response.headers["ETag"] = written.etag
    if written.change == "added":
        response.status_code = 201
        response.headers["Location"] = f"{service.settings.root_path}/v1/articles/{written.id}"
    return written


@router.delete(
    "/v1/articles/{article_id}",
    operation_id="deleteArticle",
    summary="Remove one article",
    responses=problems(404, 412, 422, 503),
)
async def delete_article(
    article_id: ArticleName, service: ServiceDep, if_match: Condition = None
) -> ArticleRemoved:
    """No search finds it any more when this is answered."""
    order = {"id": id_of(article_id), "if_match": if_match}
    return ArticleRemoved(**await service.writes.carry_out("delete", order))


@router.post(
    BATCH,
    operation_id="putArticles",
    summary="Store many articles",
    status_code=202,
    responses=problems(400, 408, 413, 415, 422, 503),
    openapi_extra={"requestBody": {"required": True, "content": {
        "application/json": {"schema": {
            "type": "object",
            "required": ["articles"],
            "additionalProperties": False,
            "properties": {"articles": {
                "type": "array",
                "minItems": 1,
                "maxItems": payloads.MOST_ARTICLES,
                "items": {"type": "object", "description": "As for `putArticle`; `source` or `url` is needed."},
            }},
            "example": {"articles": [{"source": "cms-4711", "title": "A title", "text": "A paragraph."}]},
        }},
        LINES[0]: {"schema": {"type": "string", "description": "One article a line."}},
        "multipart/form-data": {"schema": {
            "type": "object",
            "properties": {"file": {"type": "array", "minItems": 1, "items": {"type": "string", "format": "binary"}}},
            "required": ["file"],
        }},
    }}},
)  # fmt: skip
async def put_articles(request: Request, response: Response, service: ServiceDep) -> TaskOut:
    """Accepted, durably; the task tells when which of them are stored. As JSON, as NDJSON, or as files of the formats
    that `sanad sync` reads, each named by its file name.
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    task = Task.new("batch")
    if media_type == "application/json":
        task = await service.writes.enqueue(task, partial(_fill_lines, _listed(await request.body())))
    elif media_type in LINES:
        task = await service.writes.enqueue(task, partial(_fill_body, await request.body()))
    elif media_type == "multipart/form-data":
        async with request.form(max_files=MOST_FILES, max_fields=0) as form:
            task = await service.writes.enqueue(task, partial(_fill_files, _named(form)))
    else:
        accepted = ", ".join(("application/json", LINES[0], "multipart/form-data"))
        raise ProblemError(415, "unsupported_media_type", headers={"Accept-Post": accepted})
    response.headers["Location"] = f"{service.settings.root_path}/v1/tasks/{task.id}"
    return told(task)


def _source(view: View, name: str, body: ArticleBody) -> str:
    """The article's source. Raises: ProblemError: the address names another article than the body (422)."""
    identity = id_of(name)
    source = body.source
    if source is None and identity != name:
        return name
    if source is None:
        try:
            return view.article(identity).provenance.source
        except ArticleMissingError:
            source = body.url
    if source is None:
        raise _wrong("source", "is needed, for no article has this id yet")
    if article_id(source) != identity:
        raise _wrong("source", f"gives the id {article_id(source)}, not the one in the address")
    return source


def _listed(body: bytes) -> list[Any]:
    try:
        held = json.loads(body)
    except (ValueError, RecursionError):
        raise ProblemError(400, "invalid_json") from None
    if not isinstance(held, dict) or set(held) != {"articles"} or not isinstance(held["articles"], list):
        raise _wrong("articles", "must be a list, and the only field")
    return held["articles"]


def _fill_lines(articles: list[Any], folder: Path) -> None:
    with (folder / payloads.LINES).open("w", encoding="ascii") as file:
        file.writelines(json.dumps(article) + "\n" for article in articles)


def _fill_body(body: bytes, folder: Path) -> None:
    (folder / payloads.LINES).write_bytes(body)


def _named(form: FormData) -> list[tuple[PurePosixPath, UploadFile]]:
    """The files by their names, which become their sources. Raises: ProblemError: a name is not fit for that (422)."""
    named: dict[PurePosixPath, UploadFile] = {}
    for _, file in form.multi_items():
        if not isinstance(file, UploadFile):
            raise _wrong("file", "must be a file")
        name = PurePosixPath(file.filename or "")
        parts = name.parts
        if (
            not parts
            or not FILE_NAME.fullmatch(str(name))
            or any(part.startswith((".", "/")) for part in parts)
        ):
            raise _wrong("file", "needs a plain relative name")
        if len(parts) > 8 or name in named:
            raise _wrong("file", "has a name that is there twice, or lies too deep")
        named[name] = file
    return list(named.items())


def _fill_files(named: list[tuple[PurePosixPath, UploadFile]], folder: Path) -> None:
    for name, file in named:
        place = folder / payloads.FILES / name
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            with place.open("xb") as copy:
                while chunk := file.file.read(65536):
                    copy.write(chunk)
        except (FileExistsError, NotADirectoryError, IsADirectoryError, UnicodeEncodeError):
            raise _wrong("file", "has a name that another file's name stands in the way of") from None


def _wrong(field: str, reason: str) -> ProblemError:
    return ProblemError(422, "invalid_request", [FieldError(field=field, reason=reason)])
