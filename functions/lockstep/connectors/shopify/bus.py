"""Takes what the shop delivers by the cloud's partner event bus."""

from lockstep.connectors.shopify.inbound import connector
from lockstep.connectors.shopify.manifest import MANIFEST
from lockstep.runtime.doors import bus_handler

handler = bus_handler(MANIFEST, connector)
