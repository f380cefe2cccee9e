"""Expands messages of Adyen's that carry more items than one step accepts."""

from lockstep.connectors.adyen.inbound import connector
from lockstep.connectors.adyen.manifest import MANIFEST
from lockstep.runtime.intake import intake_handler

handler = intake_handler(MANIFEST, connector)
