"""Reads ShipHero's lists again: it does not promise that its webhooks come."""

from lockstep.connectors.shiphero.client import reader
from lockstep.connectors.shiphero.inbound import connector
from lockstep.connectors.shiphero.manifest import MANIFEST
from lockstep.runtime.polling import polling_handler

handler = polling_handler(MANIFEST, connector, reader)
