"""Expands deliveries of ShipHero that were accepted whole."""

from lockstep.connectors.shiphero.client import reader
from lockstep.connectors.shiphero.inbound import connector
from lockstep.connectors.shiphero.manifest import MANIFEST
from lockstep.runtime.intake import intake_handler

handler = intake_handler(MANIFEST, connector, reader)
