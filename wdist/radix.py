"""Rows of floats in increasing order, with their weights, digit by digit.

A float64 read as a whole number is in order after one change: all bits of a negative number are flipped, the sign bit
of a positive one. Such numbers are sorted by their lowest byte, then stably by the next, and so on (Knuth, The Art of
Computer Programming 3, 1998, algorithm 5.2.5R): eight passes, with no comparisons and no permutation to apply later.
"""

from __future__ import annotations

import numpy as np

from .compilation import kernel

__all__ = ["SHORT", "sort_rows"]

SHORT = 512  # points in a row below which 256 counters a pass cost more than comparisons

_SIGN = np.uint64(1 << 63)
_TOP = np.uint64(63)
_BYTE = np.uint64(8)
_MASK = np.uint64(255)
_NONE = np.uint64(0)


def _to_keys(bits: np.ndarray, counts: np.ndarray) -> None:
    """Turn floats' bits into ordered numbers, in place, and count every byte of them."""
    counts[:, :] = 0
    for i in range(len(bits)):
        key = bits[i]
        key = ~key if key >> _TOP else key | _SIGN
        bits[i] = key
        for place in range(8):
            counts[place, key & _MASK] += 1
            key >>= _BYTE


def _to_bits(keys: np.ndarray) -> None:
    for i in range(len(keys)):
        key = keys[i]
        keys[i] = key ^ _SIGN if key >> _TOP else ~key


def _offsets(count: np.ndarray) -> None:
    """Counts of a digit's values into where each value's block begins."""
    begin = 0
    for value in range(256):
        length = count[value]
        count[value] = begin
        begin += length


def _deal(keys: np.ndarray, weights: np.ndarray, spare: np.ndarray, spare_weights: np.ndarray, shift: np.uint64,
          offset: np.ndarray) -> None:  # fmt: skip
    """One pass: everything to its digit's block."""
    weighted = len(weights) > 0
    for i in range(len(keys)):
        key = keys[i]
        digit = (key >> shift) & _MASK
        place = offset[digit]
        offset[digit] = place + 1
        spare[place] = key
        if weighted:
            spare_weights[place] = weights[i]


@kernel(_to_keys, _to_bits, _offsets, _deal, owns=True)
def sort_rows(bits: np.ndarray, weights: np.ndarray) -> None:
    """Sort every row in place.

    Parameters
    ----------
    bits : ndarray of uint64, shape (rows, n), C-contiguous
        A view of float64 without NaN.
    weights : ndarray of float64, shape (rows, n) or (rows, 0), C-contiguous
        Moved along with the points; stably.
    """
    rows, n = bits.shape
    counts = np.empty((8, 256), np.int64)
    spare, spare_weights = np.empty(n, np.uint64), np.empty(weights.shape[1], np.float64)
    for row in range(rows):
        here, there, mass, other = bits[row], spare, weights[row], spare_weights
        _to_keys(here, counts)
        moved = False
        shift = _NONE
        for place in range(8):
            # A digit that all numbers share needs no pass.
            if counts[place, (here[0] >> shift) & _MASK] < n:
                _offsets(counts[place])
                _deal(here, mass, there, other, shift, counts[place])
                here, there, mass, other = there, here, other, mass
                moved = not moved
            shift += _BYTE
        if moved:
            bits[row] = here
            weights[row] = mass
        _to_bits(bits[row])
