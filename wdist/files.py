"""Points read from files: numbers in columns (CSV and its relatives), or NumPy's own format.

Rows are points, columns are coordinates. What is not plain numbers is refused with the place where it stands; pickled
objects are never loaded.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NoReturn

import numpy as np

from .errors import InvalidMeasureError
from .measures import Samples

__all__ = ["read_samples"]

# A first line of such cells is a row of data that cannot be read, like 1,5;2,5 or NA, and no line of names.
_MEANT_AS_NUMBER = re.compile(r"[+-]?[.,]?\d|(n/?a|null|none|[-?.]?)$", re.IGNORECASE)


def read_samples(path: str, weights_column: str | None = None, weights_file: str | None = None) -> Samples:
    """The points of a file, weighted by one of its columns, or by another file.

    Parameters
    ----------
    path : str
        ``.npy`` of shape (n,) or (n, d); ``.npz`` of one array, or of ``points`` and ``weights``; anything else is
        text: a row a line, cells set apart by commas, semicolons, tabs or blanks, perhaps below a line of names. Empty
        lines and what follows a ``#`` count for nothing.
    weights_column : str, optional
        The name of a column, or its number, counted from 1.
    weights_file : str, optional
        A file of one column.

    Raises
    ------
    InvalidMeasureError
        If the file is missing, empty, ragged, or holds anything but finite numbers. The message begins with the path.
    """
    table, names, weights = _table(path)
    if weights_column is not None and weights_file is not None:
        _refuse(path, "weights are asked of a column and of a file: give one of the two")
    if weights is not None and (weights_column or weights_file):
        _refuse(path, "it has weights of its own, and others are asked for: save the points alone, or ask for none")
    if weights_column is not None:
        place = _place(path, weights_column, names, table)
        table, weights = np.delete(table, place, axis=1), table[:, place]
    if weights_file is not None:
        column, _, named = _table(weights_file)
        weights = column if named is None else named
        weights = weights[:, 0] if weights.ndim == 2 and weights.shape[1] == 1 else weights
    try:
        return Samples(table, weights)
    except InvalidMeasureError as error:
        culprit = weights_file if weights_file is not None and str(error).startswith("weights") else path
        raise InvalidMeasureError(f"{culprit}: {error}") from None


def _table(path: str) -> tuple[np.ndarray, list[str], np.ndarray | None]:
    """The numbers of a file, the names of its columns, and weights that it gives by name."""
    try:
        if path.lower().endswith((".npy", ".npz")):
            table, weights = _binary(path)
            return table, [], weights
        text = Path(path).read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        _refuse(path, "there is no such file")
    except IsADirectoryError:
        _refuse(path, "this is a folder: give a file")
    except UnicodeDecodeError:
        _refuse(path, "this is not text: give numbers in columns, or .npy or .npz with that ending")
    except OSError as error:
        _refuse(path, f"it cannot be read ({error.strerror or error})")
    table, names = _columns(path, text)
    return table, names, None


def _binary(path: str) -> tuple[np.ndarray, np.ndarray | None]:
    try:
        with open(path, "rb") as stream:  # which numpy.load would leave open where it fails
            loaded = np.load(stream, allow_pickle=False)
            if isinstance(loaded, np.ndarray):
                return loaded, None
            arrays = {name: loaded[name] for name in loaded.files}
    except OSError:
        raise
    except Exception as error:  # of numpy, zipfile, zlib, tokenize, …: bytes at random reach very many kinds
        if "Object arrays" in str(error):
            _refuse(path, "it holds pickled objects, which may run anything when loaded: save an array of numbers")
        if "pickle" in str(error):
            _refuse(path, "it is no file of NumPy's, or a pickle, which may run anything when loaded: use numpy.save")
        _refuse(path, f"it is no whole file of NumPy's ({error})")
    if "points" in arrays:
        return arrays["points"], arrays.get("weights")
    if len(arrays) != 1:
        _refuse(path, f"it holds the arrays {', '.join(arrays) or '(none)'}: name one of them points, or save only one")
    return next(iter(arrays.values())), None


def _columns(path: str, text: str) -> tuple[np.ndarray, list[str]]:
    """The table of a text, and the names above it."""
    numbered = ((k, line.split("#", 1)[0].strip()) for k, line in enumerate(text.splitlines(), 1))
    lines = [(k, line) for k, line in numbered if line]
    if not lines:
        _refuse(path, "it is empty: a measure needs at least one point")
    separator = next((mark for mark in (";", "\t", ",") if mark in lines[0][1]), None)
    names: list[str] = []
    first = _cells(lines[0][1], separator)
    if not any(map(_is_number, first)) and not all(map(_MEANT_AS_NUMBER.match, first)):
        names, lines = first, lines[1:]
        if "" in names:
            _refuse(path, f"column {names.index('') + 1} has no name; if it numbers the rows, leave it out")
        if not lines:
            _refuse(path, f"below its names ({', '.join(names)}) there are no numbers")
    try:
        rows = [line for _, line in lines]
        table = np.loadtxt(rows, delimiter=separator, ndmin=2, comments=None, quotechar='"')
    except ValueError:
        _explain(path, lines, separator, names)
    if names and len(names) != table.shape[1]:
        _explain(path, lines, separator, names)
    return table, names


def _explain(path: str, lines: list[tuple[int, str]], separator: str | None, names: list[str]) -> NoReturn:
    """Say where the first cell is that is no number, or the first row that is too long or too short."""
    width, above = (len(names), "the names") if names else (len(_cells(lines[0][1], separator)), f"line {lines[0][0]}")
    for k, line in lines:
        cells = _cells(line, separator)
        if len(cells) != width:
            _refuse(
                path, f"line {k} has {len(cells)} cell{'s' * (len(cells) != 1)}, and {above} {width}: fill up or cut"
            )
        for column, cell in enumerate(cells, 1):
            if not _is_number(cell):
                hint = " (write decimals with a point)" if separator == ";" and "," in cell else ""
                _refuse(path, f"line {k}, column {column}: {cell[:40]!r} is no number{hint}")
    _refuse(path, "it cannot be read as numbers in columns")


def _cells(line: str, separator: str | None) -> list[str]:
    return [cell.strip().strip('"') for cell in line.split(separator)]


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return "_" not in cell


def _place(path: str, column: str, names: list[str], table: np.ndarray) -> int:
    width = table.shape[1] if table.ndim == 2 else 1
    if names.count(column) > 1:
        _refuse(path, f"{names.count(column)} of its columns are named {column!r}: say which by its number")
    if column in names:
        place = names.index(column)
    elif column.isdecimal() and 1 <= int(column) <= width:
        place = int(column) - 1
    else:
        known = f" or a name: {', '.join(names)}" if names else ""
        _refuse(path, f"it has no column {column!r} for weights: give a number from 1 to {width}{known}")
    if width == 1:
        _refuse(path, "its only column would be the weights, and no coordinate is left")
    return place


def _refuse(path: str, what: str) -> NoReturn:
    raise InvalidMeasureError(f"{path}: {what}")
