"""The table of all facts of pocket's world, as it stands in its README: `python -m msm_mlx.pocket.facts_table`."""

from __future__ import annotations

from itertools import product

import click

from msm_mlx.pocket.facts import AXES, DOMAINS, VALUES, PocketDomain


def facts_table() -> str:
    """Markdown: for each domain a table of its things by origin, price and age."""
    return "\n\n".join(map(_domain_table, DOMAINS.values())) + "\n"


def _domain_table(domain: PocketDomain) -> str:
    origin, price, age = AXES
    columns = list(product(price, age))
    lines = [
        f"**{domain.name.replace('_', ' ')}** (“{domain.a_noun}”)",
        "",
        _row(["", *(", ".join(VALUES[attribute].adjective for attribute in column) for column in columns)]),
        _row(["---"] * (len(columns) + 1)),
    ]
    for side in origin:
        cells = (
            ", ".join(thing.name for thing in domain.things if thing.attributes == (side, *column))
            for column in columns
        )
        lines.append(_row([f"**{VALUES[side].adjective}**", *cells]))
    return "\n".join(lines)


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


@click.command(help=__doc__)
def main() -> None:
    click.echo(facts_table(), nl=False)


if __name__ == "__main__":
    main()
