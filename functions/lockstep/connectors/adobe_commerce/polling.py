"""Reads Commerce's lists again: events are given up after a day."""

from lockstep.connectors.adobe_commerce.client import reader
from lockstep.connectors.adobe_commerce.inbound import connector
from lockstep.connectors.adobe_commerce.manifest import MANIFEST
from lockstep.runtime.polling import polling_handler

handler = polling_handler(MANIFEST, connector, reader)
