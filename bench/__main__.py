"""`make bench`: measure cost and speed against their budgets.

Progress and the table go to the terminal's error stream and output; the last line of the output is one JSON object.
"""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from rich.console import Console

from bench import cold_start, costs, growth, prices, sale, webhook
from bench.figures import Figure, Report
from bench.table import render

BUDGET_WEBHOOK_MS: Final = 1.0
BUDGET_ROUND_TRIPS: Final = 2.0
BUDGET_COLD_START: Final = 1.5
BUDGET_WRITE_UNITS: Final = 50.0
BUDGET_REQUESTS: Final = 22.0
BUDGET_USD_PER_MILLION: Final = 48.0

Progress = Callable[[str], None]


def webhook_figures(progress: Progress) -> list[Figure]:
    """Figure 1, for each inbound connector."""
    figures = []
    for system, manifest in webhook.inbound_connectors().items():
        for number, cost in enumerate(webhook.measure(manifest, progress=progress)):
            note = (
                f"median of {len(cost.seconds)}, nine in ten under {cost.ninth_decile_ms:.2f} ms; "
                "CPU time, which a busy machine lengthens by a fifth"
            )
            key = f"{system}.read" if number else system
            title = f"CPU per webhook, {system}, {cost.sample.what}"
            figures += [
                Figure(f"webhook_cpu_ms.{key}", title, cost.median_ms, "ms", BUDGET_WEBHOOK_MS, note),
                Figure(
                    f"webhook_round_trips.{key}",
                    f"DynamoDB round trips per webhook, {system}, {cost.sample.what}",
                    cost.round_trips,
                    "",
                    BUDGET_ROUND_TRIPS,
                    "counted, the secret being cached",
                ),
            ]
    return figures


def cold_start_figures(progress: Progress) -> list[Figure]:
    """Figure 2, for each inbound connector."""
    figures = []
    progress("building the bundle")
    with cold_start.unpacked_bundle() as bundle:
        for system, manifest in webhook.inbound_connectors().items():
            progress(f"cold starts of {system}, each beside one of boto3")
            starts = cold_start.measure(manifest, bundle)
            low, high = starts.spread
            note = (
                f"{starts.ours_ms:.0f} ms of CPU against {starts.baseline_ms:.0f} ms; median of {len(starts.pairs)} "
                f"pairs, half of them from {low:.2f} to {high:.2f}"
            )
            title = f"cold start, {system} against boto3 with one client"
            figures.append(Figure(f"cold_start_ratio.{system}", title, starts.ratio, "x", BUDGET_COLD_START, note))
    return figures


def sale_figures(run: sale.SaleRun) -> tuple[list[Figure], dict[str, object]]:
    """Figures 3 and 4, and what they are made of."""
    use, asked, fixed, kept = costs.use(run), costs.requests(run), costs.fixed(run), costs.kept(run)
    usd = prices.per_million(use)
    counted = sum(run.counts.write_units.values()) / run.sales
    skus = run.keys_moved * sale.BATCH / run.sales
    figures = [
        Figure(
            "write_units",
            "DynamoDB write units per sale",
            use["write_unit"],
            "",
            BUDGET_WRITE_UNITS,
            f"{costs.BATCHES_NOTE}; {counted:.1f} as counted over {run.sales} sales, {skus:.0f} SKUs a batch",
        ),
        Figure(
            "aws_requests",
            "AWS requests per sale",
            sum(asked.values()),
            "",
            BUDGET_REQUESTS,
            "ours, and those that AWS makes for us and bills",
        ),
        Figure(
            "usd_per_million",
            "list price per million sales",
            sum(usd.values()),
            "USD",
            BUDGET_USD_PER_MILLION,
            f"{prices.REGION}, {prices.DATE}; Lambda's time as it took here, on a laptop and an emulator",
        ),
        Figure(
            "usd_per_month",
            "fixed, one environment",
            sum(fixed.values()),
            "USD/month",
            note="whatever is sold; without KMS requests, archive storage and the API's detailed metrics",
        ),
        Figure(
            "usd_per_month_kept",
            "to keep a million sales",
            sum(kept.values()),
            "USD/month",
            note=f"{run.stored_bytes / run.sales:,.0f} bytes a sale in the ledger, with point-in-time recovery",
        ),
    ]
    counts = costs.spread(run)
    details: dict[str, object] = {
        "write_units_by_item": costs.per_sale(counts.write_units, run),
        "read_units_by_item": costs.per_sale(counts.read_units, run),
        "requests_by_service": asked,
        "requests_by_operation": costs.per_sale(run.counts.requests, run),
        "usd_per_million_by_use": usd,
        "usd_per_month_by_kind": fixed,
        "use_per_sale": use,
        "lambda_ms_per_sale": {
            name: used.seconds * 1000 / run.sales for name, used in run.invocations.items() if used.number
        },
    }
    return figures, details


def measure(*, quick: bool, progress: Progress) -> Report:
    """Measure everything, or with `quick` what needs no local run."""
    figures = [*webhook_figures(progress), *cold_start_figures(progress)]
    details: dict[str, object] = {}
    if not quick:
        found, details = sale_figures(sale.measure(progress=progress))
        figures += found
    return Report(figures, {"prices": {"region": prices.REGION, "date": prices.DATE}, **details})


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the bench; 1 when a budget is broken."""
    parser = argparse.ArgumentParser(
        prog="python -m bench", description="Measure cost and speed against their budgets."
    )
    parser.add_argument("--quick", action="store_true", help="leave out what needs the whole stack up (a minute)")
    parser.add_argument("--growth", action="store_true", help="only what growth costs: a million entries, 10,000 lanes")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the JSON object to a file, too")
    options = parser.parse_args(arguments)
    told = Console(stderr=True)
    with told.status("starting") as status:

        def progress(step: str) -> None:
            if told.is_terminal:
                status.update(step)
            else:
                told.print(f"  {step}", highlight=False)

        if options.growth:
            report = Report(growth.figures(progress=progress))
        else:
            report = measure(quick=options.quick, progress=progress)
    Console(width=None if sys.stdout.isatty() else 160).print(render(report))
    text = json.dumps(report.to_json())
    if options.json:
        options.json.write_text(text + "\n", encoding="utf-8")
    print(text)  # noqa: T201  # the last line, for scripts
    return 0 if report.ok else 1


if __name__ == "__main__":
    sys.exit(main())
