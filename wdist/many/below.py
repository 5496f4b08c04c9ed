r"""Lower bounds of W_p from one cloud to many, cheap enough to compute for all of them, and certain.

With q = min(p, 2) and orthonormal axes :math:`u_1 \dots u_r`,

.. math:: W_p^2 \ge W_q^2 \ge \sum_k W_q^2(u_k^\top P, u_k^\top Q) + |m_\perp(P) - m_\perp(Q)|^2
          \ge |m(P) - m(Q)|^2 ,

m the means and :math:`m_\perp` what of them lies outside of the axes. For the length of a difference z of an optimal
pair is :math:`(\sum_k z_k^2)^{1/2}`, and :math:`\|\sum_k z_k^2\|_{q/2} \ge \sum_k \|z_k^2\|_{q/2}`, Minkowski's
inequality, which is turned round for exponents q/2 of at most 1 (Hardy, Littlewood and Pólya, *Inequalities*, 1934,
theorem 24); the p-norms of a coordinate are never below the W_q of the marginals. On the line that is a sort.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from .._arrays import Floats, Integers, power_of_two
from ..coupling import coupling_distance
from ..measures import Samples
from .tiles import alike

__all__ = ["Lens", "Sketches"]

_AXES = 8  # axes of a frame, at most
_SEEN = 4096  # points that the axes are chosen by
_EPS = 2.0**-52


class Lens(NamedTuple):
    """How clouds are looked at: from an origin among them, in a unit of their size, along frames of axes."""

    origin: Floats
    unit: float
    frames: Floats

    @classmethod
    def on(cls, clouds: Sequence[Samples]) -> Lens:
        """The first principal axes of a sample of all points, and the same turned by chance."""
        rng = np.random.default_rng(0)
        each = -(-_SEEN // len(clouds))
        seen = np.concatenate([c.points[rng.permutation(len(c))[:each]] for c in clouds])
        unit = power_of_two(max(float(np.max(np.abs(c.points))) for c in clouds))
        origin = (seen / unit).mean(axis=0)
        _, _, axes = np.linalg.svd(seen / unit - origin, full_matrices=len(seen) < seen.shape[1])
        axes = axes[:_AXES]
        turn, _ = np.linalg.qr(rng.standard_normal((len(axes), len(axes))))
        return cls(origin, unit, np.stack([axes, turn @ axes]))

    def seen(self, points: Floats) -> Floats:
        """Points as seen through it."""
        return points / self.unit - self.origin


class Sketches(NamedTuple):
    """Of every cloud the mean and the radius, as seen through a lens."""

    lens: Lens
    means: Floats
    radii: Floats

    @classmethod
    def of(cls, clouds: Sequence[Samples], lens: Lens) -> Sketches:
        """Of clouds of one dimension."""
        means, radii = [], []
        for cloud in clouds:
            points = lens.seen(cloud.points)
            means.append(cloud.mass @ points)
            radii.append(float(np.max(np.linalg.norm(points, axis=1))))
        return cls(lens, np.stack(means), np.array(radii))

    def by_means(self, others: Sketches, sizes: Integers) -> Floats:
        """|m(P) - m(Q)| less its rounding, for every P here against every Q of ``others``."""
        apart = np.linalg.norm(self.means[:, None] - others.means[None], axis=-1)
        reach = self.radii[:, None] + others.radii[None]
        rounding = (sizes + 8 * self.means.shape[1] + 64) * _EPS
        certain: Floats = np.maximum(apart * (1 - 1e-13) - rounding * reach, 0.0)
        return self.lens.unit * certain

    def by_marginals(
        self, here: int, cloud: Samples, others: Sketches, there: np.ndarray, clouds: Sequence[Samples], p: float
    ) -> np.ndarray:
        """The bound by axes, the best over the frames, of the cloud number ``here`` to those numbered ``there``."""
        q, best = min(p, 2.0), np.zeros(len(there))
        frames = self.lens.frames
        axes = frames.reshape(-1, frames.shape[-1])
        shadow = (self.lens.seen(cloud.points) @ axes.T).T
        for places, points, weights in alike([clouds[j] for j in there]):
            index = there[places]
            shadows = np.swapaxes(self.lens.seen(points) @ axes.T, -2, -1)
            mass = None if weights is None else weights[:, None]
            along = coupling_distance(shadow[None], shadows, cloud.weights, mass, q)
            reach = self.radii[here] + others.radii[index]
            rounding = (len(cloud) + points.shape[1] + 8 * points.shape[2] + 64) * _EPS
            # Rounded masses move the cost, and so the root of a small one, by more than the distance's own rounding.
            along = np.maximum(along**q - rounding * reach[:, None] ** q, 0.0) ** (1 / q)
            by_frame = (len(index), *frames.shape[:2])
            squares = (along**2).reshape(by_frame).sum(axis=-1)
            shift = self.means[here] - others.means[index]
            inside = ((shift @ axes.T) ** 2).reshape(by_frame).sum(axis=-1)
            outside = np.maximum(np.sum(shift * shift, axis=-1)[:, None] - inside - rounding * reach[:, None] ** 2, 0.0)
            bound = np.sqrt((squares + outside).max(axis=1))
            best[places] = np.maximum(bound * (1 - 1e-13) - rounding * reach, 0.0)
        return self.lens.unit * best
