"""The one way in: an HTTP API call becomes a verified, translated and accepted delivery, or a clear refusal."""

import base64
import json
from binascii import Error as Base64Error
from collections.abc import Callable, Mapping
from typing import Any

from lockstep.messaging.accept import Acceptor, Receipt
from lockstep.messaging.errors import (
    ConcurrentUpdate,
    MessageMalformed,
    PayloadTooLarge,
    SenderError,
    SignatureInvalid,
)
from lockstep.messaging.inbound import Delivery, InboundConnector, Request
from lockstep.messaging.ports import Clock
from lockstep.messaging.specs import ConnectorManifest
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

    def answer(self, call: Mapping[str, Any]) -> dict[str, Any]:
        """Answer one call (HTTP API payload format 2.0). Never raises: a defect is a 500 and an error in the log."""
        account = f"{self._system}.{(call.get('pathParameters') or {}).get('account', '')}"
        try:
            settings = self._settings.accounts.get(account)
            if settings is None:
                return _response(404, {"error": f"there is no account {account!r}"})
            return self._accept(account, settings, call)
        except SenderError as error:
            self._metrics.count("DeliveriesRefused", service=account)
            self._log.warning("refused", extra={"account": account, "status": error.status, "reason": str(error)})
            return _response(error.status, {"error": str(error)})
        except ConcurrentUpdate:
            self._log.warning("gave up against concurrent writers", extra={"account": account})
            return _response(503, {"error": "busy: send it again"}, {"retry-after": "1"})
        except Exception:  # noqa: BLE001  # the caller is answered, the defect is logged with its trace
            self._log.exception("defect at the door", extra={"account": account})
            return _response(500, {"error": "internal error: send it again"})
        finally:
            self._metrics.flush()

    def _accept(self, account: str, settings: AccountSettings, call: Mapping[str, Any]) -> dict[str, Any]:
        request = self._request(call)
        connector = self._connector(settings)
        received_at = self._clock.now()
        delivery_id = self._verify(connector, request, settings.secret)
        delivery = Delivery(account, delivery_id, request.body, received_at)
        translation = connector.translate(delivery)
        spent = self._clock.now() - received_at
        receipt = self._acceptor.accept(
            delivery,
            translation.events,
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
        return _response(200, _body(delivery_id, receipt, len(translation.ignored)))

    def _request(self, call: Mapping[str, Any]) -> Request:
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
        return Request({name.lower(): value for name, value in (call.get("headers") or {}).items()}, body)

    def _verify(self, connector: InboundConnector, request: Request, secret: str) -> str:
        try:
            return connector.verify(request, signing_secrets(self._secrets.get(secret)), self._clock.now())
        except SignatureInvalid:
            fresh = self._secrets.refreshed(secret)
            if fresh is None:
                raise
            return connector.verify(request, signing_secrets(fresh), self._clock.now())


def inbound_handler(manifest: ConnectorManifest, connector: Callable[[AccountSettings], InboundConnector]) -> Handler:
    """The Lambda handler of a connector's door. Everything it needs is made at the first call, and kept."""
    made: list[Door] = []

    def handler(event: Mapping[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001
        if not made:
            settings = InboundSettings.load()
            clock, metrics = SystemClock(), EmbeddedMetrics(settings.environment)
            table = DynamoTable(client("dynamodb"), settings.ledger_table)
            claims = S3Claims(lambda: client("s3"), settings.claims_bucket)
            acceptor = Acceptor(table, claims, clock, SystemRandom(), metrics)
            secrets = Secrets(client("secretsmanager"), clock)
            made.append(
                Door(
                    manifest,
                    connector,
                    settings=settings,
                    acceptor=acceptor,
                    secrets=secrets,
                    clock=clock,
                    metrics=metrics,
                )
            )
        return made[0].answer(event)

    return handler


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
