"""Declares the POSLog connector."""

from datetime import timedelta

from lockstep.messaging.specs import ConnectorManifest, Evidence, Inbound, Signature

MANIFEST = ConnectorManifest(
    system="poslog",
    title="POSLog (ARTS / OMG IXRetail)",
    proven_against=(
        (Evidence.REAL_MESSAGES, "POSLog v6 documents of three point-of-sale makers"),
        (Evidence.REAL_SOFTWARE, "signatures made by the Standard Webhooks reference package, and its vector"),
    ),
    inbound=Inbound(
        topics=("POSLog",),
        events=(
            "TransactionClosed",
            "TransactionUnbalanced",
            "TenderControlRecorded",
            "InventoryAdjusted",
            "InventoryLevelReported",
        ),
        signature=Signature(
            scheme="Standard Webhooks v1 (HMAC-SHA256 over id.timestamp.body)",
            headers=("webhook-id", "webhook-timestamp", "webhook-signature"),
            tolerance=timedelta(minutes=5),
            source="Standard Webhooks specification",
        ),
        delivery_id="header webhook-id",
        event_identity="UnitID + WorkstationID + BusinessDayDate + SequenceNumber",
        max_body_bytes=4_000_000,
        answer_within=timedelta(seconds=10),
        rate_per_second=200,
        burst=400,
        redelivery="sends again until it is answered 2xx; how often and how long is the maker's choice",
    ),
    notes=(
        "No official schema was at hand: names and spellings follow documents and published integrations.",
        "Inventory counts and adjustments use element names that could not be confirmed.",
        "Tender control follows ARTS' element names; how vendors write it could not be confirmed on a message.",
        "Times without an offset are taken in the account's zone, UTC unless it says otherwise.",
    ),
)
