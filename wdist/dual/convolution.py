"""The operator norm of a convolution at the size of its image.

As a map from R^(c h w) to R^(c' h' w') a convolution is one large sparse matrix A. Where the smaller of A A^T
and A^T A is affordable, its largest eigenvalue is the answer. Beyond that size, zero padding allows a bound
that is tight for large images:

1. A stride of s is no stride at all for the image cut into its s x s phases (c s^2 channels), a rearrangement.
2. Zero padding followed by the convolution is a restriction of the cyclic convolution on any torus that holds the
   padded image: the padding is an isometry, and outputs that wrap around are dropped.
3. The Fourier transform makes a cyclic convolution block diagonal: its norm is the largest spectral norm of the
   c' x c s^2 matrices of the transformed kernel.

References
----------
Sedghi, Gupta, Long (2019), The singular values of convolutional layers, arXiv:1805.10408 (step 3).
Tsuzuku, Sato, Sugiyama (2018), Lipschitz-margin training, arXiv:1802.04034 (why the kernel's own norm misleads).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from .._arrays import power_of_two

__all__ = ["convolution_norm"]

_EXACT_SIDE = 1536  # largest Gram matrix to diagonalise: a second or two of one core
_EXACT_ENTRIES = 2**24  # largest operator matrix to write out: 128 MiB


def convolution_norm(layer: nn.Conv2d, input_shape: Sequence[int]) -> float:
    """Spectral norm of the layer's linear part on inputs of shape (c, h, w), rounded up.

    Exact where the operator's matrix is small enough to diagonalise. A tight upper bound beyond that for zero
    padding, and inf for other padding modes or weights that are not finite.
    """
    weight = layer.weight.detach().to("cpu", torch.float64)
    if not torch.isfinite(weight).all():
        return math.inf
    inputs = torch.zeros(1, *input_shape, dtype=torch.float64)
    n_in, n_out = inputs.numel(), layer._conv_forward(inputs, weight, None).numel()
    unit = power_of_two(float(weight.abs().max()))  # in which squares neither vanish nor overflow
    if min(n_in, n_out) <= _EXACT_SIDE and n_in * n_out <= _EXACT_ENTRIES:
        return unit * _spectral_norm(_matrix(layer, weight / unit, input_shape, n_out))
    if layer.padding_mode != "zeros":
        return math.inf
    return unit * _spectral_norm(_torus_blocks(layer, weight / unit, input_shape))


def _matrix(layer: nn.Conv2d, weight: Tensor, input_shape: Sequence[int], n_out: int) -> Tensor:
    """The operator's matrix or its transpose, whichever has fewer rows: a batch never outgrows the matrix."""
    n_in = math.prod(input_shape)
    if n_in <= n_out:  # row i is the image of unit vector i
        units = torch.eye(n_in, dtype=torch.float64).reshape(n_in, *input_shape)
        images: Tensor = layer._conv_forward(units, weight, None)
        return images.reshape(n_in, n_out)
    with torch.enable_grad():  # row i is the gradient of output i, from the i-th copy of the input
        inputs = torch.zeros(n_out, *input_shape, dtype=torch.float64, requires_grad=True)
        outputs = layer._conv_forward(inputs, weight, None).reshape(n_out, n_out)
        (rows,) = torch.autograd.grad(outputs.diagonal().sum(), inputs)
    return rows.reshape(n_out, n_in)


def _torus_blocks(layer: nn.Conv2d, weight: Tensor, input_shape: Sequence[int]) -> Tensor:
    """The kernel's Fourier blocks on a torus that holds the padded image, (frequencies, c', c s^2)."""
    kernel = _dense_kernel(layer, weight)
    sizes = []
    for axis in (0, 1):
        stride, reach = layer.stride[axis], kernel.shape[2 + axis]
        padded = input_shape[1 + axis] + _total_padding(layer, axis)
        sizes.append(-(-padded // stride))
        kernel = nn.functional.pad(kernel, (0, 0, 0, -reach % stride) if axis == 0 else (0, -reach % stride))
    (s, t), (out, channels, height, width) = layer.stride, kernel.shape
    phases = kernel.reshape(out, channels, height // s, s, width // t, t).permute(0, 1, 3, 5, 2, 4)
    blocks: Tensor = torch.fft.rfft2(phases.reshape(out, channels * s * t, height // s, width // t), s=sizes)
    return blocks.flatten(2).permute(2, 0, 1)


def _dense_kernel(layer: nn.Conv2d, weight: Tensor) -> Tensor:
    """The kernel (c', c, kh, kw) of the same operator without groups and without dilation."""
    out, per_group, height, width = weight.shape
    (dh, dw), groups = layer.dilation, layer.groups
    kernel = weight.new_zeros(out, layer.in_channels, (height - 1) * dh + 1, (width - 1) * dw + 1)
    for g in range(groups):
        rows = slice(g * out // groups, (g + 1) * out // groups)
        kernel[rows, g * per_group : (g + 1) * per_group, ::dh, ::dw] = weight[rows]
    return kernel


def _total_padding(layer: nn.Conv2d, axis: int) -> int:
    if isinstance(layer.padding, str):
        return layer.dilation[axis] * (layer.kernel_size[axis] - 1) if layer.padding == "same" else 0
    return 2 * layer.padding[axis]


def _spectral_norm(matrices: Tensor) -> float:
    """Largest spectral norm in a batch of matrices (..., m, n), through the smaller Gram matrix, rounded up."""
    rows, columns = matrices.shape[-2:]
    gram = matrices @ matrices.mH if rows <= columns else matrices.mH @ matrices
    eps = torch.finfo(torch.float64).eps
    # Forming and diagonalising the Gram matrix errs by a modest multiple of eps |matrix|_F^2.
    slack = 8.0 * (rows + columns) * eps * float(matrices.abs().square().sum((-2, -1)).max())
    return math.sqrt(float(torch.linalg.eigvalsh(gram)[..., -1].max()) + slack)
