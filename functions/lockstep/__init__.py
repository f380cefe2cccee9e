"""Lockstep keeps a retailer's tills, shops and ledgers in step."""

import gc
import os

if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:
    # A cold start makes some 110,000 objects that Python's collector watches, and keeps them. Looking through them for
    # garbage every 700 objects took a sixth of its CPU; now it is looked for once after so many that a cold start makes
    # none. Reference counting frees almost everything at once; what only the collector can free then takes some tens
    # of megabytes at most.
    gc.set_threshold(200_000, 10, 10)
