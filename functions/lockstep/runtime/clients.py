"""AWS clients, made once a process and only when first needed.

They are made by botocore, which is what makes those of boto3 too: importing boto3 itself loads the transfer manager and
the resource layer besides, which nothing here uses and every cold start would pay for (measured: 20 ms of CPU).
"""

from functools import cache
from typing import Any

from botocore.config import Config
from botocore.session import Session, get_session

_CONFIG = Config(
    # A door has ten seconds: a call that hangs must leave time for another, and for the answer.
    connect_timeout=1,
    read_timeout=3,
    retries={"mode": "standard", "total_max_attempts": 3},
    max_pool_connections=10,
)


@cache
def _session() -> Session:
    return get_session()


@cache
def client(service: str) -> Any:
    """The client of a service, as in `client("dynamodb")`."""
    return _session().create_client(service, config=_CONFIG)
