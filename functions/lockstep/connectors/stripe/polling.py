"""Reads the list of events again: what a webhook missed is accepted, what it brought is a duplicate."""

from lockstep.connectors.stripe.client import reader
from lockstep.connectors.stripe.inbound import connector
from lockstep.connectors.stripe.manifest import MANIFEST
from lockstep.runtime.polling import polling_handler

handler = polling_handler(MANIFEST, connector, reader)
