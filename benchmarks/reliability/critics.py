"""Rows of the matrix: the dual, by critics. Batches are tensors, and NaN goes through them as it does in torch."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np

import wdist

from .inputs import INPUTS
from .row import SIZES, WEIGHTS, Due, Function, plane

__all__ = ["CRITICS"]

_SLOPE = np.array([3.0, -4.0])
_NAN: dict[str, Due] = {"a tensor with NaN": "nan"}
_TENSORS: Mapping[str, Due] = {
    "": "error",
    **{spoilt.name: spoilt.due for spoilt in INPUTS if spoilt.name.split(" ")[0] != "list" and "tensor" in spoilt.name},
    **_NAN,
}
_FLOATING: Mapping[str, Due] = {**_TENSORS, "integer tensor": "error", "boolean tensor": "error"}
# The penalty pairs rows, so that both batches have one dtype.
_PAIRED: Mapping[str, Due] = {
    **_FLOATING,
    **dict.fromkeys(("float32 tensor", "float16 tensor", "bfloat16 tensor"), "error"),
}


def _batches() -> Any:
    x, y, _ = plane()
    return x[: SIZES[1]], y, None


def _twice() -> Any:
    x = _batches()[0]
    return x, x.copy(), None


def _linear(z: Any) -> Any:
    return 3.0 * z[:, 0] - 4.0 * z[:, 1]


def _paraboloid(z: Any) -> Any:
    return (z * z).sum(1) / 2


def _network() -> Any:
    import torch

    layer = torch.nn.Linear(2, 1, bias=False, dtype=torch.float64)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([[3.0, -4.0]]))
    return layer


def _stepped(x: Any, y: Any, w: Any) -> Any:
    import torch

    network = _network()
    step = wdist.dual.critic_step(network, torch.optim.SGD(network.parameters(), 1e-3), x, y)
    return step.real - step.fake


def _difference(x: Any, y: Any, w: Any) -> float:
    return float(np.mean(x @ _SLOPE) - np.mean(y @ _SLOPE))


def _fitted(x: Any, y: Any, w: Any) -> Any:
    measure = x if w is None else wdist.Samples(x, w)
    return wdist.dual.fit(measure, y, constraint="none", steps=4, batch_size=16, rng=0).value


def _extended(values: Any, anchors: Any) -> Any:
    import torch

    module = wdist.dual.mcshane(values, anchors, side="upper")
    return module(torch.as_tensor(plane()[1]).to(module.anchors)).double().sum()


def _lowest(values: np.ndarray, anchors: np.ndarray) -> float:
    length = np.linalg.norm(plane()[1][:, None] - anchors, axis=-1)
    return float(np.sum(np.min(values + length, axis=1)))


def _layer(module: Any) -> Any:
    """A layer's output, every entry times its place."""

    def number(x: Any, y: Any, w: Any) -> Any:
        found = module()(x).double()
        return (found * found.new_tensor(_places(found.shape))).sum()

    return number


def _places(shape: Any) -> np.ndarray:
    return np.arange(1.0, np.prod(shape) + 1).reshape(tuple(shape))


def _wide() -> Any:
    rng = np.random.default_rng(5)
    return rng.permuted(np.arange(1.0, 61.0).reshape(15, 4), axis=1), np.zeros(1), None


def _max_min(x: np.ndarray, y: Any, w: Any) -> float:
    high, low = np.maximum(x[:, :2], x[:, 2:]), np.minimum(x[:, :2], x[:, 2:])
    return float(np.sum(np.column_stack([high, low]) * _places(x.shape)))


def _bjorck(x: np.ndarray, y: Any, w: Any) -> float:
    """Not the limit, but three steps towards it."""
    gram = x.T @ x
    A = x * (min(x.shape[1] ** 0.125, 1.9) / np.linalg.norm(gram @ gram) ** 0.25)
    for _ in range(3):
        A = 1.5 * A - 0.5 * A @ (A.T @ A)
    return float(np.sum(A * _places(x.shape)))


def _affine() -> Any:
    import torch

    return wdist.dual.Affine(torch.tensor(2.0, dtype=torch.float64), torch.arange(4.0, dtype=torch.float64))


def _extension() -> Any:
    import torch

    _, y, _ = plane()
    return wdist.dual.McShane(torch.as_tensor(y[:, 0]), torch.as_tensor(y), "upper")


_SHORT = ("float32 tensors, both", "float16 tensor", "bfloat16 tensor", "float32 tensor")  # for a critic in float64
_ANY_SHAPE = ("empty tensor", "meta tensor")  # go through a layer as they are

_of_tensors = partial(Function, power=None, shifts=False, tensors=True)
_module = partial(_of_tensors, names=("x", ""))

CRITICS = [
    _of_tensors(
        "dual.objective",
        lambda x, y, w: wdist.dual.objective(_linear, x, y),
        _batches,
        _difference,
        due=_TENSORS,
    ),
    _of_tensors(
        "dual.critic_step",
        _stepped,
        _batches,
        _difference,
        due={**_PAIRED, "float32 tensors, both": "error"},
    ),
    _of_tensors(
        "dual.gradient_penalty",
        lambda x, y, w: wdist.dual.gradient_penalty(_paraboloid, x, y).double().mean(),
        _twice,
        lambda x, y, w: float(np.mean((np.linalg.norm(x, axis=1) - 1) ** 2)),
        welcome=("boolean tensor",),
        due=_PAIRED,
    ),
    _of_tensors(
        "dual.slopes",
        lambda x, y, w: wdist.dual.slopes(_paraboloid, x).double().mean(),
        _batches,
        lambda x, y, w: float(np.mean(np.linalg.norm(x, axis=1))),
        names=("points", ""),
        welcome=_ANY_SHAPE,
        due=_FLOATING,
    ),
    Function(
        "dual.fit",
        _fitted,
        lambda: (*plane()[:2], WEIGHTS),
        names=("x|points", "y"),
        tolerance=1e-3,  # of a network in float32
        shifts=False,
    ),
    Function(
        "dual.mcshane, anchors",
        lambda x, y, w: _extended(WEIGHTS, x),
        lambda: (*plane()[:2], None),
        lambda x, y, w: _lowest(WEIGHTS, x),
        names=("anchors", ""),
        power=None,
        shifts=False,
        welcome=("a dimension more",),
    ),
    Function(
        "dual.mcshane, values",
        lambda x, y, w: _extended(x, plane()[0]),
        lambda: (WEIGHTS.copy(), np.zeros(1), None),
        lambda x, y, w: _lowest(x, plane()[0]),
        names=("values", ""),
        power=None,
        shifts=False,
    ),
    _module(
        "dual.McShane",
        _layer(_extension),
        _batches,
        lambda x, y, w: float(
            np.min(plane()[1][:, 0] + np.linalg.norm(x[:, None] - plane()[1], axis=-1), axis=1) @ _places((len(x),))
        ),
        welcome=(*_ANY_SHAPE, *_SHORT),
        due=_FLOATING,
    ),
    _module(
        "dual.MaxMin",
        _layer(lambda: wdist.dual.MaxMin()),
        _wide,
        _max_min,
        welcome=_ANY_SHAPE,
        due=_TENSORS,
    ),
    _module(
        "dual.GroupSort",
        _layer(lambda: wdist.dual.GroupSort(2)),
        _wide,
        lambda x, y, w: float(np.sum(np.sort(x.reshape(-1, 2), axis=1).reshape(x.shape) * _places(x.shape))),
        welcome=_ANY_SHAPE,
        due=_TENSORS,
    ),
    _module(
        "dual.Affine",
        _layer(_affine),
        _wide,
        lambda x, y, w: float(np.sum(2 * (x - np.arange(4)) * _places(x.shape))),
        welcome=_ANY_SHAPE,
        due=_FLOATING,
    ),
    _of_tensors(
        "dual.Bjorck",
        _layer(lambda: wdist.dual.Bjorck()),
        _wide,
        _bjorck,
        names=("weight", ""),
        welcome=_ANY_SHAPE,
        due=_FLOATING,
    ),
]
