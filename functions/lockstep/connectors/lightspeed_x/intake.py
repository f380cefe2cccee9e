"""Expands deliveries of Lightspeed that were accepted whole."""

from lockstep.connectors.lightspeed_x.client import reader
from lockstep.connectors.lightspeed_x.inbound import connector
from lockstep.connectors.lightspeed_x.manifest import MANIFEST
from lockstep.runtime.intake import intake_handler

handler = intake_handler(MANIFEST, connector, reader)
