"""AWS clients, made once a process and only when first needed."""

from functools import cache
from typing import Any

from boto3.session import Session
from botocore.config import Config

_CONFIG = Config(
    connect_timeout=2,
    read_timeout=10,
    retries={"mode": "standard", "total_max_attempts": 4},
    max_pool_connections=10,
)


@cache
def _session() -> Session:
    return Session()


@cache
def client(service: str) -> Any:
    """The client of a service, as in `client("dynamodb")`."""
    session: Any = _session()
    return session.client(service, config=_CONFIG)
