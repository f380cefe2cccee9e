"""Reads WooCommerce's lists again: its webhooks are sent once."""

from lockstep.connectors.woocommerce.client import reader
from lockstep.connectors.woocommerce.inbound import connector
from lockstep.connectors.woocommerce.manifest import MANIFEST
from lockstep.runtime.polling import polling_handler

handler = polling_handler(MANIFEST, connector, reader)
