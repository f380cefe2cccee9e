"""Reads at BigCommerce what its messages only hint at, and expands what is too large for one step."""

from lockstep.connectors.bigcommerce.client import reader
from lockstep.connectors.bigcommerce.inbound import connector
from lockstep.connectors.bigcommerce.manifest import MANIFEST
from lockstep.runtime.intake import intake_handler

handler = intake_handler(MANIFEST, connector, reader)
