"""Reads at Adobe Commerce what its messages only hint at, and expands what is too large for one step."""

from lockstep.connectors.adobe_commerce.client import reader
from lockstep.connectors.adobe_commerce.inbound import connector
from lockstep.connectors.adobe_commerce.manifest import MANIFEST
from lockstep.runtime.intake import intake_handler

handler = intake_handler(MANIFEST, connector, reader)
