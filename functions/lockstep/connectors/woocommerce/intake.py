"""Reads at WooCommerce what its messages only hint at, and expands what is too large for one step."""

from lockstep.connectors.woocommerce.client import reader
from lockstep.connectors.woocommerce.inbound import connector
from lockstep.connectors.woocommerce.manifest import MANIFEST
from lockstep.runtime.intake import intake_handler

handler = intake_handler(MANIFEST, connector, reader)
