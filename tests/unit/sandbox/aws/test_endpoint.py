from __future__ import annotations

import pytest

from sandbox.aws.endpoint import AwsEndpoint

LOCAL = AwsEndpoint("http://127.0.0.1:4566", "000000000000", "us-east-1", "000000000000", "hush")


def test_the_secret_is_not_shown() -> None:
    assert "hush" not in repr(LOCAL)


@pytest.mark.parametrize(
    "advertised",
    ["http://ab12cd.execute-api.127.0.0.1:4566", "https://ab12cd.execute-api.us-east-1.amazonaws.com/"],
)
def test_an_api_of_the_embedded_aws_is_called_by_path(advertised: str) -> None:
    assert LOCAL.api_url(advertised) == "http://127.0.0.1:4566/_aws/execute-api/ab12cd/$default"
    assert LOCAL.api_url(advertised, "v1") == "http://127.0.0.1:4566/_aws/execute-api/ab12cd/v1"


def test_an_api_elsewhere_is_called_as_advertised() -> None:
    endpoint = AwsEndpoint("https://emulator.example", "000000000000", "us-east-1", "key", "secret")

    advertised = "https://ab12cd.execute-api.us-east-1.amazonaws.com/"

    assert endpoint.api_url(advertised) == advertised.rstrip("/")


def test_clients_ignore_the_users_own_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "the user's own")
    monkeypatch.setenv("AWS_REGION", "eu-north-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "https://elsewhere.example")

    client = LOCAL.client("sqs")

    assert client.meta.endpoint_url == LOCAL.url
    assert client.meta.region_name == "us-east-1"
    assert client._request_signer._credentials.access_key == "000000000000"
