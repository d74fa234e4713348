"""The service's settings, read once from the environment (`SANAD_*`) and frozen."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

Origin = Annotated[str, Field(pattern=r"^https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?$")]


class Settings(BaseSettings):
    """What a person who runs the service can set; every field is `SANAD_` and its name in capitals."""

    model_config = SettingsConfigDict(env_prefix="SANAD_", frozen=True)

    store: str = Field(default=".sanad", description="Where the store is: a folder.")
    model: str | None = Field(
        default=None, description="A sentence-transformers model; the bundled one when unset."
    )
    host: str = Field(default="127.0.0.1", description="The address to listen on.")
    port: int = Field(
        default=8000, ge=0, le=65535, description="The port to listen on; 0 lets the system choose."
    )
    root_path: str = Field(
        default="", pattern=r"^(/[\w.~-]+)*$", description="The prefix a reverse proxy serves us under."
    )
    cors_origins: tuple[Origin, ...] = Field(
        default=(), description="Origins of other sites whose pages may call the API, each in full."
    )
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    interface: Literal["ar", "en"] = Field(
        default="en", description="The page's language when the browser names neither."
    )
    examples: tuple[str, ...] = Field(
        default=(), description="Questions offered on the empty page; headings when unset."
    )
    search_threads: int = Field(default=2, ge=1, le=256, description="Searches that run at one time.")
    search_queue: int = Field(
        default=64, ge=0, description="Searches that may wait; one more is answered with 503."
    )
    max_body: int = Field(default=1_048_576, ge=1024, description="The longest request body, in bytes.")
