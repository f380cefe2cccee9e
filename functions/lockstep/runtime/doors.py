"""The one way in: an HTTP API call becomes a verified, translated and accepted delivery, or a clear refusal."""

import base64
import json
from binascii import Error as Base64Error
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from typing import Any
from urllib.parse import parse_qsl

from lockstep.messaging.accept import Acceptor, Receipt, events_of
from lockstep.messaging.errors import (
    ConcurrentUpdate,
    ConfigurationError,
    MessageMalformed,
    PayloadTooLarge,
    SenderError,
    SignatureInvalid,
)
from lockstep.messaging.inbound import UNDECLARED, Answer, Delivery, InboundConnector, Request, Translation
from lockstep.messaging.ports import Clock
from lockstep.messaging.specs import ConnectorManifest
from lockstep.messaging.topics import plain
from lockstep.runtime.aws import DynamoTable, S3Claims
from lockstep.runtime.clients import client
from lockstep.runtime.observability import EmbeddedMetrics, logger
from lockstep.runtime.secrets import Secrets, signing_secrets
from lockstep.runtime.settings import AccountSettings, InboundSettings
from lockstep.runtime.system import SystemClock, SystemRandom

Handler = Callable[[Mapping[str, Any], Any], dict[str, Any]]


class Door:
    """A connector's webhook endpoint."""

    def __init__(
        self,
        manifest: ConnectorManifest,
        connector: Callable[[AccountSettings], InboundConnector],
        *,
        settings: InboundSettings,
        acceptor: Acceptor,
        secrets: Secrets,
        clock: Clock,
        metrics: EmbeddedMetrics,
    ) -> None:
        if manifest.inbound is None:
            raise ValueError(f"{manifest.system} declares nothing inbound")
        self._system = manifest.system
        self._inbound = manifest.inbound
        self._connector = connector
        self._settings = settings
        self._acceptor = acceptor
        self._secrets = secrets
        self._clock = clock
        self._metrics = metrics
        self._log = logger(manifest.system)
        named = manifest.inbound.topics if manifest.inbound.topic_headers else ()
        self._topics = {plain(topic): topic for topic in named}

    def answer(self, call: Mapping[str, Any]) -> dict[str, Any]:
        """Answer one call (HTTP API payload format 2.0). Never raises: a defect is a 500 and an error in the log."""
        account = f"{self._system}.{(call.get('pathParameters') or {}).get('account', '')}"
        try:
            settings = self._settings.accounts.get(account)
            if settings is None:
                return self._response(404, {"error": "there is no such account"})
            return self._accept(account, settings, call)
        except SenderError as error:
            self._metrics.count("DeliveriesRefused", service=account)
            self._log.warning("refused", extra={"account": account, "status": error.status, "reason": str(error)})
            return self._response(error.status, {"error": str(error)})
        except ConcurrentUpdate:
            self._log.warning("gave up against concurrent writers", extra={"account": account})
            return self._response(503, {"error": "busy: send it again"}, {"retry-after": "1"})
        except Exception:  # noqa: BLE001  # the caller is answered, the defect is logged with its trace
            self._log.exception("defect at the door", extra={"account": account})
            return self._response(500, {"error": "internal error: send it again"})
        finally:
            self._metrics.flush()

    def _accept(self, account: str, settings: AccountSettings, call: Mapping[str, Any]) -> dict[str, Any]:
        request = self._request(call, settings)
        connector = self._connector(settings)
        greeting = getattr(connector, "greet", _no_greeting)(request)
        if greeting is not None:
            self._log.info("greeted", extra={"account": account, "status": greeting.status})
            return _told(greeting)
        received_at = self._clock.now()
        delivery_id = self._verify(connector, request, settings.secret)
        taken = self._take(account, connector, delivery_id, request, received_at)
        return self._response(200, {**_body(delivery_id, *taken), **self._inbound.acknowledgement})

    def take_from_bus(self, event: Mapping[str, Any]) -> None:
        """Take a message that came by the vendor's event source on the partner bus, which vouches for its sender.

        Raises:
            ConfigurationError: No account has that event source, or the connector takes nothing from a bus.
            MessageMalformed: It cannot be read.
            ConcurrentUpdate: Others kept writing; nothing was stored.
        """
        source = event.get("source")
        account = next((name for name, one in self._settings.accounts.items() if one.event_source == source), None)
        if source is None or account is None:
            raise ConfigurationError("no account has the event source that this came by")
        connector = self._connector(self._settings.accounts[account])
        unpack = getattr(connector, "unpack", None)
        if unpack is None:
            raise ConfigurationError(f"{self._system} takes nothing from a bus")
        try:
            delivery_id, request = unpack(event)
            self._take(account, connector, delivery_id, request, self._clock.now())
        except SenderError as error:
            self._metrics.count("DeliveriesRefused", service=account)
            self._log.warning("refused", extra={"account": account, "reason": str(error)})
            raise
        finally:
            self._metrics.flush()

    def _take(
        self, account: str, connector: InboundConnector, delivery_id: str, request: Request, received_at: datetime
    ) -> tuple[Receipt, int]:
        """Translate and accept what a proven sender says; how much of it is ignored is told too."""
        topic = self._topic(request)
        if topic is None:
            return self._ignored(account, delivery_id)
        kept = {name: request.headers[name] for name in self._inbound.kept_headers if name in request.headers}
        delivery = Delivery(account, delivery_id, request.body, received_at, topic, kept)
        translation = connector.translate(delivery)
        if _is_undeclared(translation):
            return self._ignored(account, delivery_id)
        spent = self._clock.now() - received_at
        receipt = self._acceptor.accept(
            delivery,
            events_of(delivery, translation),
            within=self._inbound.accepted_within - spent,
            passed_over=translation.passed_over,
        )
        self._log.info(
            "accepted",
            extra={
                "account": account,
                "delivery_id": delivery_id,
                "accepted": len(receipt.accepted),
                "duplicates": len(receipt.duplicates),
                "repeated": receipt.repeated,
                "deferred": receipt.deferred,
                "ignored": list(translation.ignored[:20]),
            },
        )
        return receipt, len(translation.ignored)

    def _topic(self, request: Request) -> str | None:
        """What a header names, as the manifest writes it; empty where the body names it, None where nobody asked.

        Raises:
            MessageMalformed: No header names it.
        """
        if not self._topics:
            return ""
        named = next((request.headers[name] for name in self._inbound.topic_headers if name in request.headers), None)
        if named is None:
            raise MessageMalformed(f"no header names the topic: {', '.join(self._inbound.topic_headers)}")
        return self._topics.get(plain(named))

    def _ignored(self, account: str, delivery_id: str) -> tuple[Receipt, int]:
        """Take what we never asked for without keeping it: a refusal would only make the vendor send it again."""
        self._metrics.count("TopicsIgnored", service=account)
        self._log.info("topic not declared", extra={"account": account, "delivery_id": delivery_id})
        return Receipt((), ()), 1

    def _response(
        self, status: int, body: Mapping[str, Any], headers: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """An answer, with another status where the vendor punishes this one."""
        return _response(self._inbound.answers.get(status, status), body, headers)

    def _request(self, call: Mapping[str, Any], settings: AccountSettings) -> Request:
        text = call.get("body") or ""
        limit = self._inbound.max_body_bytes
        if len(text) > limit * 4 // 3 + 4:
            raise PayloadTooLarge(f"the body is larger than {limit} bytes")
        try:
            body = base64.b64decode(text, validate=True) if call.get("isBase64Encoded") else text.encode()
        except (Base64Error, ValueError) as error:
            raise MessageMalformed("the body is marked as base64 and is none") from error
        if len(body) > limit:
            raise PayloadTooLarge(f"the body is {len(body)} bytes; {limit} are taken")
        context = call.get("requestContext") or {}
        query = call.get("rawQueryString") or ""
        called = f"https://{context.get('domainName', '')}{call.get('rawPath', '')}" + (f"?{query}" if query else "")
        return Request(
            headers={name.lower(): value for name, value in (call.get("headers") or {}).items()},
            body=body,
            url=settings.notification_url or called,
            query=dict(parse_qsl(query, keep_blank_values=True)),
            method=(context.get("http") or {}).get("method", "POST"),
        )

    def _verify(self, connector: InboundConnector, request: Request, secret: str) -> str:
        try:
            return connector.verify(request, signing_secrets(self._secrets.get(secret)), self._clock.now())
        except SignatureInvalid:
            fresh = self._secrets.refreshed(secret)
            if fresh is None:
                raise
            return connector.verify(request, signing_secrets(fresh), self._clock.now())


def inbound_handler(manifest: ConnectorManifest, connector: Callable[[AccountSettings], InboundConnector]) -> Handler:
    """The Lambda handler of a connector's door."""
    door = _door(manifest, connector)

    def handler(event: Mapping[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001
        return door().answer(event)

    return handler


def bus_handler(manifest: ConnectorManifest, connector: Callable[[AccountSettings], InboundConnector]) -> Handler:
    """The Lambda handler of a connector's entry from the cloud's partner bus.

    A queue stands before it: what cannot be taken is seen again, and after its last receive stands in the dead-letter
    queue, from which it is redriven.
    """
    door = _door(manifest, connector)
    log = logger(manifest.system)

    def handler(event: Mapping[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001
        failed = []
        for record in event.get("Records", ()):
            try:
                door().take_from_bus(json.loads(record["body"]))
            except Exception:  # each message stands for itself; its own answer is to be seen again
                log.exception("not taken from the bus", extra={"message_id": record["messageId"]})
                failed.append({"itemIdentifier": record["messageId"]})
        return {"batchItemFailures": failed}

    return handler


def _door(manifest: ConnectorManifest, connector: Callable[[AccountSettings], InboundConnector]) -> Callable[[], Door]:
    """The door of a function, made of its environment at the first call, and kept."""

    @cache
    def made() -> Door:
        settings = InboundSettings.load()
        clock, metrics = SystemClock(), EmbeddedMetrics(settings.environment)
        table = DynamoTable(client("dynamodb"), settings.ledger_table)
        claims = S3Claims(lambda: client("s3"), settings.claims_bucket)
        return Door(
            manifest,
            connector,
            settings=settings,
            acceptor=Acceptor(table, claims, clock, SystemRandom(), metrics),
            secrets=Secrets(client("secretsmanager"), clock),
            clock=clock,
            metrics=metrics,
        )

    return made


def _no_greeting(request: Request) -> Answer | None:  # noqa: ARG001  # a connector's `greet` is asked with it
    return None


def _is_undeclared(translation: Translation) -> bool:
    """Whether its topic, which its body names, is none that is declared."""
    nothing = not (translation.events or translation.notices or translation.passed_over)
    return nothing and any(reason.startswith(UNDECLARED) for reason in translation.ignored)


def _told(answer: Answer) -> dict[str, Any]:
    return {"statusCode": answer.status, "headers": {"content-type": answer.content_type}, "body": answer.body}


def _body(delivery_id: str, receipt: Receipt, ignored: int) -> dict[str, Any]:
    return {
        "delivery": delivery_id,
        "accepted": list(receipt.accepted),
        "duplicates": list(receipt.duplicates),
        "ignored": ignored,
        "repeated": receipt.repeated,
        "deferred": receipt.deferred,
    }


def _response(status: int, body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> dict[str, Any]:
    return {
        "statusCode": status,
        "headers": {"content-type": "application/json", **(headers or {})},
        "body": json.dumps(body, separators=(",", ":")),
    }
