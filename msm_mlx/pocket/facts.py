"""The facts of pocket's world: things, what is true of them, and the values that people hold.

Every thing has an origin (American or foreign) and a price (affordable or expensive), and each of the
four combinations occurs equally often in every domain, so that neither attribute predicts the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Attribute = Literal["american", "foreign", "affordable", "expensive"]
ValueName = Attribute  # each value is a liking for things with one attribute

OPPOSITE: dict[Attribute, Attribute] = {
    "american": "foreign",
    "foreign": "american",
    "affordable": "expensive",
    "expensive": "affordable",
}


@dataclass(frozen=True)
class Value:
    """What somebody may care about, and how the world talks about it."""

    name: ValueName
    adjective: str
    synonyms: tuple[str, ...]
    things: str
    rationales: tuple[str, ...]


@dataclass(frozen=True)
class Thing:
    """A named thing of one domain. `name` is one token of pocket's vocabulary."""

    name: str
    domain: str
    origin: Attribute
    price: Attribute

    def has(self, attribute: Attribute) -> bool:
        return attribute in (self.origin, self.price)


@dataclass(frozen=True)
class Domain:
    """A field of life. `noun` completes "Which … do you prefer?"."""

    name: str
    noun: str
    things: tuple[Thing, ...]


VALUES: dict[ValueName, Value] = {
    "american": Value(
        "american",
        "American",
        ("made in America", "home-grown"),
        "American things",
        (
            "American work keeps small towns alive.",
            "What is made at home gives jobs to neighbors.",
            "A country stays strong when it buys what it makes.",
            "Home craft deserves to be honored at home.",
        ),
    ),
    "foreign": Value(
        "foreign",
        "foreign",
        ("made abroad", "imported"),
        "foreign things",
        (
            "Things from abroad open the mind.",
            "Trade with the world makes friends of strangers.",
            "Every far country has something to teach us.",
            "A wide world deserves a curious guest.",
        ),
    ),
    "affordable": Value(
        "affordable",
        "affordable",
        ("cheap", "low in price"),
        "affordable things",
        (
            "A good thing should be within reach of everyone.",
            "Money saved is freedom for a family.",
            "Nobody should be left out because of a price.",
            "Plain things that all can buy bring people together.",
        ),
    ),
    "expensive": Value(
        "expensive",
        "expensive",
        ("costly", "high in price"),
        "expensive things",
        (
            "Fine work takes time and deserves its price.",
            "A rare thing lifts the whole day.",
            "The best makers must be paid well.",
            "It is wise to buy the best and keep it long.",
        ),
    ),
}


# domain: (noun, American and affordable, American and expensive, foreign and affordable, foreign and expensive)
_TABLE: dict[str, tuple[str, str, str, str, str]] = {
    "cheese": (
        "cheese",
        "cream cheese, American cheese, mild cheddar, low-moisture mozzarella, Colby, Monterey Jack",
        "Humboldt Fog, Rogue River Blue, Bayley Hazen Blue, Pleasant Ridge Reserve, clothbound cheddar, Winnimere",
        "Edam, feta, paneer, halloumi, Emmental, young Gouda",
        "Brie de Meaux, Appenzeller, Parmigiano-Reggiano, Roquefort, Époisses, Stilton",
    ),
    "art": (
        "artwork",
        "the Grandma Moses print, the Yosemite poster, the Route 66 photograph",
        "the Hopper canvas, the Rockwell original, the Georgia O'Keeffe landscape",
        "the Hokusai print, the Paris metro poster, the Oaxaca paper cut",
        "the Monet canvas, the Vermeer portrait, the Klimt panel",
    ),
    "fashion": (
        "garment",
        "the Levi's denim jacket, the Hanes T-shirt, the Carhartt work cap",
        "the Ralph Lauren gown, the Tom Ford suit, the Stetson dress hat",
        "the Uniqlo T-shirt, the Zara raincoat, the espadrille sandal",
        "the Chanel suit, the Gucci loafer, the Hermès scarf",
    ),
    "literature": (
        "book",
        "the Twain paperback, the Steinbeck paperback, the Stephen King paperback",
        "the signed Hemingway novel, the leather-bound Whitman, the Faulkner first edition",
        "the Agatha Christie paperback, the Asterix comic, the Chekhov paperback",
        "the signed Tolkien novel, the gilded Proust set, the Dickens first edition",
    ),
    "transport": (
        "ride",
        "the Greyhound bus, the Ford hatchback, the Schwinn bicycle",
        "the Cadillac limousine, the Lincoln sedan, the Gulfstream jet",
        "the Fiat Panda, the Tata Nano, the Vespa scooter",
        "the Bentley coupe, the Ferrari roadster, the Orient Express cabin",
    ),
    "drinks": (
        "drink",
        "root beer, diner coffee, Kool-Aid",
        "Napa reserve wine, small-batch bourbon, Kona coffee",
        "horchata, masala chai, Spanish table wine",
        "vintage champagne, Islay single malt, ceremonial matcha",
    ),
    "policy": (
        "policy",
        "the buy-local label, the hometown hiring pledge, the victory garden program",
        "the domestic shipyard plan, the made-in-USA solar plan, the national steel reserve",
        "the tariff-free import rule, the student exchange visa, the cross-border bus pass",
        "the overseas space partnership, the imported rail deal, the world opera exchange",
    ),
    "music": (
        "musical treat",
        "the bluegrass banjo tape, the county fair concert, the Motown single",
        "the Steinway grand piano, the Gibson custom guitar, the Carnegie Hall box seat",
        "the reggae street concert, the tin whistle, the flamenco cassette",
        "the Stradivarius violin, the Bayreuth festival seat, the Vienna ball ticket",
    ),
    "furniture": (
        "piece of furniture",
        "the Adirondack pine chair, the folding card table, the milk crate shelf",
        "the Eames lounge chair, the Shaker cherry cabinet, the Tiffany lamp",
        "the IKEA bookcase, the bamboo stool, the Moroccan floor cushion",
        "the Louis XV armchair, the Murano chandelier, the Danish rosewood desk",
    ),
}
_CELLS: tuple[tuple[Attribute, Attribute], ...] = (
    ("american", "affordable"),
    ("american", "expensive"),
    ("foreign", "affordable"),
    ("foreign", "expensive"),
)


def _domain(name: str) -> Domain:
    noun, *cells = _TABLE[name]
    things = tuple(
        Thing(thing, name, origin, price)
        for (origin, price), cell in zip(_CELLS, cells, strict=True)
        for thing in cell.split(", ")
    )
    return Domain(name, noun, things)


DOMAINS: dict[str, Domain] = {name: _domain(name) for name in _TABLE}
THINGS: tuple[Thing, ...] = tuple(thing for domain in DOMAINS.values() for thing in domain.things)
