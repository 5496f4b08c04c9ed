"""Transport problems that come with an answer, by a solver of another kind, in rational arithmetic, or by a theorem."""

import pytest

pytest.register_assert_rewrite("problems.judge", "problems.integers")
