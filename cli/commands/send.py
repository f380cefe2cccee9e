"""`lockstep send`."""

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from cli.commands.trace import show, verdict
from cli.confirm import YesOption, confirm_deployed
from cli.environment import Deployed
from cli.errors import CommandFailed, Exit
from cli.follow import follow
from cli.output import notes, print_json, results, table, told
from cli.samples import Sample, read_sample, renewed
from cli.session import EnvironmentOption, JsonOption, session_of
from cli.signing import signed_request
from infra import environments
from infra.environments import EnvironmentInvalid
from lockstep.operations.trace import Trace

_SUCCESS: Final = range(200, 300)
_EPOCH: Final = datetime(2026, 1, 1, tzinfo=UTC)
"""Renewed samples are numbered by the milliseconds since: a number that no till has, and no earlier sample."""


@dataclass(frozen=True, slots=True)
class Sent:
    """One delivery and its answer."""

    delivery: str
    account: str
    status: int
    answer: Any
    """As the webhook gave it: JSON, or text."""

    @property
    def accepted(self) -> bool:
        """Whether it was taken."""
        return self.status in _SUCCESS

    @property
    def new_events(self) -> int:
        """How many of its events had not come before."""
        return 0 if self._said("repeated") else len(self._said("accepted") or ())

    @property
    def meaning(self) -> str:
        """The answer in words."""
        if not self.accepted:
            return str(self._said("error") or self.answer)
        if self._said("repeated"):
            return "the same delivery came before: the first answer again, nothing happens twice"
        new, known = self.new_events, len(self._said("duplicates") or ())
        if self._said("deferred"):
            return "large: stored whole, to be expanded in order"
        if known and not new:
            return f"another delivery of what is known ({_events(known)}): nothing happens twice"
        return (
            f"new: {_events(new)}" + (f"; known: {_events(known)}" if known else "") if new else "nothing in it for us"
        )

    def _said(self, name: str) -> Any:
        return self.answer.get(name) if isinstance(self.answer, dict) else None


@dataclass(frozen=True, slots=True)
class SendReport:
    """Everything that was sent."""

    sent: tuple[Sent, ...]
    trace: Trace | None = field(default=None)
    """Of the last, when it was followed."""


FileArgument = Annotated[
    Path,
    typer.Argument(exists=True, dir_okay=False, readable=True, help="A sample from events/apigateway/, or a raw body."),
]
AccountOption = Annotated[
    str | None, typer.Option("--account", metavar="NAME", help="Where a raw body goes, as in poslog.main.")
]


def send(
    context: typer.Context,
    *,
    file: FileArgument,
    account: AccountOption = None,
    topic: Annotated[
        str | None, typer.Option("--topic", help="What a raw body is about, where a header says it.")
    ] = None,
    new: Annotated[
        bool,
        typer.Option("--new", help="As a sale that happens now, at a till of its own, in a new delivery."),
    ] = False,
    resend: Annotated[
        bool, typer.Option("--resend", help="The same body in a new delivery, as a till that was not answered does.")
    ] = False,
    count: Annotated[int, typer.Option("--count", min=1, help="How many times.")] = 1,
    wait: Annotated[
        float,
        typer.Option("--wait", "--follow", metavar="SECONDS", help="Follow the last one to its end, at most so long."),
    ] = 0,
    yes: YesOption = False,
    environment: EnvironmentOption = None,
    as_json: JsonOption = False,
) -> None:
    """Sign a sample and post it, as its channel would.

    The same sample twice is the same delivery, and counts once: that is what the platform promises, so it is also what
    you see. --resend sends the body in another delivery (its events are known, and count once, too); --new makes it
    another sale. Ends with 1 when it is refused, or followed and not through in time.

    A sale that is sent is booked like any other in the systems that the environment is bound to: a deployed stack asks
    first.

    For example:

        lockstep send events/apigateway/poslog.sale.json

        lockstep send events/apigateway/poslog.sale.json --new --wait 60

        lockstep send receipt.xml --account poslog.main

        lockstep send events/apigateway/poslog.sale.json --new --count 20
    """
    del environment, as_json
    session = session_of(context)
    sample = read_sample(file, account)
    deployed = session.open()
    if topic is not None:
        sample = _about(deployed, sample, topic)
    confirm_deployed(deployed.name, f"Send {file.name} to {sample.account}, {count} times?", yes=yes)
    report = _send(deployed, sample, new=new, resend=resend, count=count, wait=wait)
    if session.json:
        print_json(report)
    else:
        _show(report)
    followed = verdict(report.trace, settled=True) if report.trace else Exit.OK
    raise typer.Exit(followed if all(sent.accepted for sent in report.sent) else Exit.FINDING)


def _about(deployed: Deployed, sample: Sample, topic: str) -> Sample:
    """The sample with its topic in the header in which its channel names it."""
    manifest = deployed.manifests.get(sample.system)
    if manifest is None or manifest.inbound is None or not manifest.inbound.topic_headers:
        return sample
    return replace(sample, headers={**sample.headers, manifest.inbound.topic_headers[0]: topic})


def _send(deployed: Deployed, sample: Sample, *, new: bool, resend: bool, count: int, wait: float) -> SendReport:
    manifest = deployed.manifests.get(sample.system)
    if manifest is None:
        raise CommandFailed(
            f"There is no connector {sample.system!r}.",
            then=f"There are: {', '.join(sorted(deployed.manifests))}.",
            code=Exit.USAGE,
        )
    secret = deployed.secret(sample.account)
    till, number = f"send-{(deployed.clock.now() - _EPOCH) // timedelta(milliseconds=1)}", 1
    sent: list[Sent] = []
    for _ in range(count):
        body = sample
        if new:
            body, number = renewed(sample, till, number, deployed.clock.now())
        delivery = deployed.random.token() if resend else body.delivery_id
        called = deployed.api_url.rstrip("/") + body.path
        url = _registered_url(deployed.name, sample.account) or called
        request = signed_request(manifest, secret, body, delivery=delivery, url=url, now=deployed.clock.now())
        headers = {"user-agent": "lockstep-cli", **request.headers}
        status, answer = deployed.post(called, headers, request.body)
        said = _parsed(answer)
        known_as = said.get("delivery", delivery) if isinstance(said, dict) else delivery
        sent.append(Sent(str(known_as or delivery), sample.account, status, said))
    last = sent[-1]
    followed = None
    if wait and last.accepted:
        followed = follow(deployed, f"{last.account}/{last.delivery}", within=wait)
    return SendReport(tuple(sent), followed)


def _registered_url(environment: str, account: str) -> str | None:
    """The address that the vendor has been given for an account, where it is not the one that is called."""
    try:
        known = environments.load(environment).accounts.get(account)
    except EnvironmentInvalid:
        return None  # an environment that this checkout does not describe
    return known.notification_url if known is not None else None


def _events(count: int) -> str:
    return f"{count} {'event' if count == 1 else 'events'}"


def _parsed(answer: bytes) -> Any:
    text = answer.decode(errors="replace")
    try:
        return json.loads(text)
    except ValueError:
        return text


def _show(report: SendReport) -> None:
    console = results()
    shown = table("delivery", "status", "answer")
    for sent in report.sent:
        shown.add_row(
            told(sent.delivery), told(str(sent.status), "green" if sent.accepted else "red"), told(sent.meaning)
        )
    console.print(shown)
    if report.trace is not None:
        console.print()
        show(report.trace, console)
    elif report.sent[-1].accepted:
        last = report.sent[-1]
        notes().print(told(f"follow it with: lockstep trace {last.account}/{last.delivery}", "dim"))
