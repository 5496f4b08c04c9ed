"""The command line: ``python -m wdist distance A B --p P [--method M] [--json]``, for people with files."""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Sequence
from typing import Any

from .errors import NotConvergedError, WdistError
from .files import read_samples
from .front import wasserstein
from .measures import Samples
from .projections import sliced
from .result import Result
from .steepest import max_sliced

__all__ = ["main"]

# What the distance is called under a method; under all others it is W_p itself.
_NAMES = {"sliced": "SW", "max_sliced": "max-SW"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a distance and return the exit status: 2 for bad input, 1 for a certificate that stays open."""
    options = _parser().parse_args(arguments)
    try:
        columns = _columns(options.weights_column)
        x = read_samples(options.x, columns[0], options.x_weights)
        y = read_samples(options.y, columns[1], options.y_weights)
        result = _distance(x, y, options)
    except NotConvergedError as error:
        return _fail(error, 1)
    except (WdistError, ValueError, TypeError) as error:
        return _fail(error, 2)
    facts = _facts(result, {"x": (options.x, x), "y": (options.y, y)})
    print(json.dumps(facts) if options.json else _text(facts))
    return 0


def _columns(given: Sequence[str]) -> tuple[str | None, str | None]:
    """The column of weights of either file."""
    if len(given) > 2:
        raise ValueError(f"--weights-column got {len(given)} columns: give one for both files, or one for each")
    first, second = (None if column == "-" else column for column in (given[0], given[-1]))
    return first, second


def _distance(x: Samples, y: Samples, options: argparse.Namespace) -> Result:
    if options.method == "sliced":
        return sliced(x, y, p=options.p, rng=options.seed)
    if options.method == "max_sliced":
        return max_sliced(x, y, p=options.p, rng=options.seed)
    if x.dim != y.dim:
        raise ValueError(
            f"{options.x} lives in dimension {x.dim} and {options.y} in dimension {y.dim}: rows are points, columns "
            "coordinates, and both files need as many of those"
        )
    return wasserstein(x, y, p=options.p, method=options.method, rtol=options.rtol)


def _facts(result: Result, sides: dict[str, tuple[str, Samples]]) -> dict[str, Any]:
    """What JSON can hold of a result: numbers, or words where they are not finite."""
    facts: dict[str, Any] = {"distance": float(result)}
    facts |= {name: getattr(result, name) for name in ("p", "lower", "upper", "kind", "method", "stderr")}
    facts = {k: str(v) if isinstance(v, float) and not math.isfinite(v) else v for k, v in facts.items()}
    for side, (path, samples) in sides.items():
        facts[side] = {"file": path, "points": len(samples), "dimension": samples.dim}
    return facts


def _text(facts: dict[str, Any]) -> str:
    p = f"{facts['p']:g}" if isinstance(facts["p"], float) else facts["p"]
    lines = [
        f"{_NAMES.get(facts['method'], 'W')}_{p} = {facts['distance']!r}",
        f"between {facts['lower']!r} and {facts['upper']!r}",
        f"{facts['kind']}, by method {facts['method']}",
        *(f"{s}: {facts[s]['points']} points in R^{facts[s]['dimension']}, {facts[s]['file']}" for s in ("x", "y")),
    ]
    if facts["stderr"] is not None:
        lines.insert(2, f"standard error {facts['stderr']:.2g}, over directions")
    return "\n".join(lines)


def _fail(error: Exception, status: int) -> int:
    print(f"wdist: {' '.join(str(error).split())}", file=sys.stderr)
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m wdist", description="Wasserstein distances between files.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    distance = commands.add_parser(
        "distance",
        help="the distance between the points of two files",
        description="The Wasserstein distance between the points of two files, with its bracket, kind and method. Rows "
        "are points and columns coordinates; text (CSV with commas, semicolons, tabs or blanks), .npy or .npz.",
    )
    distance.add_argument("x", metavar="A", help="a file of points")
    distance.add_argument("y", metavar="B", help="another")
    distance.add_argument("--p", type=float, required=True, help="the exponent, from 1 to inf")
    distance.add_argument(
        "--method",
        choices=("auto", "1d", "exact", "sliced", "max_sliced"),
        default="auto",
        help="auto: exact, on the line by sorting; sliced, max_sliced: other distances, below it",
    )
    distance.add_argument("--rtol", type=float, default=0.0, help="stop at a bracket as narrow as this, relatively")
    distance.add_argument("--seed", type=int, default=0, help="of the directions of sliced and max_sliced")
    distance.add_argument(
        "--weights-column",
        metavar="C",
        nargs="+",
        default=["-"],
        help="the column of weights, by name or by number from 1: one for both files, or one for each; - for none",
    )
    distance.add_argument("--x-weights", metavar="FILE", help="a file of one weight for each point of A")
    distance.add_argument("--y-weights", metavar="FILE", help="the same for B")
    distance.add_argument("--json", action="store_true", help="print JSON")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
