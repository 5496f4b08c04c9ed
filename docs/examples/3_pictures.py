"""
What wdist.plot draws
=====================

Seven functions. Each draws on ``ax=``, or on axes of its own, and returns the axes, so that anything can be changed
afterwards. The colours are told apart by eyes of every kind, and what a colour says is also said by a marker or a line
style.
"""

# %%
# A plan between two clouds
# -------------------------
# A marker's area is its mass, and an arc is as wide as what it carries. Of more than 5,000 arcs those that carry most
# are drawn.

import matplotlib.pyplot as plt
import numpy as np
import scipy.stats as st

import wdist

rng = np.random.default_rng(0)
x, y = rng.normal(size=(60, 2)), 0.5 * rng.normal(size=(40, 2)) + [3, 1]
weights = rng.random(60)
result = wdist.transport(x, y, p=2, x_weights=weights)
ax = wdist.plot.plan(x, y, result, x_weights=weights)

# %%
# Two laws on the line
# --------------------
# By their quantile functions or their distribution functions; the area between is W1. Any measures on the line will do:
# here a sample and a SciPy law.

sample = rng.exponential(size=40)
figure, (left, right) = plt.subplots(1, 2, figsize=(9.5, 3.6), layout="constrained")
wdist.plot.quantiles(sample, st.norm(2, 1), ax=left)
ax = wdist.plot.cdfs(sample, st.norm(2, 1), ax=right)

# %%
# Gaussians in the plane
# ----------------------
# Left, the ellipses of one and of two deviations, over the sample to which the Gaussian was fitted. Right, the W2
# geodesic from one Gaussian to another.

sample = rng.normal(size=(300, 2)) @ [[1.0, 0.6], [0.0, 0.8]]
P, Q = wdist.Gaussian.fit(sample), wdist.Gaussian([6, 2], [[1.0, -0.8], [-0.8, 1.0]])
figure, (left, right) = plt.subplots(1, 2, figsize=(9.5, 3.6), layout="constrained")
left.plot(*sample.T, ".", color="#5a5a5a", markersize=2)
wdist.plot.gaussian(P, ax=left)
ax = wdist.plot.geodesic(P, Q, ax=right)

# %%
# A bracket that narrows
# ----------------------
# The same problem at smaller and smaller ``rtol``. Closing the gap takes little more time than the first bracket.

x, y = rng.normal(size=(2, 2000, 2))
wdist.transport(x, y, p=2)  # compiles the solver, where that has not been done
results = [wdist.transport(x, y + 1, p=2, rtol=rtol) for rtol in (0.5, 0.1, 0.03, 0.01, 1e-3, 0.0)]
ax = wdist.plot.bracket(results, truth=results[-1].distance)

# %%
# Methods side by side
# --------------------
# Two normal laws in ten dimensions, 2 apart. Colour and marker say what each number is, the bar is its bracket. The
# exact distance of the samples is too large for the laws, sliced and max-sliced are other distances, and only the
# interval of ``estimate`` is meant for the truth.

x, y = rng.normal(size=(2, 500, 10))
y[:, 0] += 2
numbers = {
    "exact, of the samples": wdist.transport(x, y, p=2),
    "rtol=0.1, of the samples": wdist.transport(x, y, p=2, rtol=0.1),
    "estimate, of the laws": wdist.estimate(x, y, p=2, rng=0),
    "max-sliced": wdist.max_sliced(x, y, p=2, rng=0),
    "sliced": wdist.sliced(x, y, p=2, rng=0),
}
ax = wdist.plot.comparison(numbers, truth=2.0)
plt.show()
