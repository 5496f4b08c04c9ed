"""The short way to W2 by traces: right to the digits that it promises, and it knows where it is not."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest

from wdist import Gaussian
from wdist._traces import w2_of_many, w2_of_two


def law(rng: np.random.Generator, d: int) -> Gaussian:
    root = rng.standard_normal((d, d)) + 2.0 * np.eye(d)
    return Gaussian(rng.standard_normal(d), root @ root.T)


def w2(P: Gaussian, Q: Gaussian) -> float:
    """By the formula of Dowson and Landau, in fifty digits."""
    with mpmath.workdps(50):
        A, B = (mpmath.matrix(S.cov.tolist()) for S in (P, Q))
        values, _ = mpmath.eig(A * B)
        cross = sum(mpmath.sqrt(mpmath.re(v)) for v in values)
        shift = sum((mpmath.mpf(s) - mpmath.mpf(t)) ** 2 for s, t in zip(P.mean, Q.mean, strict=True))
        return float(mpmath.sqrt(shift + sum(A[k, k] + B[k, k] for k in range(A.rows)) - 2 * cross))


@pytest.mark.parametrize("d", [1, 2, 3, 5])
@pytest.mark.parametrize("size", [1.0, 1e-40, 1e40])
def test_two_laws_in_general_position(d: int, size: float) -> None:
    rng = np.random.default_rng(d)
    P, Q = (Gaussian(size * L.mean, size**2 * L.cov) for L in (law(rng, d), law(rng, d)))
    assert w2_of_two(P, Q) == pytest.approx(w2(P, Q), rel=1e-11)


@pytest.mark.parametrize("apart", [1e-1, 1e-3, 1e-5])
@pytest.mark.parametrize("moved", [True, False])
@pytest.mark.parametrize("size", [1e-10, 1.0, 1e10])
def test_near_laws_of_mild_condition_keep_their_digits(apart: float, moved: bool, size: float) -> None:
    """Where traces cancel: by vectors then, whose residual loses as many digits as the laws are near."""
    rng = np.random.default_rng(7)
    P, other = (Gaussian(size * L.mean, size**2 * L.cov) for L in (law(rng, 3), law(rng, 3)))
    Q = Gaussian(P.mean + moved * size * apart, P.cov + apart * other.cov)
    found = w2_of_two(P, Q)
    assert found is not None
    assert found == pytest.approx(w2(P, Q), rel=1e-15 / apart + 1e-11)


def test_where_doubles_do_not_settle_it_there_is_no_answer() -> None:
    rng = np.random.default_rng(8)
    P = law(rng, 3)
    thin = Gaussian.from_factor([0.0, 0.0, 0.0], rng.standard_normal((3, 1)))
    singular = Gaussian(np.zeros(3), np.diag([1.0, 1.0, 0.0]))
    for one, other in ((P, P), (P, thin), (thin, P), (P, singular), (singular, P), (singular, singular)):
        assert w2_of_two(one, other) is None
    for size in (1e130, 1e-140):  # whose fourth powers are no floats
        assert w2_of_two(*(Gaussian(size * L.mean, size**2 * L.cov) for L in (P, law(rng, 3)))) is None
    assert w2_of_two(P, Gaussian(P.mean + 1e150, 2.0 * P.cov)) is None
    nearly = np.diag([1.0, 1.0, 1e-12])
    assert w2_of_two(Gaussian(np.zeros(3), nearly), Gaussian(np.zeros(3), 1.000001 * nearly)) is None


def test_other_shapes_go_another_way() -> None:
    rng = np.random.default_rng(9)
    P, batch = law(rng, 2), Gaussian(np.zeros((3, 2)), np.eye(2))
    assert w2_of_two(P, batch) is None
    assert w2_of_two(batch, P) is None
    assert w2_of_two(P, law(rng, 3)) is None


def test_a_batch_has_the_distances_of_its_members() -> None:
    rng = np.random.default_rng(10)
    ones, others = ([law(rng, 3) for _ in range(6)] for _ in range(2))
    others[2], others[4] = ones[2], Gaussian(ones[4].mean, ones[4].cov + 1e-7 * np.eye(3))
    P, Q = (Gaussian([L.mean for L in laws], [L.cov for L in laws]) for laws in (ones, others))
    found, settled = w2_of_many(P, Q)
    np.testing.assert_array_equal(settled, [True, True, False, True, False, True])
    for k in np.flatnonzero(settled):
        assert found[k] == pytest.approx(w2(ones[k], others[k]), rel=1e-11)
    every, _ = w2_of_many(Gaussian(P.mean[:, None], P.cov[:, None]), Q)
    np.testing.assert_allclose(np.diag(every)[settled], found[settled], rtol=1e-14)


def test_members_whose_squares_are_no_floats_are_not_settled() -> None:
    cov = np.stack([np.eye(2), 1e170 * np.eye(2), np.zeros((2, 2))])
    _, settled = w2_of_many(Gaussian(np.zeros((3, 2)), cov), Gaussian(np.ones((3, 2)), 4.0 * cov))
    np.testing.assert_array_equal(settled, [True, False, False])
