"""Declares the AfterShip connector."""

from datetime import timedelta

from lockstep.messaging.specs import ConnectorManifest, Evidence, Inbound, Signature

MANIFEST = ConnectorManifest(
    system="aftership",
    title="AfterShip Tracking",
    proven_against=((Evidence.DOCUMENTATION, "AfterShip's webhook specification and tracking model"),),
    inbound=Inbound(
        topics=("tracking_update", "edd_revise", "tracking_pending_time"),
        events=("ShipmentReported",),
        signature=Signature(
            scheme="HMAC-SHA256 over the body, base64",
            headers=("aftership-hmac-sha256",),
            tolerance=None,
            source="AfterShip documentation: webhook signature",
        ),
        delivery_id="event_id of the body",
        event_identity="tracking + its tag + the time of its last change + the time it is estimated for",
        max_body_bytes=1_000_000,
        answer_within=timedelta(seconds=10),
        rate_per_second=50,
        burst=100,
        redelivery="sent again up to 14 times with growing pauses until it is answered 2xx",
    ),
    notes=(
        "Tracking alone: the webhooks of AfterShip's Shipping and Returns products carry other signature headers.",
        "Times of carriers without an offset are taken in the account's zone.",
    ),
)
