"""Where an AWS is, and who we are there."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from collections.abc import Mapping

_LOOPBACK = frozenset({"127.0.0.1", "localhost"})
_ADVERTISED_API = re.compile(r"https?://(?P<id>[a-z0-9]+)\.execute-api\.")
_CONFIG = Config(retries={"mode": "standard", "max_attempts": 3}, s3={"addressing_style": "path"})


@dataclass(frozen=True)
class AwsEndpoint:
    """An AWS API that one URL answers for, with the credentials of its administrator.

    Attributes:
        url: base URL of every service, without a trailing slash.
        account: the 12-digit account the credentials belong to.
        region: the Region every call is signed for.
        access_key_id: the administrator's key id.
        secret_access_key: its secret; kept out of ``repr`` so that it cannot reach a log.
    """

    url: str
    account: str
    region: str
    access_key_id: str
    secret_access_key: str = field(repr=False)

    def session(self) -> boto3.Session:
        """A boto3 session with these credentials, blind to the user's own profile and Region."""
        return boto3.Session(
            aws_access_key_id=self.access_key_id,
            aws_secret_access_key=self.secret_access_key,
            region_name=self.region,
        )

    def client(self, service: str) -> Any:
        """A boto3 client of ``service`` (its boto3 name) that talks to this endpoint only."""
        # boto3 overloads client() on the literal name; the name is a variable here.
        return self.session().client(service, endpoint_url=self.url, config=_CONFIG)  # type: ignore[call-overload]

    def api_url(self, advertised: str, stage: str = "$default") -> str:
        """The address at which an HTTP API can be called here, without a trailing slash.

        Args:
            advertised: what the template says, ``https://<api>.execute-api.<...>``. The embedded AWS cannot make
                that name resolve and serves the API under a path instead; any other endpoint serves it as it is.
            stage: name of the API's stage, which the advertised address of ``$default`` does not carry.
        """
        api = _ADVERTISED_API.match(advertised)
        if api is None or urlsplit(self.url).hostname not in _LOOPBACK:
            return advertised.rstrip("/")
        return f"{self.url}/_aws/execute-api/{api['id']}/{stage}"

    def environment(self) -> Mapping[str, str]:
        """Environment variables that point any AWS SDK or command line tool at this endpoint."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ENDPOINT_URL_S3": self.url,
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_ACCESS_KEY_ID": self.access_key_id,
            "AWS_SECRET_ACCESS_KEY": self.secret_access_key,
        }
