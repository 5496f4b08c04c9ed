"""Arrays at the door: NumPy or torch in, checked float64 of the same kind out.

The library computes in float64 whatever comes in (a float32 mean of squares at offset 1e4 has no digits left) and
hands back the dtype it was given. torch is never imported here: a tensor can only come from a program that has.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import array_api_compat
import array_api_compat.numpy
import numpy as np

from .errors import InvalidMeasureError

Array = Any  # numpy.ndarray or torch.Tensor
Floats = np.ndarray[tuple[int, ...], np.dtype[np.float64]]
Integers = np.ndarray[tuple[int, ...], np.dtype[np.integer[Any]]]


def is_tensor(x: Any) -> bool:
    """Whether it is a tensor of torch."""
    return type(x) is not np.ndarray and array_api_compat.is_torch_array(x)  # most are arrays


def as_float64(x: Any, name: str) -> Array:
    """Return ``x`` as a finite float64 array (or tensor, on its own device, its graph kept)."""
    x = _tensor(x, name) if is_tensor(x) else _ndarray(x, name)
    check_finite(x, name)
    return x


def common_kind(*arrays: Array | None) -> tuple[Any, ...]:
    """Bring NumPy arrays to the device of the tensors among ``arrays``; refuse tensors on two devices."""
    tensors = [a for a in arrays if a is not None and is_tensor(a)]
    if not tensors:
        return arrays
    devices = sorted({str(t.device) for t in tensors})
    if len(devices) > 1:
        raise InvalidMeasureError(f"the tensors are on different devices, {' and '.join(devices)}: move them to one")
    xp = namespace(tensors[0])
    return tuple(
        a if a is None or is_tensor(a) else xp.asarray(np.array(a), device=tensors[0].device) for a in arrays
    )


def namespace(*arrays: Array) -> Any:
    """The array API namespace of the arrays."""
    if all(type(x) is np.ndarray for x in arrays):  # a tenth of the time that asking takes
        return array_api_compat.numpy
    return array_api_compat.array_namespace(*arrays)


def to_numpy(x: Array) -> np.ndarray:
    """A detached NumPy view or copy."""
    if not is_tensor(x):
        return np.asarray(x)
    x = x.detach().cpu()
    numbers: np.ndarray = (x.float() if str(x.dtype) == "torch.bfloat16" else x).numpy()  # NumPy has no bfloat16
    return numbers


def detached(x: Array) -> Array:
    """The same numbers without their graph."""
    return x.detach() if is_tensor(x) else x


def widest(dtypes: Iterable[Any]) -> Any:
    """The torch dtype of the most bytes."""
    return max(dtypes, key=lambda dtype: dtype.itemsize)


def result_dtype(*originals: Any) -> Any:
    """The floating dtype a result takes: that of the widest floating input; float64 when none is floating."""
    tensors = [x for x in originals if is_tensor(x)]
    if tensors:
        xp = namespace(tensors[0])
        floating = [t.dtype for t in tensors if t.dtype.is_floating_point]
        return widest(floating) if floating else xp.float64
    dtypes = [x.dtype for x in originals if isinstance(x, np.ndarray | np.generic) and x.dtype.kind == "f"]
    return np.result_type(*dtypes) if dtypes and len(dtypes) == len(originals) else np.dtype(np.float64)


def check_finite(x: Array, name: str) -> None:
    """Refuse NaN and infinite entries, saying how many there are and where the first one is."""
    finite = namespace(x).isfinite(x)
    if bool(finite.all()):
        return
    bad = np.argwhere(~to_numpy(finite))
    first = tuple(int(i) for i in bad[0])
    value = float(to_numpy(x)[first])
    where = f" at index {first[0] if len(first) == 1 else first}" if first else ""
    raise InvalidMeasureError(
        f"{name} has {len(bad)} entr{'y' if len(bad) == 1 else 'ies'} that {'is' if len(bad) == 1 else 'are'} NaN or "
        f"infinite, the first {value}{where}: remove or repair them"
    )


def check_weights(weights: Array, name: str) -> None:
    """Refuse weights that are no masses along the last axis: a scalar, a negative one, or all 0."""
    if weights.ndim == 0:
        raise InvalidMeasureError(f"{name} is a scalar: give one weight per point")
    if bool((weights < 0).any()):
        first = tuple(int(i) for i in np.argwhere(to_numpy(weights) < 0)[0])
        value = float(to_numpy(weights)[first])
        raise InvalidMeasureError(
            f"{name} has a negative entry, {value:g} at index {first[0] if len(first) == 1 else first}: "
            "weights are masses and must be at least 0"
        )
    if not weights.shape[-1] or not bool((weights > 0).any(-1).all()):
        raise InvalidMeasureError(f"{name} sums to 0: at least one weight must be positive")


def normalised_weights(weights: Array, name: str) -> Array:
    """Return non-negative weights divided by their sum along the last axis; refuse any that have no such form."""
    check_weights(weights, name)
    xp = namespace(weights)
    # Dividing by a power of two near the largest weight first keeps the sum from overflowing, and is exact.
    scale = power_of_two(float(to_numpy(xp.max(weights))))
    weights = weights / scale
    if weights.ndim == 1 and not is_tensor(weights):
        return weights / math.fsum(weights.tolist())  # correctly rounded, so the order of the points does not matter
    total = xp.sum(weights, axis=-1, keepdims=True)
    if bool(xp.any(total <= 0)):
        raise InvalidMeasureError(f"{name} has rows more than 300 orders of magnitude apart: normalise each row")
    return weights / total


def power_of_two(x: float) -> float:
    """The power of two in (x/2, x], held inside the normal range; 1.0 for 0."""
    if x == 0.0:
        return 1.0
    return math.ldexp(1.0, min(max(math.frexp(x)[1] - 1, -1021), 1022))


def _ndarray(x: Any, name: str) -> np.ndarray:
    if isinstance(x, np.ma.MaskedArray):
        if np.ma.is_masked(x):
            raise InvalidMeasureError(f"{name} is a masked array with masked entries: drop them with .compressed()")
        x = x.data
    try:
        array = np.asarray(x)
    except (ValueError, TypeError, RuntimeError) as error:
        raise InvalidMeasureError(f"{name} cannot be read as an array of numbers: {error}") from None
    if array.dtype == np.float64:
        return array.astype(np.float64)  # a copy: later changes by the caller do not reach a validated measure
    if array.dtype.kind not in "biuf":
        what = "complex numbers" if array.dtype.kind == "c" else f"data of type {array.dtype}"
        raise InvalidMeasureError(f"{name} holds {what}: give real numbers")
    if array.dtype.kind in "iu":
        _check_whole(array, name)
    with np.errstate(over="ignore"):  # a wider float may overflow to inf here, and is refused as such
        return array.astype(np.float64)


def _check_whole(integers: np.ndarray, name: str) -> None:
    """Refuse integers that float64 would round: of timestamps in nanoseconds, say, the differences would be wrong."""
    if integers.dtype.itemsize < 8:
        return
    large = integers[(integers > 2**53) | (integers < -(2**53))]
    lost = next((k for k in large.tolist() if int(float(k)) != k), None)
    if lost is not None:
        raise InvalidMeasureError(
            f"{name} holds the integer {lost}, which float64 cannot: subtract a common offset, or convert it yourself"
        )


def _tensor(x: Array, name: str) -> Array:
    xp = namespace(x)
    if x.dtype.is_complex:
        raise InvalidMeasureError(f"{name} holds complex numbers: give real numbers")
    if str(x.layout) != "torch.strided" or x.is_quantized:
        raise InvalidMeasureError(f"{name} is a tensor of layout {x.layout}: give a dense tensor (.to_dense())")
    if x.device.type == "meta":
        raise InvalidMeasureError(f"{name} is a tensor on the device meta, which holds no data: give one that has some")
    if x.dtype.itemsize == 8 and not x.dtype.is_floating_point:
        _check_whole(to_numpy(x), name)
    return xp.astype(x, xp.float64, copy=True)
