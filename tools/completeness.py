"""What a connector's folder still lacks, in words. The contract kit asks this first; so does `tools.new_connector`."""

import importlib
from collections.abc import Iterator

from cli.fixtures import Fixture, FixtureError, fixtures
from cli.payloads import kept_counts
from infra import registry
from lockstep.messaging.conformance import Conformance
from lockstep.messaging.inbound import FETCHED
from lockstep.messaging.specs import ConnectorManifest, Evidence, Inbound
from lockstep.messaging.topics import resources

_WITH_PEOPLE = frozenset({"OrderReported", "CustomerReported", "ShipmentReported"})
"""Events that come of messages in which a vendor names people."""
_SHORTEST_README = 400
COPIED = "_copied_from"
"""In `fixtures/` of a copied folder: the connector that it was copied from."""


def missing(system: str) -> list[str]:
    """What is to be done before the folder is complete; empty when it is."""
    try:
        manifest = registry.manifest(system)
    except registry.RegistryError as error:
        return [str(error)]
    if manifest.inbound is None:
        return []
    return [f"connectors/{system}: {what}" for what in _missing(manifest, manifest.inbound)]


def _missing(manifest: ConnectorManifest, inbound: Inbound) -> Iterator[str]:
    yield from _files(manifest.system, inbound)
    yield from _declarations(manifest, inbound)
    try:
        conformance = registry.conformance(manifest.system)
    except registry.RegistryError:
        yield "conformance.py is missing: write CONFORMANCE with `secrets` and `sign`, as poslog/conformance.py does"
        return
    try:
        found = fixtures(manifest)
    except FixtureError as error:
        yield str(error)
        return
    yield from _fixtures(inbound, found)
    yield from _told(manifest, inbound, conformance, found)
    yield from _copied(manifest, found)


def _files(system: str, inbound: Inbound) -> Iterator[str]:
    folder = registry.folder(system)
    wanted = {
        "README.md": "which file answers what, what to know, how far this is proven",
        "inbound.py": "connector(account) and handler = inbound_handler(MANIFEST, connector)",
        "intake.py": "handler = intake_handler(MANIFEST, connector), with reader where it reads",
    }
    if resources(inbound):
        wanted["client.py"] = "reader(account_name, connection, settings) -> Reader"
    if inbound.polls:
        wanted["polling.py"] = "handler = polling_handler(MANIFEST, connector, reader)"
    if inbound.partner_bus:
        wanted["bus.py"] = "handler = bus_handler(MANIFEST, connector)"
    for name, what in wanted.items():
        if not (folder / name).exists():
            yield f"{name} is missing: {what}"
    readme = folder / "README.md"
    if readme.exists() and len(readme.read_text(encoding="utf-8")) < _SHORTEST_README:
        yield "README.md says too little: which file answers what, what to know, how far this is proven"
    parts = {"inbound": "connector", **({"client": "reader"} if resources(inbound) else {})}
    for module, name in parts.items():
        if (folder / f"{module}.py").exists():
            made = importlib.import_module(f"lockstep.connectors.{system}.{module}")
            if not callable(getattr(made, name, None)):
                yield f"{module}.py holds no {name}()"


def _declarations(manifest: ConnectorManifest, inbound: Inbound) -> Iterator[str]:
    if not inbound.redelivery:
        yield "manifest.py: `redelivery` does not say what the vendor promises when we do not answer"
    if not inbound.delivery_guaranteed and not inbound.polls:
        yield "manifest.py: delivery is not guaranteed and nothing is polled: what webhooks miss would be lost"
    unlisted = [poll.resource for poll in inbound.polls if poll.resource not in inbound.pages]
    if unlisted:
        yield f"manifest.py: polls {', '.join(unlisted)}, of which `pages` says that no list can be read"
    if not manifest.proven_against:
        yield "manifest.py: `proven_against` is empty; if nothing else, say that it is documentation only"
    kept = {*inbound.kept_headers} & {*inbound.signature.headers}
    if kept:
        yield f"manifest.py: {', '.join(sorted(kept))} proves the sender and must not be kept"
    if not inbound.signature.proven and not manifest.notes:
        yield "manifest.py: the signature is not proven, and no note says what could not be confirmed"


def _fixtures(inbound: Inbound, found: list[Fixture]) -> Iterator[str]:
    if not any(fixture.refused for fixture in found):
        yield "fixtures/refused/ is empty: add messages without what money or identity needs"
    for fixture in found:
        if not fixture.golden.exists():
            yield f"{fixture.golden.name} is missing: write it with python -m tools.golden, and read it"
    topics = {fixture.topic for fixture in found if not fixture.refused}
    for topic in (*inbound.topics, *(FETCHED + resource for resource in resources(inbound))):
        if topic not in topics:
            name = topic.replace("/", "-")
            yield f"fixtures/ has no message of {topic}: write {name}--<case>, then python -m tools.golden"
    yield from _golden_halves(inbound, [fixture for fixture in found if fixture.golden.exists()])


def _golden_halves(inbound: Inbound, found: list[Fixture]) -> Iterator[str]:
    expected = {fixture: fixture.expected() for fixture in found}
    seen = {event["type"] for become in expected.values() for event in become.get("events", ())}
    for event in inbound.events:
        if event not in seen:
            yield f"no fixture becomes {event}, which the manifest declares"
    for fixture, become in expected.items():
        if "refused" in become and not fixture.refused:
            yield f"fixtures/{fixture.name} is refused: mend it, or move it to fixtures/refused/"
        if "refused" not in become and fixture.refused:
            yield f"fixtures/{fixture.name} is not refused"


def _told(
    manifest: ConnectorManifest, inbound: Inbound, conformance: Conformance, found: list[Fixture]
) -> Iterator[str]:
    yield from _told_of_messages(inbound, conformance, found)
    if resources(inbound) and not conformance.connection:
        yield "conformance.py: `connection` gives no example of what opens the vendor for reading"
    if resources(inbound) and not conformance.statuses:
        yield "conformance.py: `statuses` lists none of the vendor's documented answers"
    if inbound.signature.proven and not (conformance.vector or conformance.own_vectors):
        yield "conformance.py: the signature is said to be proven, and there is no vector: `vector` or `own_vectors`"
    if (Evidence.REAL_MESSAGES in dict(manifest.proven_against)) and not kept_counts(manifest.system):
        yield "real messages are said to have been tried, and fixtures/_payloads.json does not count them"


def _told_of_messages(inbound: Inbound, conformance: Conformance, found: list[Fixture]) -> Iterator[str]:
    known = {fixture.name for fixture in found}
    for what in ("headers", "required"):
        for name in getattr(conformance, what):
            if name and name not in known:
                yield f"conformance.py: `{what}` names fixtures/{name}, which is not there"
    if conformance.load is not None and not conformance.required:
        yield "conformance.py: `required` says for no fixture which fields it cannot do without"
    if conformance.totals is None and _has_money(found):
        yield "conformance.py: `totals` is missing: what the vendor itself states, read without the translator"
    if _WITH_PEOPLE & {*inbound.events} and not conformance.personal:
        yield "conformance.py: `personal` is empty, and its messages name people: put some into the fixtures"


def _has_money(found: list[Fixture]) -> bool:
    with_totals = {"TransactionClosed", "OrderReported", "RefundReported", "PaymentRecorded", "PayoutReported"}
    return any(
        event["type"] in with_totals
        for fixture in found
        if fixture.golden.exists()
        for event in fixture.expected().get("events", ())
    )


def _copied(manifest: ConnectorManifest, found: list[Fixture]) -> Iterator[str]:
    """What still says what the connector says from which this folder was copied."""
    marker = registry.folder(manifest.system) / "fixtures" / COPIED
    if not marker.exists() or manifest.inbound is None:
        return
    other = registry.manifest(marker.read_text(encoding="utf-8").strip())

    def as_copied(text: str) -> str:
        return text.replace(other.title, manifest.title)

    if other.inbound is not None and as_copied(other.inbound.signature.source) == manifest.inbound.signature.source:
        yield f"manifest.py: `signature.source` is still that of {other.system}: say where this vendor's is described"
    if {as_copied(what) for _, what in other.proven_against} & {what for _, what in manifest.proven_against}:
        yield f"manifest.py: `proven_against` is still that of {other.system}"
    theirs = {fixture.body for fixture in fixtures(other)}
    for fixture in found:
        if fixture.body in theirs:
            yield f"fixtures/{fixture.name} is still the one of {other.system}: put this vendor's in its place"
    yield f"fixtures/{COPIED} is still there: delete it when nothing of {other.system} is left"
