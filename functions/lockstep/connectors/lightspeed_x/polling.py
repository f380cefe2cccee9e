"""Reads Lightspeed's lists again: it does not promise that its webhooks come."""

from lockstep.connectors.lightspeed_x.client import reader
from lockstep.connectors.lightspeed_x.inbound import connector
from lockstep.connectors.lightspeed_x.manifest import MANIFEST
from lockstep.runtime.polling import polling_handler

handler = polling_handler(MANIFEST, connector, reader)
