"""Reads BigCommerce's lists again: a hook that was switched off sends nothing."""

from lockstep.connectors.bigcommerce.client import reader
from lockstep.connectors.bigcommerce.inbound import connector
from lockstep.connectors.bigcommerce.manifest import MANIFEST
from lockstep.runtime.polling import polling_handler

handler = polling_handler(MANIFEST, connector, reader)
