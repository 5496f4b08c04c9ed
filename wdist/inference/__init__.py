"""From samples to populations: estimates with intervals, and tests."""

from .population import estimate
from .significance import two_sample_test

__all__ = ["estimate", "two_sample_test"]
