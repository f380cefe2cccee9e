"""Reads at Stripe what its events only name, and expands what is too large for one step."""

from lockstep.connectors.stripe.client import reader
from lockstep.connectors.stripe.inbound import connector
from lockstep.connectors.stripe.manifest import MANIFEST
from lockstep.runtime.intake import intake_handler

handler = intake_handler(MANIFEST, connector, reader)
