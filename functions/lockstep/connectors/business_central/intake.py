"""Reads at Business Central what its notifications name, and expands what is too large for one step."""

from lockstep.connectors.business_central.client import reader
from lockstep.connectors.business_central.inbound import connector
from lockstep.connectors.business_central.manifest import MANIFEST
from lockstep.runtime.intake import intake_handler

handler = intake_handler(MANIFEST, connector, reader)
