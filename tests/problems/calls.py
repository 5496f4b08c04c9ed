"""A call of every public function that gives numbers, and a hash of all that it returns; also a program.

Run as a program, it prints the hashes as JSON. Flags: ``torch-first`` imports torch before wdist; ``threads N`` runs
all calls at once from N threads, each N times; ``fork`` and ``spawn`` make them in a worker of that kind.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

import wdist


def _data() -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(20)
    x, y = rng.normal(size=(400, 3)), rng.normal(size=(350, 3)) + 0.5
    return x, y, rng.random(400) + 0.1, rng.normal(size=3000), rng.gamma(2.0, size=2500), rng.random((60, 80))


X, Y, W, U, V, C = _data()
P, Q = wdist.Gaussian.fit(X), wdist.Gaussian.fit(Y)
MIXTURE = wdist.GaussianMixture([0.3, 0.7], [P.mean, Q.mean], [P.cov, Q.cov])
CLOUDS = [X[k : k + 30] for k in range(0, 240, 30)]


def _sketch() -> Any:
    sketch = wdist.QuantileSketch(64)
    sketch.update(U)
    return wdist.wasserstein(sketch, V, p=1)


def _certificate() -> Any:
    r = wdist.transport(X, Y, p=2)
    return wdist.certify(r.plan, r.potentials, X, Y, p=2)


CALLS: dict[str, Callable[[], Any]] = {
    "wasserstein": lambda: wdist.wasserstein(wdist.Samples(X, W), Y, p=2),
    "wasserstein, Gaussians": lambda: wdist.wasserstein(P, Q, p=2),
    "wasserstein_1d": lambda: wdist.wasserstein_1d(U, V, p=1.5),
    "wasserstein_1d, circle": lambda: wdist.wasserstein_1d(U, V, p=2, period=6.0),
    "transport_map_1d": lambda: wdist.transport_map_1d(U, V, p=2),
    "QuantileSketch": _sketch,
    "transport": lambda: wdist.transport(X, Y, p=1, x_weights=W),
    "transport_lp": lambda: wdist.transport_lp(C),
    "certify": _certificate,
    "gaussian_map": lambda: wdist.gaussian_map(P, Q),
    "gaussian_barycenter": lambda: wdist.gaussian_barycenter([P, Q]).cov,
    "gelbrich": lambda: wdist.gelbrich(X, Y),
    "mixture_w2": lambda: wdist.mixture_w2(MIXTURE, wdist.GaussianMixture([1.0], [Q.mean], [P.cov])),
    "sliced": lambda: wdist.sliced(X, Y, p=2, rng=1),
    "max_sliced": lambda: wdist.max_sliced(X, Y, p=2, rng=1),
    "bounds": lambda: wdist.bounds(X, Y, p=2, rng=1),
    "estimate": lambda: wdist.estimate(X[:80], Y[:80], p=2, rng=1),
    "two_sample_test": lambda: wdist.two_sample_test(X[:80], Y[:80], p=2, n_resamples=99, rng=1),
    "pairwise": lambda: wdist.pairwise(CLOUDS, p=1, n_jobs=1),
    "nearest": lambda: wdist.nearest(CLOUDS[:2], CLOUDS, p=2, k=2),
}


def hashed(value: Any) -> str:
    """Of every number in what a call returned, but times and other statistics."""
    digest = hashlib.sha256()

    def add(part: Any) -> None:
        if dataclasses.is_dataclass(part) and not isinstance(part, type):
            for field in dataclasses.fields(part):
                if field.name != "stats":
                    digest.update(field.name.encode())
                    add(getattr(part, field.name))
        elif hasattr(part, "tocoo"):
            for array in (*part.tocoo().coords, part.tocoo().data):
                add(array)
        elif isinstance(part, tuple | list):
            for item in part:
                add(item)
        elif isinstance(part, np.ndarray):
            digest.update(f"{part.dtype.str} {part.shape}".encode() + np.ascontiguousarray(part).tobytes())
        else:
            digest.update(repr(part).encode())

    add(value)
    return digest.hexdigest()


def hash_of(name: str) -> str:
    """Of what a call returns now."""
    return hashed(CALLS[name]())


def hashes() -> dict[str, str]:
    """Of every call."""
    return {name: hash_of(name) for name in CALLS}


def _from_threads(n: int) -> dict[str, str]:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(n) as pool:
        found = list(pool.map(hash_of, [name for name in CALLS for _ in range(n)]))
    return {name: " ".join(sorted(set(found[k * n : (k + 1) * n]))) for k, name in enumerate(CALLS)}


def main(flags: list[str]) -> dict[str, str]:
    """What the flags ask for."""
    if flags[:1] == ["threads"]:
        return _from_threads(int(flags[1]))
    if flags[:1] in (["fork"], ["spawn"]):
        import multiprocessing

        if flags[0] == "fork":
            hash_of("transport")  # compiled code is inherited
        with multiprocessing.get_context(flags[0]).Pool(1) as pool:
            return pool.apply(hashes)
    return hashes()


if __name__ == "__main__":
    if sys.argv[1:2] == ["torch-first"]:
        import torch  # noqa: F401
    print(json.dumps(main(sys.argv[1:])))
