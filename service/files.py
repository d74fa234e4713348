"""The static files: open to every site's pages, asked for anew only when they changed."""

from __future__ import annotations

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope


class PublicFiles(StaticFiles):
    """Static files that another origin may load as modules; they hold no one's data."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file, with headers for caches and for other origins."""
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "no-cache"
        response.headers["Access-Control-Allow-Origin"] = "*"
        return response
