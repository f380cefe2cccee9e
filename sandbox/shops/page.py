"""What a person sees: the stock table, kept fresh by the page itself."""

from html import escape
from typing import Final

from sandbox.shops.stock import Movement, Stock

_STYLE: Final = """
:root { color-scheme: light dark; --line: #d9dde3; --soft: #6b7480; --ground: #f6f7f9; --card: #fff; --ink: #1d2430;
  --gone: #b42318; --gone-bg: #fdecea; --low: #9a6700; --low-bg: #fff6db; }
@media (prefers-color-scheme: dark) { :root { --line: #323a46; --soft: #98a2b0; --ground: #12161c; --card: #1b212a;
  --ink: #e7ebf0; --gone: #ff9a90; --gone-bg: #45211f; --low: #f5cf6b; --low-bg: #3d3317; } }
* { box-sizing: border-box }
body { margin: 0; background: var(--ground); color: var(--ink); font: 15px/1.45 system-ui, sans-serif }
main { max-width: 60rem; margin: 0 auto; padding: 2rem 1.25rem 4rem }
h1 { font-size: 1.5rem; margin: 0 } h2 { font-size: 1.05rem; margin: 2.25rem 0 .6rem }
p { color: var(--soft); margin: .25rem 0 1.25rem }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; overflow-x: auto }
table { border-collapse: collapse; width: 100% }
th, td { padding: .5rem .9rem; text-align: left; border-bottom: 1px solid var(--line); white-space: nowrap }
tr:last-child td { border-bottom: 0 } th { font-weight: 600; color: var(--soft); font-size: .82rem }
td small { display: block; color: var(--soft) } .n { text-align: right; font-variant-numeric: tabular-nums }
.n span { display: inline-block; min-width: 3rem; padding: .1rem .5rem; border-radius: 6px }
.gone span { background: var(--gone-bg); color: var(--gone); font-weight: 600 }
.low span { background: var(--low-bg); color: var(--low) } .none { color: var(--soft) }
"""
_SCRIPT: Final = """
setInterval(async () => {
  const answer = await fetch(location.href).catch(() => null);
  if (!answer || !answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  document.querySelector("main").replaceWith(fresh.querySelector("main"));
}, 1000);
"""
_LOW: Final = 3
_RECENT: Final = 12


def render(shop: str, stock: Stock) -> str:
    """The page as HTML.

    Args:
        shop: The shop's name.
        stock: What it shows.
    """
    heads = "".join(
        f'<th class="n">{escape(place.name)} ({escape(place.code)})</th>' for place in stock.places.values()
    )
    levels = stock.levels()
    rows = "".join(
        f"<tr><td>{escape(item.name)}<small>{escape(item.sku)}</small></td>"
        + "".join(_cell(levels.get((item.id, place))) for place in stock.places)
        + "</tr>"
        for item in stock.items.values()
    )
    recent = "".join(_movement(movement) for movement in reversed(stock.movements()[-_RECENT:]))
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{escape(shop)}: available online</title><style>{_STYLE}</style></head>
<body><main>
<h1>{escape(shop)}</h1><p>Simulated web shop. What customers can buy right now, by store.</p>
<div class="card"><table><thead><tr><th>Article</th>{heads}</tr></thead><tbody>{rows}</tbody></table></div>
<h2>Last changes</h2>
<div class="card"><table><thead><tr><th>Time (UTC)</th><th>By</th><th>Article</th><th>Store</th>
<th class="n">Change</th></tr></thead>
<tbody>{recent or '<tr><td class="none" colspan="5">Nothing has changed yet.</td></tr>'}</tbody></table></div>
</main><script>{_SCRIPT}</script></body></html>"""


def _cell(available: int | None) -> str:
    if available is None:
        return '<td class="n none"><span>not stocked</span></td>'
    if available <= 0:
        return f'<td class="n gone"><span>{"sold out" if available == 0 else available}</span></td>'
    return f'<td class="n{" low" if available <= _LOW else ""}"><span>{available}</span></td>'


def _movement(movement: Movement) -> str:
    by = {"set": "Lockstep", "sale": "web order"}[movement.cause]
    return "".join(
        f"<tr><td>{escape(movement.at[11:23])}</td><td>{by}</td><td>{escape(change.sku)}</td>"
        f'<td>{escape(change.location)}</td><td class="n">{change.before} &rarr; {change.after}</td></tr>'
        for change in movement.changes
    )
