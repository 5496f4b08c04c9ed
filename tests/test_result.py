"""The records: what they store, what they derive, and that nobody changes them afterwards."""

from __future__ import annotations

import dataclasses
import math
import pickle

import numpy as np
import pytest
import torch

from wdist import Certificate, Result


def result(distance=3.0, p=2.0, **fields) -> Result:
    value = float(distance.detach()) if isinstance(distance, torch.Tensor) else distance
    return Result(distance, p, **{"lower": value, "upper": value, "kind": "exact", "method": "1d", **fields})


@pytest.mark.parametrize("p", [1.0, 1.5, 2.0, 7.0])
def test_cost_is_the_distance_to_the_power_p(p):
    assert result(3.0, p).cost == pytest.approx(3.0**p, rel=1e-15)


def test_cost_has_no_meaning_at_p_infinity():
    assert math.isnan(result(3.0, math.inf).cost)
    assert torch.isnan(result(torch.tensor(3.0), math.inf).cost)


@pytest.mark.parametrize("distance", [1e200, np.float64(1e200), torch.tensor(1e200, dtype=torch.float64)])
def test_cost_is_infinite_where_it_overflows(distance):
    assert math.isinf(float(result(distance, 2.0).cost))


def test_cost_of_an_infinite_distance_is_infinite():
    assert result(math.inf, 2.0).cost == math.inf


def test_cost_carries_the_gradient():
    distance = torch.tensor(3.0, dtype=torch.float64, requires_grad=True)
    result(distance, 2.0).cost.backward()
    assert distance.grad == 6.0


def test_float_detaches_the_distance():
    distance = torch.tensor(3.0, requires_grad=True)
    assert float(result(distance * 2)) == 6.0
    assert float(result(3)) == 3.0


def test_gap_is_the_width_of_the_bracket():
    assert result(2.0, lower=1.5, upper=2.0).gap == 0.5


def test_gap_of_two_infinities_is_zero():
    assert result(math.inf).gap == 0.0
    assert result(1.0, lower=1.0, upper=math.inf).gap == math.inf


def test_a_result_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        result().distance = 0.0
    # No slot for a new attribute; which error says so depends on the Python version.
    with pytest.raises((AttributeError, TypeError)):
        result().colour = "red"


def test_results_compare_by_identity():
    assert result() != result()  # a field-wise == would trip over arrays


def test_results_do_not_share_their_stats():
    assert result().stats is not result().stats


def test_a_result_survives_pickling():
    copy = pickle.loads(pickle.dumps(result(2.0, lower=1.0, stats={"seconds": 0.5})))
    assert (copy.distance, copy.lower, copy.gap, copy.stats) == (2.0, 1.0, 1.0, {"seconds": 0.5})


def test_the_certificate_derives_its_gap():
    certificate = Certificate(primal=2.5, dual=2.0, marginal_error=0.0, violation=0.0)
    assert certificate.gap == 0.5
    with pytest.raises(dataclasses.FrozenInstanceError):
        certificate.primal = 0.0
