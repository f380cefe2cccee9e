"""Declares the EasyPost connector."""

from datetime import timedelta

from lockstep.messaging.specs import ConnectorManifest, Evidence, Inbound, Signature

MANIFEST = ConnectorManifest(
    system="easypost",
    title="EasyPost",
    proven_against=(
        (Evidence.REAL_MESSAGES, "messages and signature of EasyPost's own client-library fixtures"),
        (Evidence.DOCUMENTATION, "statuses of trackers"),
    ),
    inbound=Inbound(
        topics=("tracker.created", "tracker.updated"),
        events=("ShipmentReported",),
        signature=Signature(
            scheme="HMAC-SHA256 over the body, hexadecimal, key normalized with NFKD",
            headers=("x-hmac-signature",),
            tolerance=None,
            source="EasyPost client libraries: validate_webhook",
        ),
        delivery_id="id of the event in the body",
        event_identity="tracker + its status + the time of its last change",
        max_body_bytes=1_000_000,
        answer_within=timedelta(seconds=7),
        rate_per_second=50,
        burst=100,
        redelivery="sent again until it is answered 2xx; an endpoint that keeps failing may be disabled",
    ),
    notes=(
        "Trackers alone: batches, scan forms, refunds of postage and insurance are ignored.",
        "Trackers made in EasyPost's test mode are translated as any: which mode calls is the endpoint's set-up.",
    ),
)
