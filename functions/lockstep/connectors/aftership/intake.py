"""Expands AfterShip's deliveries that were accepted whole."""

from lockstep.connectors.aftership.inbound import connector
from lockstep.connectors.aftership.manifest import MANIFEST
from lockstep.runtime.intake import intake_handler

handler = intake_handler(MANIFEST, connector)
