"""`lockstep translate`."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer

from cli.errors import CommandFailed
from cli.output import notes, print_json, told
from cli.translation import Tried, Verdict, try_message
from infra import registry
from lockstep.canonical.money import EXPONENTS
from lockstep.messaging.inbound import InboundConnector
from lockstep.messaging.specs import Inbound
from lockstep.runtime.settings import AccountSettings

_EXIT = {Verdict.TRANSLATED: 0, Verdict.IGNORED: 0, Verdict.EXCEPTION: 2, Verdict.REFUSED: 3}

ConnectorArgument = Annotated[str, typer.Argument(metavar="CONNECTOR", help="As `lockstep connectors` names it.")]
FileArgument = Annotated[
    Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, readable=True, help="The message, as it came.")
]
HeaderOption = Annotated[
    list[str] | None, typer.Option("--header", metavar="K=V", help="A header of the call. May be given several times.")
]


def translate(
    *,
    connector: ConnectorArgument,
    topic: Annotated[
        str,
        typer.Argument(metavar="TOPIC", help="In the vendor's own words, with / or -; fetched/RESOURCE for a read."),
    ],
    file: FileArgument,
    fetched: Annotated[
        Path | None,
        typer.Option("--fetched", exists=True, dir_okay=False, help="What the vendor answers when a notice is read."),
    ] = None,
    header: HeaderOption = None,
    account: Annotated[str, typer.Option("--account", metavar="NAME", help="The account's own name.")] = "main",
    currency: Annotated[
        str, typer.Option("--currency", metavar="CODE", help="Of the account, for messages that name none.")
    ] = "USD",
    time_zone: Annotated[
        str, typer.Option("--time-zone", metavar="NAME", help="Of the account, for times without an offset.")
    ] = "UTC",
    takes_tests: Annotated[
        bool, typer.Option("--takes-tests", help="As an account that takes what is marked as a test.")
    ] = False,
) -> None:
    """Say what becomes of a message: the canonical events, or why there are none. Needs no stack.

    Prints one JSON object: outcome (translated, ignored, exception or refused), code, events, notices. An exception is
    a message that is genuine and that a person has to look at: the code is the kind of its case. Ends with 0 when it is
    translated or ignored, 2 for an exception, 3 when it is refused.

    For example:

        lockstep translate poslog POSLog receipt.xml --currency EUR

        lockstep translate shopify orders/create order.json

        lockstep translate square order.updated event.json --fetched order.json
    """
    inbound, made = opened(connector, account=account, currency=currency, time_zone=time_zone, takes_tests=takes_tests)
    tried = try_message(
        made,
        inbound,
        f"{connector}.{account}",
        topic,
        file.read_bytes(),
        headers=headers_of(header or ()),
        fetched=fetched.read_bytes() if fetched is not None else None,
    )
    print_json(tried.to_json())
    _explain(tried)
    raise typer.Exit(_EXIT[tried.outcome])


def opened(
    system: str,
    *,
    account: str = "main",
    currency: str = "USD",
    time_zone: str = "UTC",
    url: str | None = None,
    takes_tests: bool = False,
) -> tuple[Inbound, InboundConnector]:
    """What a connector declares, and the connector for an account that nobody has to configure.

    Raises:
        CommandFailed: There is none of that name, or it receives nothing; or there is no such currency or time zone.
    """
    name = system.strip().lower().replace("-", "_")
    manifest = registry.manifest(name) if name in registry.systems() else None
    if manifest is None or manifest.inbound is None:
        there = sorted(one for one, known in registry.connectors().items() if known.inbound)
        raise CommandFailed(f"Nothing comes in from a connector {system!r}.", then=f"There are: {', '.join(there)}.")
    if currency not in EXPONENTS:
        raise CommandFailed(f"{currency!r} is no currency of ISO 4217.")
    try:
        ZoneInfo(time_zone)
    except (ValueError, OSError, ZoneInfoNotFoundError) as error:
        raise CommandFailed(f"{time_zone!r} is no time zone.", then="They are named as in Europe/Zurich.") from error
    settings = AccountSettings(
        secret=f"lockstep/none/{name}.{account}",
        currency=currency,
        time_zone=time_zone,
        notification_url=url,
        takes_tests=takes_tests,
    )
    return manifest.inbound, registry.inbound_connector(name)(settings)


def headers_of(given: Sequence[str]) -> dict[str, str]:
    """Headers as a call has them, names in lower case.

    Raises:
        CommandFailed: One is not `K=V`, nor `K: V`.
    """
    found = {}
    for text in given:
        place = min((text.find(sign) for sign in "=:" if sign in text), default=0)
        if place <= 0:
            raise CommandFailed(f"A header is given as K=V, not as {text.partition('=')[0]!r}.")
        found[text[:place].strip().lower()] = text[place + 1 :].strip()
    return found


def _explain(tried: Tried) -> None:
    for line in (tried.error, *tried.ignored):
        if line:
            notes().print(told(line, "dim"))
