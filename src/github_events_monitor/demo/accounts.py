"""Who is in the invented project, and what they work on: data alone."""

from typing import NamedTuple

OWNER = "example-harbour"


class Account(NamedTuple):
    """Somebody who takes part. kind: GitHub's kind of account."""

    login: str
    name: str
    kind: str = "User"

    @property
    def email(self) -> str:
        """Return an address at a domain that is nobody's: https://www.rfc-editor.org/rfc/rfc2606"""
        return f"{self.login.removesuffix('[bot]').lower()}@harbour.example"


MIRA = Account("mira-saltmarsh", "Mira Saltmarsh")
JONAS = Account("jonas-tidewell", "Jonas Tidewell")
AMARA = Account("amara-driftwood", "Amara Driftwood")
TEO = Account("teo-moorings", "Teo Moorings")
SOL = Account("sol-gangway", "Sol Gangway")
LIN = Account("lin-foghorn", "Lin Foghorn")
PILOT = Account("harbour-bot[bot]", "harbour-bot[bot]", "Bot")
ASSISTANT = Account("Copilot", "Copilot", "Bot")

MAINTAINERS = (MIRA, JONAS, AMARA, TEO)
VISITORS = tuple(
    Account(f"{word}-{thing}-keeper", f"{word.title()} {thing.title()}")
    for word in ("amber", "briny", "calm", "dusky", "early", "foggy")
    for thing in ("buoy", "gull", "kelp", "skiff")
)
"""People who report and star, and do not commit."""


class Area(NamedTuple):
    """A part of a repository: the scope in messages, its files, and what is changed there."""

    scope: str
    files: tuple[str, ...]
    changes: tuple[str, ...]
    troubles: tuple[str, ...]


WHEREABOUTS = (
    "",
    " in winter",
    " up north",
    " at dusk",
    " on old lamps",
    " at sea",
    " on restart",
    " in port",
    " abroad",
)
"""What tells apart two changes that are alike."""

LIGHTHOUSE = (
    Area(
        "beam",
        ("src/lighthouse/beam.py", "src/lighthouse/rotation.py", "tests/test_beam.py"),
        (
            "feat(beam): dim the lamp by the moon's phase",
            "fix(beam): keep turning when the clock jumps back",
            "perf(beam): compute the sweep once a minute",
            "refactor(beam): split rotation from brightness",
            "feat(beam): remember the last position over a restart",
            "fix(beam): no flicker when two sweeps overlap",
            "feat(beam): show how far the light reaches",
            "test(beam): a whole year of nights",
            "fix(beam): start from the last angle",
        ),
        (
            "The beam stutters",
            "Lamp stays dim",
            "Sweep is one degree off",
            "Rotation stops for a second",
            "Lamp hums",
        ),
    ),
    Area(
        "signals",
        ("src/lighthouse/signals.py", "src/lighthouse/morse.py", "tests/test_signals.py"),
        (
            "feat(signals): answer ships in their own cadence",
            "fix(signals): a letter after a pause is not two letters",
            "test(signals): replay a night of real traffic",
            "refactor(signals): one table for all alphabets",
            "feat(signals): log what could not be read",
            "fix(signals): greet a ship once",
            "feat(signals): answer in the ship's own speed",
        ),
        (
            "Signals of short ships are lost",
            "Morse for digits is swapped",
            "Please support flag signals",
            "A greeting comes twice",
        ),
    ),
    Area(
        "weather",
        ("src/lighthouse/weather.py", "src/lighthouse/forecast.py", "tests/test_weather.py"),
        (
            "feat(weather): warn an hour before the fog",
            "fix(weather): a missing station is unknown, not calm",
            "perf(weather): read stations side by side",
            "fix(weather): round wind the way sailors do",
            "feat(weather): show the tide beside the wind",
            "test(weather): storms of the last ten years",
            "fix(weather): say how old a forecast is",
        ),
        (
            "Fog warning comes after the fog",
            "Wind of zero is shown",
            "Forecast page is slow",
            "Tide is an hour late",
        ),
    ),
    Area(
        "docs",
        ("docs/keepers-guide.md", "docs/operations.md", "README.md"),
        (
            "docs: how to read the log of a night",
            "docs: a page for new keepers",
            "docs(operations): what to do when the lamp is out",
            "docs: words that keepers use",
            "docs: one page on colours",
        ),
        ("The guide does not say how to reset", "Broken link in the operations page"),
    ),
)

FOGHORN = (
    Area(
        "horn",
        ("src/horn.c", "src/horn.h", "tests/horn_test.c"),
        (
            "horn: one blast less in the harbour",
            "horn: fix a hiss below ten degrees",
            "horn: measure pressure before the first blast",
            "horn: let keepers choose the pitch",
            "horn: count the blasts of a night",
            "horn: test every valve at start",
        ),
        ("Horn sounds twice in light fog", "Pressure is read in the wrong unit"),
    ),
    Area(
        "build",
        ("CMakeLists.txt", "docs/building.md"),
        (
            "build: one preset for every harbour",
            "build: warnings are errors in tests",
            "docs: building without a tower",
            "build: install where systems expect it",
        ),
        ("Does not build with the new compiler",),
    ),
)

TIDE_TABLES = (
    Area(
        "tables",
        ("data/north.csv", "data/south.csv", "tools/check.py"),
        ("tables: the spring of the northern harbours", "tables: correct the neap of March", "check: refuse gaps"),
        ("High water of the south is a day late",),
    ),
)
