"""Expands EasyPost's deliveries that were accepted whole."""

from lockstep.connectors.easypost.inbound import connector
from lockstep.connectors.easypost.manifest import MANIFEST
from lockstep.runtime.intake import intake_handler

handler = intake_handler(MANIFEST, connector)
