"""Declares the ShipEngine connector."""

from datetime import timedelta

from lockstep.messaging.specs import ConnectorManifest, Evidence, Inbound, Signature

TOLERANCE = timedelta(minutes=5)

MANIFEST = ConnectorManifest(
    system="shipengine",
    title="ShipEngine (ShipStation API)",
    proven_against=(
        (Evidence.MACHINE_READABLE_CONTRACT, "ShipEngine's API description: fixtures satisfy its tracking schema"),
        (Evidence.DOCUMENTATION, "ShipStation's pages on webhooks and their validation"),
    ),
    inbound=Inbound(
        topics=("API_TRACK", "TRACK_EVENT_V2"),
        events=("ShipmentReported",),
        signature=Signature(
            scheme="RSA-SHA256 over timestamp.body, base64, keys by JWKS",
            headers=(
                "x-shipengine-rsa-sha256-key-id",
                "x-shipengine-rsa-sha256-signature",
                "x-shipengine-timestamp",
            ),
            tolerance=TOLERANCE,
            source="ShipStation documentation: webhook validation",
            proven=False,
        ),
        delivery_id="a digest of the body: the vendor gives none",
        event_identity="carrier and tracking number + status, dates and newest scan",
        max_body_bytes=1_000_000,
        answer_within=timedelta(seconds=10),
        rate_per_second=50,
        burst=100,
        redelivery="sent again until it is answered 2xx, for a limited number of times",
    ),
    notes=(
        "Tracking alone: batches, rates, reports, imports and connected carriers are ignored.",
        "No vector of the vendor's confirms what exactly is signed: what does not fit is refused.",
        "The vendor's public keys are kept in the account's secret: a new key has to be put there.",
    ),
)
