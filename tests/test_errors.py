"""The named errors: what they are caught as, what they carry, and that they survive a process boundary."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
from scipy.sparse import coo_array

import wdist
from wdist import InvalidMeasureError, NotConvergedError, Result, WdistError


@pytest.mark.parametrize(
    ("error", "builtin"), [(InvalidMeasureError, ValueError), (NotConvergedError, RuntimeError)]
)
def test_each_error_is_a_wdist_error_and_a_builtin_one(error, builtin):
    assert issubclass(error, WdistError)
    assert issubclass(error, builtin)
    assert not issubclass(WdistError, builtin)  # catching one cause does not catch the other


def test_not_converged_carries_its_message_and_result():
    result = _bracket()
    error = NotConvergedError("no time left: raise the limit", result)
    assert str(error) == error.message == "no time left: raise the limit"
    assert error.result is result


def test_not_converged_needs_no_result():
    assert NotConvergedError("stopped before the first bound").result is None


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_not_converged_survives_pickling_with_its_result(protocol):
    error = pickle.loads(pickle.dumps(NotConvergedError("stopped", _bracket()), protocol))
    assert type(error) is NotConvergedError
    assert str(error) == "stopped"
    assert (error.result.lower, error.result.upper, error.result.kind) == (1.0, 2.0, "bound")
    np.testing.assert_array_equal(error.result.plan.toarray(), [[0.5, 0.0], [0.0, 0.5]])
    np.testing.assert_array_equal(error.result.potentials[0], [0.0, 1.0])


def test_not_converged_survives_copying():
    error = copy.deepcopy(NotConvergedError("stopped", _bracket()))
    assert error.result.upper == 2.0


def test_invalid_measure_survives_pickling():
    with pytest.raises(InvalidMeasureError) as caught:
        wdist.Samples([np.nan])
    error = pickle.loads(pickle.dumps(caught.value))
    assert type(error) is InvalidMeasureError
    assert str(error) == str(caught.value)


def _bracket() -> Result:
    return Result(
        distance=2.0,
        p=1.0,
        lower=1.0,
        upper=2.0,
        kind="bound",
        method="exact",
        plan=coo_array(np.eye(2) / 2),
        potentials=(np.array([0.0, 1.0]), np.array([1.0, 0.0])),
        stats={"iterations": 3},
    )
