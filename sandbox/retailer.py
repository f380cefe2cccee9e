"""The demo retailer: one description that the ERP, the shop, the crosswalk and the scenario all read.

Plain data, no I/O. Prices are without tax, in the retailer's currency; a tax rate of 0.0625 means 6.25 %.
GTINs and GLNs lie in the GS1 prefix 952, which GS1 keeps free for demonstrations and examples.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

STATE_TAX: Final = "STATE"
CITY_TAX: Final = "CITY"
FOOD_TAX: Final = "FOOD"


@dataclass(frozen=True)
class Tax:
    """A tax as one authority levies it; `code` is what the till prints."""

    code: str
    name: str
    rate: Decimal


@dataclass(frozen=True)
class Product:
    """Something sold. `price` is the list price of one unit without tax; a service keeps no stock."""

    sku: str
    gtin: str
    name: str
    price: Decimal
    taxes: tuple[str, ...] = (STATE_TAX, CITY_TAX)
    stocked: bool = True


@dataclass(frozen=True)
class Tender:
    """A means of payment. The ERP allows one cash tender a company.

    `liability`: what it pays with is a debt of the retailer's (stored value, money held for others), so that it is
    booked against a liability and not against a clearing account.
    """

    code: str
    name: str
    cash: bool = False
    liability: bool = False


@dataclass(frozen=True)
class Charge:
    """How the ERP books what is paid for that is not goods: as a product sold, or against a tender's account."""

    kind: str
    """Canonical charge kind."""
    sku: str | None = None
    tender: str | None = None


@dataclass(frozen=True)
class Store:
    """A shop floor with its tills and what lies there when the day begins (units by SKU)."""

    code: str
    gln: str
    name: str
    workstations: tuple[str, ...]
    """Not those of the samples: what is sent beside would stand among the numbers of a till that sells."""
    opening_stock: dict[str, int]


@dataclass(frozen=True)
class Retailer:
    """The whole company."""

    name: str
    currency: str
    taxes: tuple[Tax, ...]
    products: tuple[Product, ...]
    tenders: tuple[Tender, ...]
    charges: tuple[Charge, ...]
    stores: tuple[Store, ...]

    def tax(self, code: str) -> Tax:
        """The tax with this code; raises KeyError if there is none."""
        return {tax.code: tax for tax in self.taxes}[code]

    def product(self, sku: str) -> Product:
        """The product with this SKU; raises KeyError if there is none."""
        return {product.sku: product for product in self.products}[sku]

    def tender(self, code: str) -> Tender:
        """The tender with this code; raises KeyError if there is none."""
        return {tender.code: tender for tender in self.tenders}[code]

    def store(self, code: str) -> Store:
        """The store with this code; raises KeyError if there is none."""
        return {store.code: store for store in self.stores}[code]

    def tax_rate(self, sku: str) -> Decimal:
        """The sum of the rates on a product."""
        return sum((self.tax(code).rate for code in self.product(sku).taxes), Decimal(0))


DOWNTOWN: Final = "101"
HARBOUR: Final = "102"

LAST_UNITS_SKU: Final = "JKT-OILSKIN-M"
"""Exactly two of these are left, all of them at the DOWNTOWN store."""

NEW_ARRIVAL_SKU: Final = "CAP-WOOL-NVY"
"""The ERP knows it, the stores sell it, and nobody has mapped it yet: the crosswalk starts without it."""

RETAILER: Final = Retailer(
    name="Lantern & Loom",
    currency="USD",
    taxes=(
        Tax(STATE_TAX, "State sales tax", Decimal("0.0625")),
        Tax(CITY_TAX, "City sales tax", Decimal("0.0225")),
        Tax(FOOD_TAX, "Food tax, single rate", Decimal("0.03")),
    ),
    products=(
        Product("JKT-OILSKIN-M", "9521000000018", "Oilskin jacket, medium", Decimal("148.00")),
        Product("JKT-OILSKIN-L", "9521000000025", "Oilskin jacket, large", Decimal("148.00")),
        Product("TEE-ORGANIC-S", "9521000000032", "Organic cotton tee, small", Decimal("24.90")),
        Product("TEE-ORGANIC-M", "9521000000049", "Organic cotton tee, medium", Decimal("24.90")),
        Product("SCARF-MERINO", "9521000000056", "Merino scarf", Decimal("39.50")),
        Product("SOCKS-ALPACA", "9521000000063", "Alpaca socks", Decimal("14.25")),
        Product("BLANKET-LAMBS", "9521000000070", "Lambswool blanket", Decimal("89.00")),
        Product("LAMP-STORM", "9521000000087", "Storm lantern", Decimal("54.60")),
        Product("CANDLE-BEESWAX", "9521000000094", "Beeswax candle", Decimal("8.99")),
        Product("MUG-ENAMEL", "9521000000100", "Enamel mug", Decimal("12.75")),
        Product("TEA-SMOKED-100", "9521000000117", "Smoked tea, 100 g", Decimal("9.40"), (FOOD_TAX,)),
        Product("HONEY-HEATHER", "9521000000124", "Heather honey, 340 g", Decimal("7.85"), (FOOD_TAX,)),
        Product("POSTCARD-SET", "9521000000131", "Letterpress postcards, set of 10", Decimal("6.00"), ()),
        Product("CAP-WOOL-NVY", "9521000000148", "Wool cap, navy", Decimal("32.00")),
        Product("BAG-CHARGE", "9521000000155", "Carrier bag charge", Decimal("0.10"), (), stocked=False),
        Product("CASH-ROUNDING", "9521000000162", "Cash rounding", Decimal("0.01"), (), stocked=False),
        Product("SHIPPING", "9521000000179", "Shipping", Decimal("5.00"), (), stocked=False),
    ),
    tenders=(
        Tender("CASH", "Cash", cash=True),
        Tender("CARD", "Card"),
        Tender("GIFT", "Gift card", liability=True),
        Tender("WALLET", "Mobile wallet"),
        Tender("DEPOSIT", "Customer deposit", liability=True),
        Tender("TIPS", "Tips held for staff", liability=True),
        Tender("DONATIONS", "Donations held for charities", liability=True),
        Tender("DUTIES", "Duties held for customs", liability=True),
    ),
    charges=(
        Charge("fee", sku="BAG-CHARGE"),
        Charge("rounding", sku="CASH-ROUNDING"),
        Charge("shipping", sku="SHIPPING"),
        Charge("duty", tender="DUTIES"),
        Charge("gift card", tender="GIFT"),
        Charge("deposit", tender="DEPOSIT"),
        Charge("tip", tender="TIPS"),
        Charge("donation", tender="DONATIONS"),
    ),
    stores=(
        Store(
            code=DOWNTOWN,
            gln="9521000101012",
            name="Downtown",
            workstations=("T1", "T2"),
            opening_stock={
                "JKT-OILSKIN-M": 2,
                "JKT-OILSKIN-L": 9,
                "TEE-ORGANIC-S": 40,
                "TEE-ORGANIC-M": 60,
                "SCARF-MERINO": 35,
                "SOCKS-ALPACA": 120,
                "BLANKET-LAMBS": 18,
                "LAMP-STORM": 25,
                "CANDLE-BEESWAX": 200,
                "MUG-ENAMEL": 80,
                "TEA-SMOKED-100": 90,
                "HONEY-HEATHER": 70,
                "POSTCARD-SET": 150,
                "CAP-WOOL-NVY": 20,
            },
        ),
        Store(
            code=HARBOUR,
            gln="9521000102019",
            name="Harbour",
            workstations=("T1",),
            opening_stock={
                "JKT-OILSKIN-L": 6,
                "TEE-ORGANIC-S": 25,
                "TEE-ORGANIC-M": 30,
                "SCARF-MERINO": 22,
                "SOCKS-ALPACA": 75,
                "BLANKET-LAMBS": 10,
                "LAMP-STORM": 14,
                "CANDLE-BEESWAX": 110,
                "MUG-ENAMEL": 55,
                "TEA-SMOKED-100": 60,
                "HONEY-HEATHER": 45,
                "POSTCARD-SET": 90,
                "CAP-WOOL-NVY": 15,
            },
        ),
    ),
)
