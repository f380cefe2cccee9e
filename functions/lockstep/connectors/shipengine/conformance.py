"""What the contract kit, samples and the command line are told of ShipEngine. Not deployed."""

import base64
import json
from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import (
    RSAPrivateKey,
    RSAPrivateNumbers,
    RSAPublicNumbers,
    rsa_crt_dmp1,
    rsa_crt_dmq1,
    rsa_crt_iqmp,
    rsa_recover_prime_factors,
)
from cryptography.hazmat.primitives.hashes import SHA256

from lockstep.connectors.shipengine.verify import KEY_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER
from lockstep.messaging.conformance import Conformance, Contract, Message
from lockstep.messaging.inbound import Request


def sign(message: Message, secret: str) -> Request:
    """The call with which ShipEngine sends a message. The example key sets hold what signs, too."""
    key_id, key = _key(secret)
    timestamp = message.sent_at.strftime("%Y-%m-%dT%H:%M:%SZ")
    signature = key.sign(timestamp.encode() + b"." + message.body, PKCS1v15(), SHA256())
    own = {
        KEY_HEADER: key_id,
        SIGNATURE_HEADER: base64.b64encode(signature).decode(),
        TIMESTAMP_HEADER: timestamp,
    }
    return Request({**message.headers, **own}, message.body, message.url)


@cache
def _key(secret: str) -> tuple[str, RSAPrivateKey]:
    (key,) = json.loads(secret)["keys"]
    e, n, d = (int.from_bytes(base64.urlsafe_b64decode(key[name] + "==")) for name in ("e", "n", "d"))
    p, q = rsa_recover_prime_factors(n, e, d)
    numbers = RSAPrivateNumbers(
        p, q, d, rsa_crt_dmp1(d, p), rsa_crt_dmq1(d, q), rsa_crt_iqmp(p, q), RSAPublicNumbers(e, n)
    )
    return key["kid"], numbers.private_key()


def _key_sets() -> tuple[str, str]:
    """Two key sets made for trying this out: no key of anybody's."""
    first, second = json.loads((Path(__file__).parent / "fixtures" / "_example_keys.json").read_text(encoding="utf-8"))
    return json.dumps(first), json.dumps(second)


CONFORMANCE = Conformance(
    secrets=_key_sets(),
    sign=sign,
    required={"API_TRACK--delivered": ("resource_type", "data.tracking_number")},
    personal=("C. Recipient",),
    contracts=(
        Contract(
            file="shipengine/openapi.yaml",
            schema="/components/schemas/tracking_information",
            fixtures="*",
            at="/data",
        ),
    ),
)
