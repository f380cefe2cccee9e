"""Reads at Square what its webhooks only hint at, and expands what is too large for one step."""

from lockstep.connectors.square.client import reader
from lockstep.connectors.square.inbound import connector
from lockstep.connectors.square.manifest import MANIFEST
from lockstep.runtime.intake import intake_handler

handler = intake_handler(MANIFEST, connector, reader)
