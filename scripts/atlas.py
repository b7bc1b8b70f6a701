"""Draw the atlas of the maps anew: site/pictures/atlas.json from Natural Earth's shapes. A command for `make atlas`.

    python -m scripts.atlas FOLDER

FOLDER is the npm package world-atlas, unpacked. Coordinates are written as they stand on the map, in its pixels, so
that a build draws sixty maps without projecting any of them. Exit code 1 if the shapes are not those of the version
named here.
"""

import csv
import hashlib
import json
import math
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import shapely  # type: ignore[import-untyped]
from shapely.affinity import translate  # type: ignore[import-untyped]
from shapely.geometry import (  # type: ignore[import-untyped]
    MultiPolygon,
    Point,
    Polygon,
    box,
    mapping,
    shape,
)
from shapely.geometry.base import BaseGeometry  # type: ignore[import-untyped]
from shapely.ops import unary_union  # type: ignore[import-untyped]

ROOT = Path(__file__).resolve().parent.parent
ATLAS = Path("site/pictures/atlas.json")
PROVENANCE = {
    "name": "Natural Earth 4.1.0, Admin 0 countries, 1:50m (Tuvalu: 1:10m), from the npm package world-atlas",
    "version": "2.0.2",
    "licence": "public domain (Natural Earth); ISC (world-atlas)",
    "url": "https://www.naturalearthdata.com/",
    "changed": (
        "Crimea belongs to Ukraine (A/RES/68/262), the north of Cyprus to Cyprus (S/RES/541 (1983)), the Golan to "
        "the Syrian Arab Republic (S/RES/497 (1981)), Somaliland to Somalia. What has no seat of its own is grey, "
        "which says nothing about its status: Western Sahara whole, to 27 degrees 40 minutes north, as a territory "
        "on the United Nations' list of Non-Self-Governing Territories; Palestine, an observer State, Gaza with it "
        "(A/RES/67/19); Kosovo (S/RES/1244 (1999)) and Taiwan (A/RES/2758 (XXVI)) as the atlas has them, no vote "
        "being cast there; Siachen, since the parties have not agreed on Jammu and Kashmir. Other lines are those "
        "of Natural Earth. Projected (Equal Earth), simplified, without Antarctica; small members are dots, moved "
        "apart where they would overlap."
    ),
    "sha256": {
        "countries-50m.json": "04342cdc1e3016bcd7db1630de95684d67b79fe3c8c460321e87aef469502394",
        "countries-10m.json": "3bc6f1d367a9bcec479841bae0e76092f512838411d0cef124e92eec4db45f79",
    },
}
# What the atlas draws apart and the United Nations does not. The Assembly (68/262) called on all not to recognize a
# change of status of Crimea, the Council (541 (1983)) not to recognize a state in the north of Cyprus; the Council's
# resolutions on Somalia affirm its territorial integrity. Åland, Hong Kong and Macao are parts of members, without a
# standing of their own at the United Nations.
#
# The map shows how members voted, and no more. A shape in which no member's vote is shown is grey, whatever the reason:
# - Western Sahara is on the list of Non-Self-Governing Territories; Natural Earth gives what Morocco holds to Morocco.
# - Palestine is an observer State, which does not vote (A/RES/67/19).
# - Kosovo is under S/RES/1244 (1999), and no member votes in its name.
# - Taiwan has had no seat of its own since A/RES/2758 (XXVI), which leaves the seat to the People's Republic of China.
# - Siachen: maps of the United Nations have a dotted line in Jammu and Kashmir, whose final status the parties have not
#   agreed upon; given to India or to Pakistan, the glacier would take a side.
CRIMEA = Point(34.1, 44.95)
PARTS = {"N. Cyprus": "CYP", "Somaliland": "SOM", "Åland": "FIN", "Hong Kong": "CHN", "Macao": "CHN"}
LEFT_OUT = ("Antarctica",)
# 27 degrees 40 minutes north is the northern boundary of the territory that has been on the list since 1963
# (A/5514, annex III).
SAHARA = box(-20, 20, -8, 27 + 40 / 60)
# The Council (497 (1981)) declared the laws of Israel in the occupied Syrian Golan null and void. The shapes have no
# line
# there but that of 1974; so the Golan is what Israel's shape has east of these corners, which follow the line of June
# 1967
# from Lebanon by the edge of the Hula valley, the Jordan and the Sea of Galilee to the Yarmouk. They need be no
# closer than
# 3 km: that is less than a tenth of the map's pixel.
GOLAN = Polygon(
    [
        (35.62, 33.29),
        (35.66, 33.25),
        (35.645, 33.1),
        (35.625, 33.02),
        (35.62, 32.89),
        (35.65, 32.86),
        (35.655, 32.75),
        (35.66, 32.66),
        (36.1, 32.66),
        (36.1, 33.6),
        (35.8, 33.6),
    ]
)
# Simplified, the Gaza Strip would be Israel's: a shape of two parts that are smaller than what is left out of others.
WHOLE = "Palestine"
# The map is cut in the Bering Strait, so that no country but islands of Alaska has a part on either side.
MERIDIAN, WIDTH, NORTH, SOUTH = 11.0, 900.0, 84.0, -56.0
SIMPLIFIED, SPECK, SMALL = 0.8, 0.6, 7.0
DOT_GAP = 6.4

Shapes = dict[str, BaseGeometry]


def main(arguments: list[str]) -> int:
    """Write the atlas; returns the exit code."""
    folder = Path(arguments[0])
    for name, expected in PROVENANCE["sha256"].items():  # type: ignore[attr-defined]
        if hashlib.sha256((folder / name).read_bytes()).hexdigest() != expected:
            print(f"{name}: not the file of world-atlas {PROVENANCE['version']}", file=sys.stderr)
            return 1
    path = ROOT / "data/un/members.csv"
    with path.open(encoding="utf-8", newline="") as file:
        members = {row["m49"]: row["id"] for row in csv.DictReader(file)}
    atlas = draw(read_shapes(folder, members), set(members.values()))
    (ROOT / ATLAS).write_text(json.dumps(atlas, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")
    print(f"{ATLAS}: {len(atlas['features'])} shapes, {(ROOT / ATLAS).stat().st_size:,} bytes")
    return 0


def read_shapes(folder: Path, members: dict[str, str]) -> Shapes:
    """Shapes in degrees, by member or by a territory's name; `members` is their codes by M49 number."""
    shapes: dict[str, list[BaseGeometry]] = {}
    for number, name, geometry in _countries(folder / "countries-50m.json"):
        if name not in LEFT_OUT:
            shapes.setdefault(PARTS.get(name) or members.get(number or "") or name, []).append(geometry)
    for number, _, geometry in _countries(folder / "countries-10m.json"):
        member = members.get(number or "")
        if member and member not in shapes:
            shapes[member] = [geometry]
    merged = {key: unary_union(parts) for key, parts in sorted(shapes.items())}
    given = give_crimea(merged)
    return give(give(given, "MAR", "W. Sahara", SAHARA), "ISR", "SYR", GOLAN)


def give(shapes: Shapes, holder: str, owner: str, area: Polygon) -> Shapes:
    """The same shapes, with what `holder` has of an area joined to `owner`."""
    part = shapely.intersection(shapes[holder], area)
    rest = shapely.difference(shapes[holder], area)
    return {**shapes, holder: MultiPolygon(_parts(rest)), owner: unary_union([shapes[owner], *_parts(part)])}


def give_crimea(shapes: Shapes) -> Shapes:
    """The same shapes, with the polygon that Simferopol lies in joined to Ukraine; no border line is left between."""
    russia = _parts(shapes["RUS"])
    [crimea] = [part for part in russia if part.contains(CRIMEA)]
    rest = MultiPolygon([part for part in russia if not part.contains(CRIMEA)])
    return {**shapes, "RUS": rest, "UKR": unary_union([shapes["UKR"], crimea])}


def draw(shapes: Shapes, members: set[str]) -> dict[str, Any]:
    """The atlas as it is kept: one shape or dot for each member, shapes for territories that can be seen."""
    projected = {key: _projected(geometry) for key, geometry in shapes.items()}
    simplified = shapely.coverage_simplify(list(projected.values()), SIMPLIFIED)
    drawn = _with_whole(dict(zip(projected, map(_without_specks, simplified), strict=True)), projected)
    largest = {key: max(_parts(projected[key]), key=lambda part: part.area) for key in sorted(projected)}
    small = {key for key in members if largest[key].area < SMALL}
    seen = {key: geometry for key, geometry in drawn.items() if key not in small and not geometry.is_empty}
    features = [_feature(key, geometry, key in members) for key, geometry in seen.items()]
    dots = {key: largest[key].representative_point() for key in sorted(small)}
    features += [_feature(key, dot, True) for key, dot in _apart(dots).items()]
    height = math.ceil(place(MERIDIAN, SOUTH)[1])
    return {"type": "FeatureCollection", "source": PROVENANCE, "width": WIDTH, "height": height, "features": features}


def _with_whole(drawn: Shapes, projected: Shapes) -> Shapes:
    """The same shapes, with one as it was before, which others make room for."""
    if WHOLE not in projected:
        return drawn
    whole = projected[WHOLE]
    room = {key: MultiPolygon(_parts(one.difference(whole))) for key, one in drawn.items() if one.intersects(whole)}
    return {**drawn, **room, WHOLE: whole}


def place(longitude: float, latitude: float) -> tuple[float, float]:
    """Where a place of the world, in degrees, stands on the map, in pixels from its upper left corner."""
    shifted = (longitude - MERIDIAN + 180) % 360 - 180
    x, y = _equal_earth(shifted, latitude)
    scale, top = WIDTH / 2 / _equal_earth(180, 0)[0], _equal_earth(0, NORTH)[1]
    return WIDTH / 2 + x * scale, (top - y) * scale


def _equal_earth(longitude: float, latitude: float) -> tuple[float, float]:
    """The Equal Earth projection of Šavrič, Patterson and Jenny (2018), on a sphere of radius 1."""
    t = math.asin(math.sqrt(3) / 2 * math.sin(math.radians(latitude)))
    slope = 1.340264 - 3 * 0.081106 * t**2 + t**6 * (7 * 0.000893 + 9 * 0.003796 * t**2)
    x = 2 * math.sqrt(3) * math.radians(longitude) * math.cos(t) / (3 * slope)
    return x, t * (1.340264 - 0.081106 * t**2 + t**6 * (0.000893 + 0.003796 * t**2))


def _projected(geometry: BaseGeometry) -> BaseGeometry:
    """A shape in pixels; what lies beyond the cut is moved to the other side and joined there."""
    cut = MERIDIAN - 180
    west = translate(shapely.intersection(geometry, box(cut - 360, -90, cut, 90)), 360)
    middle = shapely.intersection(geometry, box(cut, -90, cut + 360, 90))
    east = translate(shapely.intersection(geometry, box(cut + 360, -90, cut + 720, 90)), -360)
    whole = MultiPolygon(_parts(unary_union([west, middle, east])))
    # A hair inside the map's edge, so that a point on the cut keeps to its side.
    return shapely.transform(whole, lambda points: np.array([place(min(x, cut + 360 - 1e-6), y) for x, y in points]))


def _without_specks(geometry: BaseGeometry) -> BaseGeometry:
    kept = [part for part in _parts(geometry) if part.area >= SPECK]
    return MultiPolygon(
        [Polygon(part.exterior, [hole for hole in part.interiors if Polygon(hole).area >= SPECK]) for part in kept]
    )


def _apart(dots: dict[str, Point]) -> dict[str, Point]:
    """The same dots, pushed from one another until none overlaps."""
    places = {key: [dot.x, dot.y] for key, dot in dots.items()}
    keys = list(places)
    for _ in range(200):
        for i, a in enumerate(keys):
            for b in keys[i + 1 :]:
                dx, dy = places[b][0] - places[a][0], places[b][1] - places[a][1]
                distance = math.hypot(dx, dy)
                if 0 < distance < DOT_GAP:
                    push = (DOT_GAP - distance) / 2 / distance
                    places[a] = [places[a][0] - dx * push, places[a][1] - dy * push]
                    places[b] = [places[b][0] + dx * push, places[b][1] + dy * push]
    return {key: Point(x, y) for key, (x, y) in places.items()}


def _feature(key: str, geometry: BaseGeometry, member: bool) -> dict[str, Any]:
    # set_precision leaves what rounding in floating point would: 0.1 is written as one digit, not as seventeen.
    coarse = shapely.transform(shapely.set_precision(geometry, 0.1), lambda points: points.round(1))
    return {"type": "Feature", "id": key, "properties": {"member": member}, "geometry": mapping(coarse)}


def _parts(geometry: BaseGeometry) -> list[Polygon]:
    parts = getattr(geometry, "geoms", [geometry])
    return [part for part in parts if isinstance(part, Polygon) and not part.is_empty]


def _countries(path: Path) -> list[tuple[str | None, str, BaseGeometry]]:
    """Number, name and shape of each country of a TopoJSON file."""
    topology = json.loads(path.read_text(encoding="utf-8"))
    arcs = [_decoded(arc, **topology["transform"]) for arc in topology["arcs"]]
    countries = topology["objects"]["countries"]["geometries"]
    return [(one.get("id"), one["properties"]["name"], _geometry(one, arcs)) for one in countries if one.get("arcs")]


def _decoded(arc: list[list[int]], scale: list[float], translate: list[float]) -> list[tuple[float, float]]:
    """An arc in degrees, from steps of whole numbers."""
    x = y = 0
    points = []
    for dx, dy in arc:
        x, y = x + dx, y + dy
        points.append((x * scale[0] + translate[0], y * scale[1] + translate[1]))
    return points


def _geometry(one: dict[str, Any], arcs: list[list[tuple[float, float]]]) -> BaseGeometry:
    polygons = one["arcs"] if one["type"] == "MultiPolygon" else [one["arcs"]]
    rings = [[_ring(ring, arcs) for ring in polygon] for polygon in polygons]
    # Quantized islets can have shrunk to a line.
    whole = [[ring for ring in polygon if len(ring) >= 4] for polygon in rings if len(polygon[0]) >= 4]
    return shapely.make_valid(shape({"type": "MultiPolygon", "coordinates": whole}))


def _ring(indexes: list[int], arcs: list[list[tuple[float, float]]]) -> list[tuple[float, float]]:
    points: list[tuple[float, float]] = []
    for index in indexes:
        arc = arcs[index] if index >= 0 else arcs[~index][::-1]
        points += arc[1:] if points else arc
    return _unwrapped(points)


def _unwrapped(ring: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """A ring that goes on beyond 180 degrees where the atlas has it jump to the other side."""
    turns = np.cumsum([0] + [round((a[0] - b[0]) / 360) for a, b in pairwise(ring)])
    longitudes = [x + 360 * float(turn) for (x, _), turn in zip(ring, turns, strict=True)]
    whole = 360.0 if min(longitudes) < -180.001 else 0.0
    return [(x + whole, y) for x, (_, y) in zip(longitudes, ring, strict=True)]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
