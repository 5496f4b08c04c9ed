"""The norm of a convolution at the size of its image, against the operator's matrix written out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from wdist import dual
from wdist.dual import convolution

CASES: list[tuple[tuple[int, int, int], dict[str, Any]]] = [
    ((1, 8, 8), {"kernel_size": 3}),
    ((2, 8, 7), {"kernel_size": 4, "stride": 2, "padding": 1}),
    ((3, 7, 7), {"kernel_size": 3, "padding": 1}),
    ((2, 9, 9), {"kernel_size": (2, 3), "stride": (3, 2), "padding": (0, 2)}),
    ((2, 9, 8), {"kernel_size": 3, "dilation": 2, "padding": 2}),
    ((4, 6, 6), {"kernel_size": 3, "groups": 2, "padding": 1}),
    ((2, 6, 6), {"kernel_size": 4, "padding": "same"}),
    ((2, 6, 6), {"kernel_size": 3, "padding": "valid"}),
    ((2, 5, 5), {"kernel_size": 1, "stride": 3}),
]


def layer(channels: int, **options: Any) -> nn.Conv2d:
    made = nn.Conv2d(channels, 4, **options)
    g = torch.Generator().manual_seed(7)
    with torch.no_grad():
        for p in made.parameters():
            p.normal_(generator=g)
    return made


def dense_norm(conv: nn.Conv2d, shape: tuple[int, int, int]) -> float:
    """Column by column: the images of the unit vectors, minus the image of 0 (the bias)."""
    conv = conv.double()
    size = int(np.prod(shape))
    with torch.no_grad():
        units = torch.eye(size, dtype=torch.float64).reshape(size, *shape)
        columns = (conv(units) - conv(torch.zeros(1, *shape, dtype=torch.float64))).reshape(size, -1)
    return float(np.linalg.svd(columns.numpy(), compute_uv=False)[0])


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")
@pytest.mark.parametrize(("shape", "options"), CASES)
def test_equals_the_dense_operator_norm(shape: tuple[int, int, int], options: dict[str, Any]) -> None:
    conv = layer(shape[0], **options)
    exact = dense_norm(conv, shape)
    assert exact <= dual.lipschitz_upper_bound(conv, shape) <= exact * (1 + 1e-9)


@pytest.mark.parametrize("mode", ["circular", "reflect", "replicate"])
def test_other_paddings_are_exact_where_small_and_unknown_where_large(
    mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    conv = layer(2, kernel_size=3, padding=1, padding_mode=mode)
    exact = dense_norm(conv, (2, 6, 6))
    assert exact <= dual.lipschitz_upper_bound(conv, (2, 6, 6)) <= exact * (1 + 1e-9)
    monkeypatch.setattr(convolution, "_EXACT_SIDE", 0)
    assert dual.lipschitz_upper_bound(conv, (2, 6, 6)) == float("inf")


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")
@pytest.mark.parametrize(("shape", "options"), CASES)
def test_bound_for_large_images_is_never_below(
    shape: tuple[int, int, int], options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    conv = layer(shape[0], **options)
    exact = dense_norm(conv, shape)
    monkeypatch.setattr(convolution, "_EXACT_SIDE", 0)
    bound = dual.lipschitz_upper_bound(conv, shape)
    assert exact <= bound <= 1.5 * exact  # these images are tiny: see the next test


@pytest.mark.parametrize("stride", [1, 2])
def test_bound_for_large_images_is_tight(stride: int, monkeypatch: pytest.MonkeyPatch) -> None:
    conv = layer(1, kernel_size=4, stride=stride, padding=1)
    exact = dual.lipschitz_upper_bound(conv, (1, 28, 28))
    monkeypatch.setattr(convolution, "_EXACT_SIDE", 0)
    assert exact <= dual.lipschitz_upper_bound(conv, (1, 28, 28)) <= 1.02 * exact


def test_kernel_norm_would_be_wrong_on_both_sides() -> None:
    """A 3 x 3 box filter, reshaped: norm 3. The operator: near 9 on a large image, 1 on a single pixel."""
    box = nn.Conv2d(1, 1, 3, padding=1, bias=False)
    with torch.no_grad():
        box.weight.fill_(1.0)
    assert dual.lipschitz_upper_bound(box, (1, 20, 20)) > 8.7
    assert dual.lipschitz_upper_bound(box, (1, 1, 1)) == pytest.approx(1.0)


def test_parametrised_convolutions_are_read_through_their_parametrisation() -> None:
    conv = nn.utils.parametrizations.weight_norm(layer(2, kernel_size=3))
    exact = dense_norm(conv, (2, 5, 5))
    assert exact <= dual.lipschitz_upper_bound(conv, (2, 5, 5)) <= exact * (1 + 1e-9)


@pytest.mark.parametrize("padding", ["same", 1])
def test_weights_that_cancel_on_a_torus_do_not_cancel_on_an_image(
    padding: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of an image of one pixel the kernel's centre is left, however small the sum of all of it is."""
    conv = nn.Conv2d(1, 1, 3, padding=padding, bias=False)
    with torch.no_grad():
        conv.weight.zero_()
        conv.weight[0, 0, 1, 1], conv.weight[0, 0, 0, 0] = 1.0, -1.0
    assert dual.lipschitz_upper_bound(conv, (1, 1, 1)) == pytest.approx(1.0)
    monkeypatch.setattr(convolution, "_EXACT_SIDE", 0)
    assert dual.lipschitz_upper_bound(conv, (1, 1, 1)) >= 1.0


def test_a_class_derived_from_a_convolution_may_be_anything() -> None:
    class Doubled(nn.Conv2d):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return 2.0 * super().forward(x)

    assert dual.lipschitz_upper_bound(Doubled(1, 1, 3), (1, 5, 5)) == float("inf")


@pytest.mark.parametrize("unit", [2.0**-700, 2.0**700])
@pytest.mark.parametrize("side", [5, 40])
def test_the_bound_has_the_unit_of_the_weights(unit: float, side: int) -> None:
    """Whose squares may be 0, and the bound with them, or no numbers."""
    conv = layer(2, kernel_size=3, padding=1).double()
    bound = dual.lipschitz_upper_bound(conv, (2, side, side))
    with torch.no_grad():
        conv.weight.mul_(unit)
    assert dual.lipschitz_upper_bound(conv, (2, side, side)) == unit * bound
