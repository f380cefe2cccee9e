"""Signs a sample as its channel would, by what the connector's own folder says of it."""

from collections.abc import Mapping
from datetime import datetime

from cli.errors import CommandFailed
from cli.samples import Sample
from infra import registry
from lockstep.messaging.conformance import Message
from lockstep.messaging.inbound import Request
from lockstep.messaging.specs import ConnectorManifest, Inbound
from lockstep.messaging.topics import declared_topic


def signed_request(
    manifest: ConnectorManifest, secret: Mapping[str, str], sample: Sample, *, delivery: str, url: str, now: datetime
) -> Request:
    """The call with which the channel would send a sample.

    Args:
        manifest: Of the connector.
        secret: Of the account.
        sample: What is sent.
        delivery: Id of the delivery, where the scheme names one outside the body.
        url: The address as it is registered with the vendor.
        now: UTC.

    Raises:
        CommandFailed: Nothing comes in from it, the account has no usable signing secret, or the topic is not known.
    """
    if manifest.inbound is None:
        raise CommandFailed(f"Nothing comes in from {manifest.title}.")
    current = secret.get("current", "")
    if not current:
        raise _without_secret(manifest)
    headers = _kept(manifest.inbound, sample)
    topic = _topic(manifest.inbound, headers)
    message = Message(topic=topic, body=sample.body, url=url, delivery=delivery, sent_at=now, headers=headers)
    try:
        return registry.conformance(manifest.system).sign(message, current)
    except ValueError as error:
        raise _without_secret(manifest) from error


def _kept(inbound: Inbound, sample: Sample) -> dict[str, str]:
    """Of a sample's headers those that say what it is."""
    names = {*inbound.topic_headers, *inbound.kept_headers} - {*inbound.signature.headers}
    kept = {name: value for name, value in sample.headers.items() if name in names}
    return {"content-type": sample.content_type, **kept}


def _topic(inbound: Inbound, headers: Mapping[str, str]) -> str:
    if not inbound.topic_headers:
        return inbound.topics[0]
    words = next((headers[name] for name in inbound.topic_headers if name in headers), None)
    if words is None:
        raise CommandFailed(
            "A raw body of this connector does not say what it is about.",
            then=f"Name its topic: --topic {inbound.topics[0]}",
        )
    return declared_topic(inbound, words) or words


def _without_secret(manifest: ConnectorManifest) -> CommandFailed:
    return CommandFailed(
        "The account has no signing secret yet, or it is none.",
        then=f'Put {{"current": "..."}} into its secret in Secrets Manager, as the README of {manifest.system} says.',
    )
