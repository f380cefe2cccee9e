"""The shop's orders: placed, handed over, refunded; each as the vendor writes it in its REST order resource.

Prices are those of the demo retailer, without tax; each tax is rounded on each line.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from itertools import count
from typing import Any, Final

from sandbox.retailer import Product, Retailer
from sandbox.shops.stock import Stock, UnknownThing

GATEWAY: Final = "shopify_payments"
_CENT: Final = Decimal("0.01")
_FIRST: Final = 5_000_000_001
_FIRST_ORDER: Final = 1001

Order = dict[str, Any]


class Orders:
    """Orders of one shop. Safe to use from several threads; each method is one atomic step."""

    def __init__(self, stock: Stock, retailer: Retailer, clock: Callable[[], datetime]) -> None:
        """Args:
        stock: What an order takes from and a refund puts back.
        retailer: Whose prices and taxes the shop has.
        clock: UTC now.
        """
        self._stock = stock
        self._retailer = retailer
        self._clock = clock
        self._lock = threading.Lock()
        self._numbers = count(_FIRST)
        self._order_numbers = count(_FIRST_ORDER)
        self._orders: dict[int, Order] = {}
        self._last = datetime.min.replace(tzinfo=UTC)

    def place(self, lines: Sequence[tuple[str, int]], location: str) -> Order:
        """A customer buys and pays; the shop shows that much less from now on.

        Args:
            lines: SKU and units.
            location: Code of the place that serves the shop.

        Raises:
            UnknownThing: There is no such SKU or place.
            NotEnough: The shop shows fewer; nothing is sold.
        """
        with self._lock:
            for sku, quantity in lines:
                self._stock.sell(sku, location, quantity)
            number, called = next(self._numbers), next(self._order_numbers)
            written = [self._line(sku, quantity) for sku, quantity in lines]
            at = self._now()
            order: Order = {
                "id": number,
                "admin_graphql_api_id": f"gid://shopify/Order/{number}",
                "name": f"#{called}",
                "order_number": called,
                "created_at": at,
                "processed_at": at,
                "updated_at": at,
                "cancelled_at": None,
                "closed_at": None,
                "currency": self._retailer.currency,
                "presentment_currency": self._retailer.currency,
                "taxes_included": False,
                "test": False,
                "confirmed": True,
                "source_name": "web",
                "location_id": None,
                "user_id": None,
                "financial_status": "paid",
                "fulfillment_status": None,
                "payment_gateway_names": [GATEWAY],
                "line_items": written,
                "shipping_lines": [],
                "discount_codes": [],
                "discount_applications": [],
                "fulfillments": [],
                "refunds": [],
                "total_tip_received": "0.00",
            }
            self._orders[number] = order | self._totals(written)
            self._orders[number]["_location"] = location
            return self._shown(number)

    def hand_over(self, number: int) -> Order:
        """Everything of an order leaves.

        Raises:
            UnknownThing: There is no such order.
        """
        with self._lock:
            order = self._known(number)
            for line in order["line_items"]:
                line["fulfillable_quantity"] = 0
                line["fulfillment_status"] = "fulfilled"
            at = self._now()
            order |= {"fulfillment_status": "fulfilled", "closed_at": at, "updated_at": at}
            return self._shown(number)

    def refund(self, number: int, lines: Sequence[tuple[str, int]]) -> tuple[dict[str, Any], Order]:
        """Units of an order come back into stock, and their price goes back; the refund, and the order as it is now.

        Raises:
            UnknownThing: There is no such order, or no such line in it.
        """
        with self._lock:
            order = self._known(number)
            at = self._now()
            refund_id = next(self._numbers)
            refunded = [self._refunded(order, sku, quantity) for sku, quantity in lines]
            amount = sum((Decimal(str(r["subtotal"])) + Decimal(str(r["total_tax"])) for r in refunded), Decimal(0))
            refund = {
                "id": refund_id,
                "admin_graphql_api_id": f"gid://shopify/Refund/{refund_id}",
                "order_id": number,
                "created_at": at,
                "processed_at": at,
                "note": None,
                "restock": True,
                "user_id": None,
                "duties": [],
                "total_duties_set": self._set(Decimal(0)),
                "refund_line_items": refunded,
                "refund_shipping_lines": [],
                "order_adjustments": [],
                "transactions": [self._payback(number, amount, at)],
            }
            for sku, quantity in lines:
                self._stock.put_back(sku, order["_location"], quantity)
            order["refunds"].append(refund)
            left = Decimal(order["current_total_price"]) - amount
            order |= {"updated_at": at, "financial_status": "refunded" if not left else "partially_refunded"}
            order |= self._current(order)
            return deepcopy(refund), self._shown(number)

    def changed(self, since: datetime, until: datetime) -> list[Order]:
        """Orders whose last change lies in a window (`since` in it, `until` not), the oldest change first."""
        with self._lock:
            times = {number: datetime.fromisoformat(order["updated_at"]) for number, order in self._orders.items()}
            inside = sorted((at, number) for number, at in times.items() if since <= at < until)
            return [self._shown(number) for _, number in inside]

    def _known(self, number: int) -> Order:
        if number not in self._orders:
            raise UnknownThing(f"order {number}")
        return self._orders[number]

    def _shown(self, number: int) -> Order:
        return {name: deepcopy(value) for name, value in self._orders[number].items() if not name.startswith("_")}

    def _now(self) -> str:
        """Whole seconds, as the vendor writes them, and never the same twice: what changed has another time."""
        self._last = max(self._clock().replace(microsecond=0), self._last + timedelta(seconds=1))
        return self._last.isoformat()

    def _line(self, sku: str, quantity: int) -> dict[str, Any]:
        product = self._product(sku)
        number = next(self._numbers)
        return {
            "id": number,
            "admin_graphql_api_id": f"gid://shopify/LineItem/{number}",
            "product_id": int(product.gtin[:-1]),
            "variant_id": int(product.gtin),
            "sku": sku,
            "title": product.name,
            "name": product.name,
            "quantity": quantity,
            "current_quantity": quantity,
            "fulfillable_quantity": quantity,
            "fulfillment_status": None,
            "gift_card": False,
            "product_exists": True,
            "requires_shipping": True,
            "taxable": bool(product.taxes),
            "price": str(product.price),
            "price_set": self._set(product.price),
            "total_discount": "0.00",
            "total_discount_set": self._set(Decimal(0)),
            "discount_allocations": [],
            "duties": [],
            "tax_lines": [
                {
                    "title": code,
                    "rate": float(self._retailer.tax(code).rate),
                    "price": str(amount),
                    "price_set": self._set(amount),
                    "channel_liable": False,
                }
                for code, amount in self._taxes(product, quantity).items()
            ],
        }

    def _product(self, sku: str) -> Product:
        try:
            return self._retailer.product(sku)
        except KeyError:
            raise UnknownThing(sku) from None

    def _taxes(self, product: Product, quantity: int) -> Mapping[str, Decimal]:
        rates = {code: self._retailer.tax(code).rate for code in product.taxes}
        return {
            code: (product.price * quantity * rate).quantize(_CENT, rounding=ROUND_HALF_UP)
            for code, rate in rates.items()
        }

    def _refunded(self, order: Order, sku: str, quantity: int) -> dict[str, Any]:
        line = next((line for line in order["line_items"] if line["sku"] == sku), None)
        if line is None or line["current_quantity"] < quantity:
            raise UnknownThing(f"{quantity} x {sku} in order {order['id']}")
        line["current_quantity"] -= quantity
        share = Decimal(quantity) / Decimal(line["quantity"])
        tax = sum(
            ((Decimal(t["price"]) * share).quantize(_CENT, rounding=ROUND_HALF_UP) for t in line["tax_lines"]),
            Decimal(0),
        )
        subtotal = Decimal(line["price"]) * quantity
        number = next(self._numbers)
        return {
            "id": number,
            "line_item_id": line["id"],
            "location_id": None,
            "quantity": quantity,
            "restock_type": "return",
            "subtotal": float(subtotal),
            "subtotal_set": self._set(subtotal),
            "total_tax": float(tax),
            "total_tax_set": self._set(tax),
            "line_item": deepcopy(line),
        }

    def _payback(self, number: int, amount: Decimal, at: str) -> dict[str, Any]:
        return {
            "id": next(self._numbers),
            "order_id": number,
            "kind": "refund",
            "status": "success",
            "gateway": GATEWAY,
            "amount": str(amount),
            "currency": self._retailer.currency,
            "created_at": at,
            "processed_at": at,
            "test": False,
        }

    def _totals(self, lines: Sequence[dict[str, Any]]) -> dict[str, Any]:
        subtotal = sum((Decimal(line["price"]) * line["quantity"] for line in lines), Decimal(0))
        taxes: dict[str, Decimal] = {}
        for tax in (tax for line in lines for tax in line["tax_lines"]):
            taxes[tax["title"]] = taxes.get(tax["title"], Decimal(0)) + Decimal(tax["price"])
        tax = sum(taxes.values(), Decimal(0))
        amounts = {
            "subtotal_price": subtotal,
            "total_line_items_price": subtotal,
            "total_discounts": Decimal(0),
            "total_tax": tax,
            "total_price": subtotal + tax,
        }
        written = {name: str(amount) for name, amount in amounts.items()}
        written |= {f"current_{name}": text for name, text in written.items() if name != "total_line_items_price"}
        sets = {f"{name}_set": self._set(Decimal(text)) for name, text in written.items()}
        rows = [
            {
                "title": code,
                "rate": float(self._retailer.tax(code).rate),
                "price": str(amount),
                "price_set": self._set(amount),
            }
            for code, amount in taxes.items()
        ]
        return {**written, **sets, "total_shipping_price_set": self._set(Decimal(0)), "tax_lines": rows}

    def _current(self, order: Order) -> dict[str, Any]:
        """What is left of an order after its refunds."""
        lines = [line for refund in order["refunds"] for line in refund["refund_line_items"]]
        subtotal = Decimal(order["subtotal_price"]) - sum(
            (Decimal(str(line["subtotal"])) for line in lines), Decimal(0)
        )
        tax = Decimal(order["total_tax"]) - sum((Decimal(str(line["total_tax"])) for line in lines), Decimal(0))
        amounts = {
            "current_subtotal_price": subtotal,
            "current_total_tax": tax,
            "current_total_price": subtotal + tax,
        }
        sets = {f"{name}_set": self._set(amount) for name, amount in amounts.items()}
        return {**{name: str(amount) for name, amount in amounts.items()}, **sets}

    def _set(self, amount: Decimal) -> dict[str, Any]:
        money = {"amount": str(amount), "currency_code": self._retailer.currency}
        return {"shop_money": money, "presentment_money": dict(money)}
