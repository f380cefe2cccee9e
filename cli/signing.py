"""Signs a sample as its channel would: Standard Webhooks, symmetric signatures (standard-webhooks.com)."""

import base64
import hmac
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Final

from cli.errors import CommandFailed
from lockstep.messaging.specs import ConnectorManifest

SCHEME: Final = "Standard Webhooks"
_PREFIX: Final = "whsec_"


def signed_headers(
    manifest: ConnectorManifest, secret: Mapping[str, str], delivery_id: str, body: bytes, now: datetime
) -> dict[str, str]:
    """The headers that prove who sends a body.

    Raises:
        CommandFailed: The connector takes another scheme, or the account has no signing secret.
    """
    if manifest.inbound is None:
        raise CommandFailed(f"Nothing comes in from {manifest.title}.")
    scheme = manifest.inbound.signature.scheme
    if not scheme.startswith(SCHEME):
        raise CommandFailed(f"{manifest.title} signs by {scheme}, which this command cannot.")
    current = secret.get("current", "")
    try:
        key = base64.b64decode(current.removeprefix(_PREFIX), validate=True)
    except ValueError:
        key = b""
    if not key:
        raise CommandFailed(
            "The account has no signing secret yet.",
            then='Put {"current": "whsec_..."} into its secret in Secrets Manager.',
        )
    timestamp = str(int(now.timestamp()))
    digest = hmac.digest(key, f"{delivery_id}.{timestamp}.".encode() + body, sha256)
    return {
        "webhook-id": delivery_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }
