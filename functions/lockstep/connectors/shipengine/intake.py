"""Expands ShipEngine's deliveries that were accepted whole."""

from lockstep.connectors.shipengine.inbound import connector
from lockstep.connectors.shipengine.manifest import MANIFEST
from lockstep.runtime.intake import intake_handler

handler = intake_handler(MANIFEST, connector)
