"""`lockstep verify`."""

from datetime import UTC, datetime
from typing import Annotated
from urllib.parse import parse_qsl, urlsplit

import typer

from cli.commands.translate import ConnectorArgument, FileArgument, HeaderOption, headers_of, opened
from cli.output import print_json, results, told
from cli.session import JsonOption, session_of
from cli.translation import refusal_code
from lockstep.messaging.errors import ConfigurationError, MessageExpired, SenderError
from lockstep.messaging.inbound import Request

_REFUSED = 3


def verify(
    context: typer.Context,
    *,
    connector: ConnectorArgument,
    file: FileArgument,
    secret: Annotated[
        list[str],
        typer.Option("--secret", metavar="S", help="The signing secret; given twice, the one before is valid too."),
    ],
    header: HeaderOption = None,
    url: Annotated[
        str, typer.Option("--url", metavar="U", help="The address that was called, where the vendor signs it.")
    ] = "",
    at: Annotated[
        datetime | None,
        typer.Option("--at", metavar="TIME", help="When it came in, UTC, where a time is signed.  [default: now]"),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Say whether a message proves who sent it. Needs no stack, and never prints the secret.

    Ends with 0 when it is genuine, with 3 when it is refused.

    For example:

        lockstep verify shopify order.json --header X-Shopify-Hmac-Sha256=... --secret shpss_...
    """
    del as_json
    _, made = opened(connector, url=url or None)
    request = Request(headers_of(header or ()), file.read_bytes(), url, dict(parse_qsl(urlsplit(url).query)))
    answer = {"genuine": True, "code": "ok", "delivery": "", "reason": ""}
    try:
        now = datetime.now(UTC) if at is None else at.replace(tzinfo=at.tzinfo or UTC)
        answer["delivery"] = made.verify(request, tuple(secret), now)
    except MessageExpired as error:
        when = "; --at TIME asks as of another time" if at is None else ""
        answer |= {"genuine": False, "code": refusal_code(error), "reason": f"{error}{when}"}
    except SenderError as error:
        answer |= {"genuine": False, "code": refusal_code(error), "reason": str(error)}
    except ConfigurationError as error:
        answer |= {"genuine": False, "code": "secret_unusable", "reason": str(error)}
    if session_of(context).json:
        print_json(answer)
    else:
        words = f"genuine: delivery {answer['delivery']}" if answer["genuine"] else f"refused: {answer['reason']}"
        results().print(told(words, "green" if answer["genuine"] else "red"))
    raise typer.Exit(0 if answer["genuine"] else _REFUSED)
