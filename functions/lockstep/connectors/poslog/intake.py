"""Expands POSLog documents that carry more transactions than one step accepts."""

from lockstep.connectors.poslog.inbound import connector
from lockstep.connectors.poslog.manifest import MANIFEST
from lockstep.runtime.intake import intake_handler

handler = intake_handler(MANIFEST, connector)
