"""The shop tells its subscriber what happened: signed, in the background, and again until it is answered."""

import base64
import hashlib
import hmac
import json
import sys
import threading
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sandbox.shops.admin import API_VERSION

_PAUSES: Final = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0)
"""Seconds between attempts; the vendor makes as many in four hours."""
_ANSWER_TIMEOUT: Final = 5.0
_SHOP_DOMAIN: Final = "lantern-and-loom.myshopify.com"


@dataclass(frozen=True, slots=True)
class Subscription:
    """Where messages go, and what they are signed with."""

    url: str
    secret: str


class Webhooks:
    """Sends what happened to whoever subscribed."""

    def __init__(self) -> None:
        self._subscription: Subscription | None = None

    def subscribe(self, url: str, secret: str) -> None:
        """From now on messages go there; to nobody else any more."""
        self._subscription = Subscription(url, secret)

    def send(self, topic: str, resource: Mapping[str, Any]) -> None:
        """Send it without waiting for an answer; nobody is told where nobody subscribed."""
        to = self._subscription
        if to is not None:
            threading.Thread(target=_deliver, args=(to, topic, json.dumps(resource).encode()), daemon=True).start()


def _deliver(to: Subscription, topic: str, body: bytes) -> None:
    digest = hmac.new(to.secret.encode(), body, hashlib.sha256).digest()
    headers = {
        "Content-Type": "application/json",
        "X-Shopify-Topic": topic,
        "X-Shopify-Hmac-Sha256": base64.b64encode(digest).decode(),
        "X-Shopify-Shop-Domain": _SHOP_DOMAIN,
        "X-Shopify-API-Version": API_VERSION,
        "X-Shopify-Webhook-Id": str(uuid.uuid4()),
        "X-Shopify-Event-Id": str(uuid.uuid4()),
    }
    for pause in (*_PAUSES, None):
        request = urllib.request.Request(to.url, data=body, headers=headers)  # noqa: S310  (loopback)
        try:
            with urllib.request.urlopen(request, timeout=_ANSWER_TIMEOUT):  # noqa: S310
                return
        except (urllib.error.URLError, OSError) as error:
            sys.stderr.write(f"webhook {topic}: {error}\n")
            if pause is None:
                return
            time.sleep(pause)
