"""How much of something there is."""

from decimal import Decimal
from typing import Annotated

from pydantic import Field, PlainSerializer

Quantity = Annotated[
    Decimal,
    Field(allow_inf_nan=False, max_digits=15, decimal_places=4),
    PlainSerializer(lambda value: format(value.normalize(), "f"), return_type=str, when_used="json"),
]
"""Units or a measure; signed where said."""
Percent = Annotated[
    Decimal,
    Field(allow_inf_nan=False, ge=0, le=1000),
    PlainSerializer(lambda value: format(value.normalize(), "f"), return_type=str, when_used="json"),
]
