"""Square's units of measurement in UN/ECE Recommendation 20 codes (API reference: `MeasurementUnit`)."""

from typing import Final

from lockstep.connectors.square.answers import QuantityUnit

EACH: Final = "EA"
OTHER: Final = "ZZ"
"""Mutually defined: a unit that the seller named, or one that is new to us."""

CODES: Final = {
    "UNIT": EACH,
    "IMPERIAL_WEIGHT_OUNCE": "ONZ",
    "IMPERIAL_POUND": "LBR",
    "IMPERIAL_STONE": "STI",
    "METRIC_MILLIGRAM": "MGM",
    "METRIC_GRAM": "GRM",
    "METRIC_KILOGRAM": "KGM",
    "GENERIC_FLUID_OUNCE": "OZA",
    "GENERIC_CUP": "G21",
    "GENERIC_PINT": "PTL",
    "GENERIC_QUART": "QTL",
    "GENERIC_GALLON": "GLL",
    "IMPERIAL_CUBIC_INCH": "INQ",
    "IMPERIAL_CUBIC_FOOT": "FTQ",
    "IMPERIAL_CUBIC_YARD": "YDQ",
    "METRIC_MILLILITER": "MLT",
    "METRIC_LITER": "LTR",
    "IMPERIAL_INCH": "INH",
    "IMPERIAL_FOOT": "FOT",
    "IMPERIAL_YARD": "YRD",
    "IMPERIAL_MILE": "SMI",
    "METRIC_MILLIMETER": "MMT",
    "METRIC_CENTIMETER": "CMT",
    "METRIC_METER": "MTR",
    "METRIC_KILOMETER": "KMT",
    "IMPERIAL_ACRE": "ACR",
    "IMPERIAL_SQUARE_INCH": "INK",
    "IMPERIAL_SQUARE_FOOT": "FTK",
    "IMPERIAL_SQUARE_YARD": "YDK",
    "IMPERIAL_SQUARE_MILE": "MIK",
    "METRIC_SQUARE_CENTIMETER": "CMK",
    "METRIC_SQUARE_METER": "MTK",
    "METRIC_SQUARE_KILOMETER": "KMK",
    "GENERIC_MILLISECOND": "C26",
    "GENERIC_SECOND": "SEC",
    "GENERIC_MINUTE": "MIN",
    "GENERIC_HOUR": "HUR",
    "GENERIC_DAY": "DAY",
}
"""Pints, quarts and gallons are those of the United States, where Square's generic volumes come from."""


def unit_code(unit: QuantityUnit | None) -> str:
    """The code of a line's unit; each where there is none."""
    if unit is None or unit.measurement_unit is None:
        return EACH
    measured = unit.measurement_unit
    named = (
        measured.weight_unit
        or measured.volume_unit
        or measured.length_unit
        or measured.area_unit
        or measured.time_unit
        or measured.generic_unit
    )
    return CODES.get(named or "", OTHER)
