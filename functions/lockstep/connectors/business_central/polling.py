"""Reads Business Central's lists again: a subscription that expires or is deleted sends nothing and says nothing."""

from lockstep.connectors.business_central.client import reader
from lockstep.connectors.business_central.inbound import connector
from lockstep.connectors.business_central.manifest import MANIFEST
from lockstep.runtime.polling import polling_handler

handler = polling_handler(MANIFEST, connector, reader)
