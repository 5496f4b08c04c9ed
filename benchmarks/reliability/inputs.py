"""What is done to a good argument, and what has to come of it: a named error, or the same number."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from .row import Due, Kind

__all__ = ["INPUTS", "Input"]


@dataclass(frozen=True, slots=True)
class Input:
    """One column of the matrix.

    Attributes
    ----------
    name : str
    where : str
        What is spoilt: the first measure's points or weights, or a setting of this kind.
    due : {"error", "same", "scaled"}
        An error that names the argument, the number of the untouched input, or that number times ``scale``.
    spoil : callable
        The good array, float64, to what is given instead.
    scale : float
    both : bool
        Whether the other measure's points go the same way.
    base : callable
        What is done to the good array first, and to that of the number that is due: for a type that holds few numbers.
    """

    name: str
    where: Kind
    due: Due
    spoil: Callable[[Any], Any]
    scale: float = 1.0
    both: bool = False
    base: Callable[[np.ndarray], np.ndarray] = lambda x: x


def _with(value: float) -> Callable[[np.ndarray], np.ndarray]:
    def spoil(x: np.ndarray) -> np.ndarray:
        x = x.copy()
        x.flat[1] = value
        return x

    return spoil


def _masked(x: np.ndarray) -> Any:
    mask = np.zeros(x.shape, dtype=bool)
    mask.flat[0] = True
    return np.ma.masked_array(x, mask)


def _read_only(x: np.ndarray) -> np.ndarray:
    x = x.copy()
    x.flags.writeable = False
    return x


def _strided(x: np.ndarray) -> np.ndarray:
    wide = np.full((*(2 * n for n in x.shape),), np.nan)
    view = wide[tuple(slice(None, None, 2) for _ in x.shape)]
    view[...] = x
    return view


def _reversed(x: np.ndarray) -> np.ndarray:
    return x[::-1].copy()[::-1]


def _tensor(dtype: str, change: Callable[[Any], Any] = lambda t: t) -> Callable[[np.ndarray], Any]:
    def spoil(x: np.ndarray) -> Any:
        import torch

        return change(torch.as_tensor(x.copy()).to(getattr(torch, dtype)))

    return spoil


def _ragged(x: np.ndarray) -> Any:
    return [[1.0, 2.0], [3.0]]


def _as(dtype: Any) -> Callable[[np.ndarray], np.ndarray]:
    return lambda x: x.astype(dtype)


def _structured(x: np.ndarray) -> np.ndarray:
    return np.array([(v, 1) for v in x.ravel()], dtype=[("x", float), ("n", int)])


def _sparse(x: np.ndarray) -> Any:
    return sparse.csr_array(np.atleast_2d(x))


def _odd(x: np.ndarray) -> np.ndarray:
    return x % 2


class _Frame:
    """Something that is no array and can be made one, as a table of another library."""

    def __init__(self, x: np.ndarray):
        self.x = x

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return self.x.astype(dtype or float)


FLOATS = (("NaN", np.nan), ("+inf", np.inf), ("-inf", -np.inf))

BAD_POINTS = [
    *(Input(name, "points", "error", _with(v)) for name, v in FLOATS),
    Input("empty", "points", "error", lambda x: x[:0]),
    Input("0-d", "points", "error", lambda x: x.flat[0]),
    Input("None", "points", "error", lambda x: None),
    Input("four axes", "points", "error", lambda x: x.reshape((1, 1, *x.shape, 1))[..., None]),
    Input("a dimension more", "points", "error", lambda x: np.column_stack([x, x])),
    Input("complex", "points", "error", lambda x: x + 1j),
    Input("objects", "points", "error", _as(object)),
    Input("strings", "points", "error", _as(str)),
    Input("bytes", "points", "error", lambda x: x.astype(str).astype("S")),
    Input("dates", "points", "error", lambda x: x.astype("datetime64[s]")),
    Input("durations", "points", "error", lambda x: x.astype("timedelta64[s]")),
    Input("structured", "points", "error", _structured),
    Input("ragged", "points", "error", _ragged),
    Input("masked entry", "points", "error", _masked),
    Input("a string", "points", "error", lambda x: "points.npy"),
    Input("a dict", "points", "error", lambda x: {"x": x}),
    Input("a set", "points", "error", lambda x: set(x.ravel().tolist())),
    Input("sparse matrix", "points", "error", _sparse),
    Input("integers beyond 2^53", "points", "error", lambda x: x.astype(np.int64) + (2**60 + 1)),
    Input("a tensor with NaN", "points", "error", _tensor("float64", lambda t: t + float("nan"))),
    Input("empty tensor", "points", "error", _tensor("float64", lambda t: t[:0])),
    Input("complex tensor", "points", "error", _tensor("complex128")),
    Input("sparse tensor", "points", "error", _tensor("float64", lambda t: t.to_sparse())),
    Input("meta tensor", "points", "error", _tensor("float64", lambda t: t.to("meta"))),
]

GOOD_POINTS = [
    Input("integers", "points", "same", _as(np.int64)),
    Input("unsigned bytes", "points", "same", _as(np.uint8)),
    Input("booleans", "points", "same", _as(bool), base=_odd),
    Input("lists", "points", "same", lambda x: x.tolist()),
    Input("float32", "points", "same", _as(np.float32)),
    Input("float16", "points", "same", _as(np.float16)),
    Input("long double", "points", "same", _as(np.longdouble)),
    Input("big-endian", "points", "same", _as(">f8")),
    Input("masked array, nothing masked", "points", "same", lambda x: np.ma.masked_array(x)),
    Input("read-only", "points", "same", _read_only),
    Input("every other element", "points", "same", _strided),
    Input("negative strides", "points", "same", _reversed),
    Input("Fortran order", "points", "same", np.asfortranarray),
    Input("a buffer", "points", "same", lambda x: memoryview(x.copy().data)),
    Input("an object with __array__", "points", "same", _Frame),
    Input("list of tensors", "points", "same", _tensor("float64", list)),
    Input("tensor beside array", "points", "same", _tensor("float64")),
    Input("float32 tensor", "points", "same", _tensor("float32")),
    Input("float32 tensors, both", "points", "same", _tensor("float32"), both=True),
    Input("float16 tensor", "points", "same", _tensor("float16")),
    Input("bfloat16 tensor", "points", "same", _tensor("bfloat16")),
    Input("integer tensor", "points", "same", _tensor("int64")),
    Input("boolean tensor", "points", "same", _tensor("bool"), base=_odd),
    Input("tensor that requires grad", "points", "same", _tensor("float64", lambda t: t.requires_grad_())),
    Input("times 1e150", "points", "scaled", lambda x: x * 1e150, 1e150, both=True),
    Input("times 1e-150", "points", "scaled", lambda x: x * 1e-150, 1e-150, both=True),
    Input("times 1e300", "points", "scaled", lambda x: x * 1e300, 1e300, both=True),
    Input("times 1e-290", "points", "scaled", lambda x: x * 1e-290, 1e-290, both=True),
    Input("plus 1e8", "points", "same", lambda x: x + 1e8, both=True),
]

WEIGHTS = [
    Input("NaN weight", "weights", "error", _with(np.nan)),
    Input("infinite weight", "weights", "error", _with(np.inf)),
    Input("negative weight", "weights", "error", _with(-0.25)),
    Input("weights all 0", "weights", "error", np.zeros_like),
    Input("a weight too few", "weights", "error", lambda w: w[:-1]),
    Input("weights of two axes", "weights", "error", lambda w: w[:, None, None]),
    Input("complex weights", "weights", "error", lambda w: w + 0j),
    Input("text weights", "weights", "error", _as(str)),
    Input("object weights", "weights", "error", _as(object)),
    Input("masked weight", "weights", "error", _masked),
    Input("one scalar weight", "weights", "error", lambda w: w[0]),
    Input("weights in a meta tensor", "weights", "error", _tensor("float64", lambda t: t.to("meta"))),
    Input("weights not normalised", "weights", "same", lambda w: 1000 * w),
    Input("weights times 1e-300", "weights", "same", lambda w: w * 1e-300),
    Input("weights times 5e306", "weights", "same", lambda w: w * 5e306),
    Input("integer weights", "weights", "same", _as(np.int64)),
    Input("boolean weights", "weights", "same", _as(bool), base=_odd),
    Input("listed weights", "weights", "same", lambda w: w.tolist()),
    Input("float32 weights", "weights", "same", _as(np.float32)),
    Input("float16 weights", "weights", "same", _as(np.float16)),
    Input("weights in a tensor", "weights", "same", _tensor("float64")),
]


def _set(name: str, value: Any, *kinds: Kind) -> list[Input]:
    """The value itself, an error as a setting of these kinds."""
    return [Input(f"= {name}", kind, "error", lambda _: value) for kind in kinds]


def _of_torch(_: Any) -> Any:
    import torch

    return torch.Generator()


_REAL: tuple[Kind, ...] = ("exponent", "number", "share")
_WHOLE: tuple[Kind, ...] = ("count", "seed")

SETTINGS = [
    *_set("nan", np.nan, *_REAL, *_WHOLE),
    *_set("inf", np.inf, *_REAL, *_WHOLE),
    *_set("-inf", -np.inf, *_REAL),
    *_set("-1", -1, *_REAL, *_WHOLE),
    *_set("0", 0, *_REAL, "count", "name"),
    *_set("0.5", 0.5, "exponent", *_WHOLE),
    *_set("1", 1, "share"),
    *_set("1.5", 1.5, "share", *_WHOLE),
    *_set("10**30", 10**30, "count", "share"),
    *_set("10**400", 10**400, "count", *_REAL),
    *_set("1j", 1j, *_REAL, *_WHOLE),
    *_set("True", True, *_REAL, *_WHOLE, "name"),
    *_set("None", None, *_REAL, "count", "name"),
    *_set("'2'", "2", *_REAL, *_WHOLE, "name"),
    *_set("object()", object(), *_REAL, *_WHOLE, "name"),
    *(Input("in a list", kind, "error", lambda v: [v]) for kind in (*_REAL, "count", "name")),
    *(Input("in an array", kind, "error", lambda v: np.array([v])) for kind in (*_REAL, "count", "name")),
    *(Input("0-d array", kind, "error", np.array) for kind in (*_REAL, "count")),
    *(Input("a tensor", kind, "error", lambda v: _tensor("float64")(np.array(v))) for kind in (*_REAL, *_WHOLE)),
    *(Input("as a float", kind, "error", float) for kind in _WHOLE),
    *(Input("as bytes", kind, "error", lambda v: str(v).encode()) for kind in ("name", *_WHOLE)),
    Input("in capitals", "name", "error", str.upper),
    Input("torch.Generator", "seed", "error", _of_torch),
    *(Input("NumPy's int64", kind, "same", np.int64) for kind in ("exponent", *_WHOLE)),
    *(Input("NumPy's uint8", kind, "same", np.uint8) for kind in ("exponent", *_WHOLE)),
    *(Input("NumPy's float64", kind, "same", np.float64) for kind in _REAL),
    *(Input("NumPy's float32", kind, "same", np.float32) for kind in _REAL),
    Input("NumPy's str_", "name", "same", np.str_),
    Input("numpy.random.Generator", "seed", "same", np.random.default_rng),
    Input("SeedSequence", "seed", "same", np.random.SeedSequence),
]

INPUTS = [*BAD_POINTS, *GOOD_POINTS, *WEIGHTS, *SETTINGS]
