"""Critic networks on R^d, by name.

- ``"mlp"``: linear layers and leaky ReLUs. Nothing bounds its slope but the way it is trained.
- ``"maxmin"``: the same with sorted pairs of features for leaky ReLUs: best where a critic is all kinks, in few
  dimensions.
- ``"smooth"``: the same with SiLU, x / (1 + exp(-x)): in many dimensions optimal critics are smooth but for few kinks,
  and a network without any comes much closer to them with as many features.
- ``"spectral"``: leaky ReLUs between weights divided by their spectral norm (Miyato et al. 2018). The norm is tracked
  by power iteration, so during training the constant strays a little above 1.
- ``"groupsort"``: orthogonal weights (Cayley's map) and sorted pairs of features (Anil et al. 2019): 1-Lipschitz by
  construction, and gradients keep their norm, so slope 1 is within reach, where a ReLU network of norm-1 layers stays
  far below.
- ``"bjorck"``: orthogonal weights by Björck's iteration, and all features of a layer sorted.

References
----------
Miyato et al. (2018), Spectral normalization for GANs, arXiv:1802.05957.
Anil, Lucas, Grosse (2019), Sorting out Lipschitz function approximation, arXiv:1811.05381.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any, Literal, cast, get_args

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils import parametrizations, parametrize

from ..settings import check_choice, check_count, generator_of
from .layers import GroupSort, MaxMin
from .orthogonal import Bjorck

__all__ = ["CriticKind", "critic"]

CriticKind = Literal["mlp", "maxmin", "smooth", "spectral", "groupsort", "bjorck"]


def critic(
    kind: CriticKind,
    dim: int,
    *,
    width: int = 64,
    depth: int = 3,
    rng: int | np.random.Generator | None = None,
    dtype: torch.dtype = torch.float32,
    device: torch.device | str = "cpu",
) -> nn.Sequential:
    """Build a critic from points (n, dim) to scores (n, 1).

    Parameters
    ----------
    kind : {"mlp", "maxmin", "smooth", "spectral", "groupsort", "bjorck"}
        The architecture. The first three are linear layers with leaky ReLUs, sorted pairs of features or SiLU between
        them. ``"spectral"``: leaky ReLUs, and weights divided by their spectral norm. ``"groupsort"`` and ``"bjorck"``
        are 1-Lipschitz by construction: orthogonal weights, with sorted pairs or all features sorted.
    dim : int
        Dimension of the points.
    width : int
        Features of a hidden layer; even for ``"groupsort"`` and ``"maxmin"``.
    depth : int
        Number of hidden layers.
    rng : None, int or numpy.random.Generator
        Seeds the initial weights, the same on every device. PyTorch's global generator is left as it was.
    dtype, device : torch.dtype, torch.device
        Of the parameters.

    Returns
    -------
    torch.nn.Sequential

    Raises
    ------
    ValueError
        If ``kind`` does not exist or a size does not fit it.

    Examples
    --------
    >>> import torch
    >>> from wdist import dual
    >>> critic = dual.critic("groupsort", 2, width=16, rng=0)
    >>> tuple(critic(torch.zeros(5, 2)).shape)
    (5, 1)
    >>> round(dual.lipschitz_upper_bound(critic), 3)  # 1-Lipschitz, whatever is trained
    1.0
    """
    check_choice(kind, "kind", get_args(CriticKind))
    dim, width, depth = check_count(dim, "dim", 1), check_count(width, "width", 1), check_count(depth, "depth", 1)
    if kind in ("groupsort", "maxmin") and width % 2:
        raise ValueError(f"width is {width}: {kind} sorts pairs of features, choose an even width")
    layer, activation = _PARTS[kind]
    sizes = [dim] + [width] * depth
    with _private_generator(int(generator_of(rng).integers(2**63))):
        hidden = [part for i, o in pairwise(sizes) for part in (layer(_linear(i, o, dtype)), activation())]
        network = nn.Sequential(*hidden, layer(_linear(width, 1, dtype)))
    align_spectral_norms_(network)
    return network.to(device)


def align_spectral_norms_(network: nn.Module) -> None:
    """Point the power iteration of every spectral norm in ``network`` at the exact singular vectors.

    Until the weights move again the normalised matrices then have norm 1 to rounding, not to the iteration's
    error.
    """
    for module in network.modules():
        if not parametrize.is_parametrized(module):
            continue
        for parametrized in cast(Any, module).parametrizations.values():
            for norm in parametrized:
                if isinstance(norm, parametrizations._SpectralNorm):
                    _align(norm, parametrized.original.detach())


def _align(norm: Any, weight: Tensor) -> None:
    matrix = norm._reshape_weight_to_matrix(weight).double()
    u, _, vh = torch.linalg.svd(matrix, full_matrices=False)
    norm._u.copy_(u[:, 0])
    norm._v.copy_(vh[0])


def _linear(inputs: int, outputs: int, dtype: torch.dtype) -> nn.Linear:
    return nn.Linear(inputs, outputs, device="cpu", dtype=dtype)


def _orthogonal(layer: nn.Linear) -> nn.Module:
    # Of PyTorch's three maps the Cayley transform is the quickest: a third of the exponential at width 64.
    return parametrizations.orthogonal(layer, orthogonal_map="cayley")


def _bjorck(layer: nn.Linear) -> nn.Module:
    nn.init.orthogonal_(layer.weight)
    parametrize.register_parametrization(layer, "weight", Bjorck())
    return layer


_PARTS: dict[str, tuple[Callable[[nn.Linear], nn.Module], Callable[[], nn.Module]]] = {
    "mlp": (lambda layer: layer, lambda: nn.LeakyReLU(0.2)),
    "maxmin": (lambda layer: layer, MaxMin),
    "smooth": (lambda layer: layer, nn.SiLU),
    "spectral": (parametrizations.spectral_norm, lambda: nn.LeakyReLU(0.2)),
    "groupsort": (_orthogonal, MaxMin),
    "bjorck": (_bjorck, GroupSort),
}


@contextmanager
def _private_generator(seed: int) -> Iterator[None]:
    """Let PyTorch's constructors, which take no generator, draw from ``seed``; put the global state back."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        yield
