"""Reads the shop's lists again: what a webhook missed is accepted, what it brought is a duplicate."""

from lockstep.connectors.shopify.client import reader
from lockstep.connectors.shopify.inbound import connector
from lockstep.connectors.shopify.manifest import MANIFEST
from lockstep.runtime.polling import polling_handler

handler = polling_handler(MANIFEST, connector, reader)
