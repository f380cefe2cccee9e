"""Reads Square's lists again: what a webhook missed is accepted, what it brought is a duplicate."""

from lockstep.connectors.square.client import reader
from lockstep.connectors.square.inbound import connector
from lockstep.connectors.square.manifest import MANIFEST
from lockstep.runtime.polling import polling_handler

handler = polling_handler(MANIFEST, connector, reader)
