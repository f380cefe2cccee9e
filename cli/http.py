"""One request over HTTP."""

from collections.abc import Callable, Mapping

import urllib3

from cli.errors import StackUnreachable

Post = Callable[[str, Mapping[str, str], bytes], tuple[int, bytes]]
"""Sends (url, headers, body); gives (status, body)."""

_TIMEOUT = urllib3.Timeout(connect=3, read=30)


def post(url: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
    """Post a body; the answer's status and body.

    Raises:
        StackUnreachable: There was no answer.
    """
    try:
        answer = urllib3.request("POST", url, headers=dict(headers), body=body, timeout=_TIMEOUT, retries=False)
    except urllib3.exceptions.HTTPError as error:
        raise StackUnreachable(
            f"{url} does not answer: {error}", then="Check that the stack is up and that this machine reaches it."
        ) from error
    return answer.status, answer.data
