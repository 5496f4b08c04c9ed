r"""Bounds of W2 from little: the Gelbrich bound, from means and covariances alone.

.. math:: W_2^2(P, Q) \ge |m_1 - m_2|^2 + \mathrm{tr} \big( \Sigma_1 + \Sigma_2
          - 2 (\Sigma_2^{1/2} \Sigma_1 \Sigma_2^{1/2})^{1/2} \big)

for any two laws with these moments (Gelbrich, 1990, doi:10.1002/mana.19901470121), with equality when one is the image
of the other by an affine map with a symmetric positive semi-definite matrix, as Gaussians are.
"""

from __future__ import annotations

from typing import Any

from ..gaussian import gaussian_w2
from ..gaussian_mixture import GaussianMixture
from ..measures import Gaussian, same_dimension
from ..moments import moments

__all__ = ["gelbrich"]


def gelbrich(x: Any, y: Any) -> Any:
    """A lower bound of W2 for any two laws: the W2 of the Gaussians with their means and covariances.

    Parameters
    ----------
    x, y : measure
        Of equal dimension: points in an array, a tensor or ``Samples``, a ``Gaussian``, a ``GaussianMixture``, or any
        law on the line with finite variance. Batches of Gaussians broadcast.

    Returns
    -------
    float, numpy.ndarray or torch.Tensor
        A bound, exact up to rounding; a tensor, carrying the gradient, when points, weights or parameters were one.
        An array only for batches.

    Raises
    ------
    InvalidMeasureError
        If an argument is no measure, has no finite variance, or the dimensions differ.

    Notes
    -----
    O(n d^2) for n points. Of points the covariances are the empirical ones (no n - 1 correction), and the bound is for
    the empirical measures. On the line :func:`wdist.wasserstein_1d` is exact and as cheap.

    Examples
    --------
    >>> import wdist
    >>> wdist.gelbrich([[0.0, 0.0], [2.0, 0.0]], [[3.0, 4.0], [5.0, 4.0]])
    5.0
    """
    P, Q = _moments(x, "x"), _moments(y, "y")
    same_dimension(P, Q, ("x", "y"))
    return gaussian_w2(P, Q)


def _moments(x: Any, name: str) -> Gaussian:
    return x.moments() if isinstance(x, GaussianMixture) else moments(x, name)
