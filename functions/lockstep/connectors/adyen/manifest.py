"""Declares the Adyen connector."""

from datetime import timedelta

from lockstep.messaging.specs import ConnectorManifest, Evidence, Inbound, Signature

MANIFEST = ConnectorManifest(
    system="adyen",
    title="Adyen",
    proven_against=(
        (Evidence.MACHINE_READABLE_CONTRACT, "Adyen's API description of webhooks: fixtures satisfy its schemas"),
        (Evidence.REAL_MESSAGES, "the examples in that description, and test messages of Adyen's Java SDK"),
        (Evidence.REAL_SOFTWARE, "signature vectors of Adyen's Python SDK"),
    ),
    inbound=Inbound(
        topics=(
            "AUTHORISATION",
            "AUTHORISATION_ADJUSTMENT",
            "PENDING",
            "CAPTURE",
            "CAPTURE_FAILED",
            "CANCELLATION",
            "TECHNICAL_CANCEL",
            "EXPIRE",
            "CANCEL_OR_REFUND",
            "REFUND",
            "REFUND_WITH_DATA",
            "POSTPONED_REFUND",
            "VOID_PENDING_REFUND",
            "REFUND_FAILED",
            "REFUNDED_REVERSED",
            "PAYOUT_THIRDPARTY",
            "PAYOUT_DECLINE",
            "PAYOUT_EXPIRE",
            "PAIDOUT_REVERSED",
            "REQUEST_FOR_INFORMATION",
            "NOTIFICATION_OF_FRAUD",
            "NOTIFICATION_OF_CHARGEBACK",
            "INFORMATION_SUPPLIED",
            "CHARGEBACK",
            "CHARGEBACK_REVERSED",
            "SECOND_CHARGEBACK",
            "ISSUER_COMMENTS",
            "ISSUER_RESPONSE_TIMEFRAME_EXPIRED",
            "DISPUTE_DEFENSE_PERIOD_ENDED",
            "PREARBITRATION_OPEN",
            "PREARBITRATION_DECLINED",
            "PREARBITRATION_ACCEPTED",
            "PREARBITRATION_LOST",
            "PREARBITRATION_WON",
            "PREARBITRATION_ISSUER_WITHDRAWN",
            "SCHEME_ARBITRATION",
            "SCHEME_ARBITRATION_WON",
            "SCHEME_ARBITRATION_LOST",
        ),
        events=("PaymentRecorded", "DisputeReported"),
        signature=Signature(
            scheme="HMAC-SHA256 in base64, key in hex: of each item over eight fields, "
            "or in the header HmacSignature over the body",
            headers=(),
            tolerance=None,
            source="Adyen documentation, verify HMAC signatures; Adyen's SDKs",
        ),
        delivery_id="digest of what the items' signatures cover; of the body where there are no items",
        event_identity="pspReference with kind and status; a dispute's pspReference and event code",
        max_body_bytes=1_000_000,
        answer_within=timedelta(seconds=10),
        rate_per_second=100,
        burst=300,
        redelivery="sent again at once three times, then with growing pauses for up to 30 days; each endpoint has a "
        "queue, which waits for the answer",
    ),
    notes=(
        "Any 2xx is an answer: the text [accepted] that older integrations gave is not asked for any more.",
        "Test and live are two environments with keys of their own: which it is, is a property of the account.",
        "With automatic capture Adyen sends no CAPTURE: what is authorized is then taken.",
        "What the signature does not cover (method, reason, additional data) decides neither amount nor identity.",
    ),
)
