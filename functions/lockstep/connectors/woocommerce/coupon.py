"""Coupons, which are promotions with a code."""

from decimal import Decimal
from typing import Final

from lockstep.canonical.identifiers import ItemReference
from lockstep.canonical.money import Money
from lockstep.canonical.product import Promotion, PromotionKind
from lockstep.connectors.woocommerce import models
from lockstep.connectors.woocommerce.shop import Shop
from lockstep.connectors.woocommerce.values import moment, optional_moment
from lockstep.messaging.inbound import Delivery, Translation, event_of
from lockstep.messaging.lenient import code
from lockstep.messaging.loosely_typed import record_id, stamp
from lockstep.messaging.versions import state_of

_KINDS: Final = {
    "percent": PromotionKind.PERCENT_OFF,
    "percent_product": PromotionKind.PERCENT_OFF,
    "fixed_cart": PromotionKind.AMOUNT_OFF,
    "fixed_product": PromotionKind.AMOUNT_OFF_EACH,
}
"""`discount_type`; `percent_product` is of versions before 3. Extensions bring others."""
_ACTIVE: Final = frozenset({"publish", ""})
"""Versions that write no status write published coupons only."""
_HIGHEST_PERCENT: Final = 1000


def translate_coupon(coupon: models.Coupon, delivery: Delivery, shop: Shop) -> Translation:
    """A coupon's event.

    Raises:
        MessageMalformed: Identity is missing; names the field.
    """
    changed_at = moment(
        coupon.date_modified_gmt or coupon.date_created_gmt,
        coupon.date_modified or coupon.date_created,
        shop.zone,
        "date_modified",
    )
    kind = _KINDS.get(coupon.discount_type, PromotionKind.OTHER)
    value = coupon.amount or Decimal(0)
    if coupon.free_shipping and not value:
        kind = PromotionKind.FREE_SHIPPING
    if kind is PromotionKind.PERCENT_OFF and not 0 <= value <= _HIGHEST_PERCENT:
        kind = PromotionKind.OTHER
    ignored: list[str] = []
    takes_off = kind in (PromotionKind.AMOUNT_OFF, PromotionKind.AMOUNT_OFF_EACH)
    data = Promotion(
        id=coupon.id,
        version=f"{stamp(changed_at)}/{state_of(coupon)}",
        is_active=coupon.status in _ACTIVE,
        is_deleted=coupon.status == "trash",
        kind=kind,
        code=code(coupon.code),
        percent=value if kind is PromotionKind.PERCENT_OFF else None,
        amount=_money(value, shop, "amount", ignored) if takes_off else None,
        minimum_total=_money(coupon.minimum_amount, shop, "minimum_amount", ignored) if coupon.minimum_amount else None,
        items=tuple(ItemReference(value=f"product/{id_}") for id_ in map(record_id, coupon.product_ids) if id_),
        usage_limit=_count(coupon.usage_limit),
        used=_count(coupon.usage_count),
        valid_until=optional_moment(coupon.date_expires_gmt, coupon.date_expires, shop.zone, "date_expires"),
        changed_at=changed_at,
    )
    event = event_of(data, delivery)
    return Translation((event,), ignored=tuple(ignored))


def _money(value: Decimal | None, shop: Shop, name: str, ignored: list[str]) -> Money | None:
    if value is None:
        return None
    if shop.currency is None:
        ignored.append(f"{name}: the account names no currency")
        return None
    try:
        return Money(amount=value, currency=shop.currency)
    except ValueError:
        ignored.append(f"{name}: finer than the currency's minor unit")
        return None


def _count(value: Decimal | None) -> int | None:
    return int(value) if value is not None and value >= 0 else None
