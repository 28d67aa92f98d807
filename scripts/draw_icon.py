"""Draw icon.png, which the bundle shows: a line of events over time, with one that stands out.

usage: python scripts/draw_icon.py [FILE]
"""

import itertools
import math
import struct
import sys
import zlib
from pathlib import Path

SIZE = 512
BACKGROUND, LINE, DOT, ALERT = (13, 17, 23), (88, 166, 255), (240, 246, 252), (247, 129, 102)
POINTS = [(88, 330), (184, 250), (272, 300), (352, 150), (424, 210)]
CORNER = 96

Pixel = tuple[int, int, int, int]


def segment_distance(x: float, y: float, a: tuple[int, int], b: tuple[int, int]) -> float:
    """Return how far a point is from the stretch between two others."""
    dx, dy = b[0] - a[0], b[1] - a[1]
    along = max(0.0, min(1.0, ((x - a[0]) * dx + (y - a[1]) * dy) / (dx * dx + dy * dy)))
    return math.hypot(x - a[0] - along * dx, y - a[1] - along * dy)


def cover(distance: float, radius: float) -> float:
    """Return the share of a pixel that a shape covers, so that edges are smooth."""
    return max(0.0, min(1.0, radius - distance + 0.5))


def pixel(x: int, y: int) -> Pixel:
    """Return colour and opacity of one pixel."""
    middle, reach = SIZE / 2, SIZE / 2 - CORNER
    outside = math.hypot(max(0, abs(x + 0.5 - middle) - reach), max(0, abs(y + 0.5 - middle) - reach))
    colour: tuple[float, ...] = BACKGROUND
    line = min(segment_distance(x, y, a, b) for a, b in itertools.pairwise(POINTS))
    shapes = [(cover(line, 9), LINE)]
    shapes += [(cover(math.hypot(x - px, y - py), 22), DOT) for px, py in POINTS]
    shapes.append((cover(math.hypot(x - POINTS[3][0], y - POINTS[3][1]), 34), ALERT))
    for share, over in shapes:
        colour = tuple(under + (top - under) * share for under, top in zip(colour, over, strict=True))
    red, green, blue = (round(part) for part in colour)
    return red, green, blue, round(255 * cover(outside, CORNER))


def chunk(kind: bytes, data: bytes) -> bytes:
    """Return a part of a PNG file: https://www.w3.org/TR/png-3/#5Chunk-layout"""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png() -> bytes:
    """Return the icon as a PNG file."""
    rows = b"".join(b"\0" + b"".join(bytes(pixel(x, y)) for x in range(SIZE)) for y in range(SIZE))
    header = struct.pack(">IIBBBBB", SIZE, SIZE, 8, 6, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")


if __name__ == "__main__":
    Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parents[1] / "icon.png").write_bytes(png())
