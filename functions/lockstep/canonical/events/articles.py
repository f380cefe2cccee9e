"""What is sold, and at which price."""

from typing import Literal

from lockstep.canonical.events.envelope import Snapshot
from lockstep.canonical.product import PriceReport, Product, Promotion
from lockstep.canonical.streams import StreamKind


class ProductReported(Snapshot):
    """A system said how a product is."""

    STREAM_KIND = StreamKind.PRODUCT

    type: Literal["ProductReported"] = "ProductReported"
    data: Product


class PriceReported(Snapshot):
    """A system said what something costs."""

    STREAM_KIND = StreamKind.PRODUCT

    type: Literal["PriceReported"] = "PriceReported"
    data: PriceReport


class PromotionReported(Snapshot):
    """A system said how a promotion is."""

    STREAM_KIND = StreamKind.PRODUCT

    type: Literal["PromotionReported"] = "PromotionReported"
    data: Promotion
