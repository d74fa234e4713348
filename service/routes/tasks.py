"""`/v1/tasks`: what became of batches of writes."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query

from service.fields import TasksFields
from service.openapi import problems
from service.problems import ProblemError
from service.requests import exact_query
from service.schemas import ArticleRefused, TaskCounts, TaskOut, TasksPage
from service.state import ServiceDep
from service.tasks.records import Task

router = APIRouter(prefix="/v1/tasks", tags=["writing"])


@router.get(
    "",
    operation_id="listTasks",
    summary="List batches",
    dependencies=[Depends(exact_query)],
    responses=problems(422),
)
def list_tasks(fields: Annotated[TasksFields, Query()], service: ServiceDep) -> TasksPage:
    """Newest first; the last thousand that finished are kept, over restarts too."""
    listed, total = service.writes.spool.list(fields.limit, fields.offset)
    end = fields.offset + len(listed)
    following = end if listed and end < total else None
    return TasksPage(tasks=[told(task) for task in listed], total=total, next_offset=following)


@router.get(
    "/{task_id}",
    operation_id="getTask",
    summary="Look a batch up",
    responses=problems(404, 422),
)
def get_task(task_id: Annotated[str, Path(max_length=64)], service: ServiceDep) -> TaskOut:
    """How far it is, and which articles were refused and why."""
    task = service.writes.spool.read(task_id)
    if task is None or task.kind != "batch":
        raise ProblemError(404, "task_not_found")
    return told(task)


def told(task: Task) -> TaskOut:
    """The task as it goes over the wire."""
    return TaskOut(
        id=task.id,
        status=task.status,
        created_at=task.created_at,
        started_at=task.started_at,
        finished_at=task.finished_at,
        total=task.total or 0,
        done=task.done,
        counts=TaskCounts(**asdict(task.counts)),
        refused=[ArticleRefused(**asdict(refusal)) for refusal in task.refused],
        revision=task.revision,
        code=task.failure.code if task.failure else None,
    )
