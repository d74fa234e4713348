"""The service's settings, read once from the environment (`SANAD_*`) and frozen."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from index.store import local_folder

Origin = Annotated[str, Field(pattern=r"^https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?$")]


class Settings(BaseSettings):
    """What a person who runs the service can set; every field is `SANAD_` and its name in capitals."""

    model_config = SettingsConfigDict(env_prefix="SANAD_", frozen=True)

    store: str = Field(
        default=".sanad", description="Where the store is: a folder, or `milvus://host:19530/name`."
    )
    model: str | None = Field(
        default=None, description="A sentence-transformers model; the bundled one when unset."
    )
    reranker: str | None = Field(
        default=None, description="A sentence-transformers cross-encoder for searches that ask for `rerank`."
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
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="The least that is logged."
    )
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
    search_seconds: float = Field(default=30, gt=0, description="A search that waits longer is given up.")
    query_cache: int = Field(default=2048, ge=0, description="Embeddings of questions that are remembered.")
    max_body: int = Field(default=1_048_576, ge=1024, description="The longest request body, in bytes.")
    max_batch: int = Field(
        default=33_554_432, ge=1024, description="The longest body of a batch of articles, in bytes."
    )
    max_tasks: int = Field(default=100, ge=1, description="Writes that may wait; one more is answered 503.")
    max_headers: int = Field(default=16_384, ge=1024, description="The longest request headers, in bytes.")
    header_seconds: float = Field(default=10, gt=0, description="Seconds for the headers to come.")
    body_seconds: float = Field(default=20, gt=0, description="Seconds for the body to come.")
    batch_seconds: float = Field(default=120, gt=0, description="Seconds for a batch's body to come.")
    max_connections: int = Field(default=1000, ge=1, description="Connections that may be open.")
    rate: float = Field(
        default=50, ge=0, description="Requests a second, by key or else by address; 0 for no limit."
    )
    burst: int = Field(default=200, ge=1, description="Requests that may come at once.")
    keys: str | None = Field(
        default=None,
        description="The file of keys; keys.json in the store when unset, in `.sanad` for a store on Milvus.",
    )
    tasks: str | None = Field(
        default=None,
        description="Where writes wait; tasks in the store when unset, in `.sanad` for a store on Milvus.",
    )
    public_search: bool = Field(
        default=False, description="Whether searches and pages need no key though there are keys."
    )
    insecure: bool = Field(default=False, description="Listen beyond this machine though there is no key.")
    hosts: tuple[str, ...] = Field(
        default=(),
        description="Host names the service answers to; any when unset, loopback ones without keys.",
    )
    proxies: tuple[IPv4Network | IPv6Network, ...] = Field(
        default=(), description="Proxies whose X-Forwarded-For is believed."
    )
    workers: int = Field(default=1, ge=1, le=64, description="Processes that serve; one of them writes.")
    log_format: Literal["auto", "json", "text"] = Field(
        default="auto", description="JSON lines or text; auto: text on a terminal."
    )
    log_queries: bool = Field(default=False, description="Whether the log may hold what was asked.")

    @property
    def keys_path(self) -> Path:
        """The file of keys."""
        return Path(self.keys) if self.keys else local_folder(self.store) / "keys.json"

    @property
    def tasks_path(self) -> Path:
        """The folder where writes wait."""
        return Path(self.tasks) if self.tasks else local_folder(self.store) / "tasks"
