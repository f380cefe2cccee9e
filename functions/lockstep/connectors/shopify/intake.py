"""Reads at the shop what its webhooks only hint at, and expands what is too large for one step."""

from lockstep.connectors.shopify.client import reader
from lockstep.connectors.shopify.inbound import connector
from lockstep.connectors.shopify.manifest import MANIFEST
from lockstep.runtime.intake import intake_handler

handler = intake_handler(MANIFEST, connector, reader)
