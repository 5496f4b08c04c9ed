"""``python -m wdist``: what it prints is the library's answer; what it cannot read it refuses in one line."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import wdist
from wdist.__main__ import main

X, Y = np.array([[0.0, 0.0], [1.0, 0.0], [0.5, 2.0]]), np.array([[3.0, 4.0], [4.0, 4.5]])


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    np.save("y.npy", Y)
    np.save("line.npy", [0.0, 1.0, 5.0])
    return tmp_path


def text(rows: np.ndarray, separator: str, names: str = "") -> str:
    return names + "".join(separator.join(map(repr, row)) + "\n" for row in rows.tolist())


def answer(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict:
    assert main(["distance", *arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("separator", [",", ";", "\t", " ", ", ", " ; "])
@pytest.mark.parametrize("names", ["", "north,east\n", '"north","east"\n', "# a remark\n\n"])
@pytest.mark.parametrize("start", ["", "\ufeff"])
def test_text_in_any_form(capsys, separator, names, start):
    names = names.replace(",", separator)
    Path("x.csv").write_text(start + text(X, separator, names) + "\n", encoding="utf-8")
    found = answer(capsys, "x.csv", "y.npy", "--p", "2")
    r = wdist.wasserstein(X, Y, p=2)
    assert [found[k] for k in ("distance", "lower", "upper", "kind", "method")] == [
        r.distance,
        r.lower,
        r.upper,
        "exact",
        "exact",
    ]
    assert found["x"] == {"file": "x.csv", "points": 3, "dimension": 2}


def test_weights_from_columns_files_and_archives(capsys):
    w, v = np.array([1.0, 2.0, 5.0]), np.array([3.0, 1.0])
    expected = wdist.wasserstein(wdist.Samples(X, w), wdist.Samples(Y, v), p=1).distance
    Path("x.csv").write_text(text(np.column_stack([X[:, 0], w, X[:, 1]]), ",", "a,mass,b\n"))
    Path("yw.csv").write_text(text(np.column_stack([Y, v]), " ", "a b mass\n"))
    Path("v.txt").write_text("3\n1\n")
    np.savez("y.npz", points=Y, weights=v)
    for arguments in (
        ["x.csv", "yw.csv", "--weights-column", "mass"],
        ["x.csv", "yw.csv", "--weights-column", "2", "3"],
        ["x.csv", "y.npy", "--weights-column", "mass", "-", "--y-weights", "v.txt"],
        ["x.csv", "y.npz", "--weights-column", "mass", "-"],
        ["x.csv", "y.npy", "--weights-column", "mass", "-", "--y-weights", "y.npz"],
    ):
        assert answer(capsys, *arguments, "--p", "1")["distance"] == pytest.approx(expected, rel=1e-14)


def test_other_methods_are_called_by_their_names(capsys):
    np.save("x.npy", X)
    for method, name, call in (("sliced", "SW_2", wdist.sliced), ("max_sliced", "max-SW_2", wdist.max_sliced)):
        assert main(["distance", "x.npy", "y.npy", "--p", "2", "--method", method, "--seed", "3"]) == 0
        assert capsys.readouterr().out.startswith(f"{name} = {call(X, Y, p=2, rng=3).distance!r}\n")


def test_text_says_value_bracket_kind_and_method(capsys):
    assert main(["distance", "line.npy", "line.npy", "--p", "inf"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:3] == ["W_inf = 0.0", "between 0.0 and 0.0", "exact, by method 1d"]
    assert answer(capsys, "line.npy", "line.npy", "--p", "inf")["p"] == "inf"  # JSON has no infinity


class Trap:
    """Unpickled, it leaves a file behind."""

    def __reduce__(self):
        return Path.touch, (Path("sprung"),)


def test_pickles_are_never_loaded(capsys):
    np.save("objects.npy", np.array([Trap()], dtype=object), allow_pickle=True)
    np.savez("objects.npz", points=np.array([Trap()], dtype=object))
    Path("pickle.npy").write_bytes(pickle.dumps(Trap()))
    for path, word in (("objects.npy", "pickled"), ("objects.npz", "pickled"), ("pickle.npy", "a pickle")):
        assert main(["distance", path, "y.npy", "--p", "1"]) == 2
        assert word in capsys.readouterr().err
    assert not Path("sprung").exists()


BAD = {
    "ragged.csv": ("1,2\n3\n", "ragged.csv: line 2 has 1 cell, and line 1 2: fill up or cut"),
    "names.csv": ("a,b\n\n1,2,3\n", "names.csv: line 3 has 3 cells, and the names 2"),
    "word.csv": ("1,2\n3,four\n", "word.csv: line 2, column 2: 'four' is no number"),
    "hole.csv": ("1,2\n3,\n", "hole.csv: line 2, column 2: '' is no number"),
    "comma.csv": ("1;2\n1,5;2\n", "comma.csv: line 2, column 1: '1,5' is no number (write decimals with a point)"),
    # A first row that is meant as numbers is no line of names, and no point is lost for it.
    "decimals.csv": ("1,5;2,5\n3;4\n", "line 1, column 1: '1,5' is no number (write decimals with a point)"),
    "thousands.csv": ("1_000;2_000\n3;4\n", "thousands.csv: line 1, column 1: '1_000' is no number"),
    "complex.csv": ("1+2j,-.5j\n3,4\n", "complex.csv: line 1, column 1: '1+2j' is no number"),
    "missing.csv": ("NA,n/a\n3,4\n", "missing.csv: line 1, column 1: 'NA' is no number"),
    "index.csv": (",a,b\n0,1,2\n", "index.csv: column 1 has no name; if it numbers the rows, leave it out"),
    "empty.csv": ("", "empty.csv: it is empty"),
    "remarks.csv": ("# nothing\n\n", "remarks.csv: it is empty"),
    "head.csv": ("a,b\n", "head.csv: below its names (a, b) there are no numbers"),
    "nan.csv": ("1,2\nnan,3\n", "nan.csv: points has 1 entry that is NaN or infinite, the first nan at index (1, 0)"),
    "space.csv": ("1,2,3\n", "space.csv lives in dimension 3 and y.npy in dimension 2"),
}


@pytest.mark.parametrize("path", BAD)
def test_bad_text_is_refused_in_one_line(capsys, path):
    content, message = BAD[path]
    Path(path).write_text(content)
    assert main(["distance", path, "y.npy", "--p", "2"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert message in err
    assert err.count("\n") == 1


def test_bad_files_and_arguments_are_refused_in_one_line(capsys):
    Path("binary.csv").write_bytes(bytes(range(128, 256)))
    Path("part.npy").write_bytes(Path("y.npy").read_bytes()[:-8])
    np.savez("two.npz", a=X, b=Y)
    np.save("words.npy", ["a", "b"])
    Path("x.csv").write_text("a,w\n1,2\n")
    Path("twice.csv").write_text("w,w,a\n1,2,3\n")
    np.savez("own.npz", points=Y, weights=[1, 2])
    for arguments, message in (
        (["twice.csv", "y.npy", "--weights-column", "w", "-"], "twice.csv: 2 of its columns are named 'w'"),
        (["own.npz", "y.npy", "--weights-column", "1", "-"], "own.npz: it has weights of its own"),
        (["own.npz", "y.npy", "--x-weights", "line.npy"], "own.npz: it has weights of its own"),
        (["nowhere.csv", "y.npy"], "nowhere.csv: there is no such file"),
        ([".", "y.npy"], ".: this is a folder"),
        (["binary.csv", "y.npy"], "binary.csv: this is not text"),
        (["part.npy", "y.npy"], "part.npy: it is no whole file of NumPy's"),
        (["two.npz", "y.npy"], "two.npz: it holds the arrays a, b: name one of them points"),
        (["words.npy", "y.npy"], "words.npy: points holds data of type <U1"),
        (["y.npy", "y.npy", "--weights-column", "w"], "y.npy: it has no column 'w' for weights"),
        (["x.csv", "y.npy", "--weights-column", "v"], "give a number from 1 to 2 or a name: a, w"),
        (["line.npy", "y.npy", "--weights-column", "1", "-"], "line.npy: its only column would be the weights"),
        (["x.csv", "y.npy", "--weights-column", "1", "1", "1"], "--weights-column got 3 columns"),
        (["y.npy", "y.npy", "--x-weights", "line.npy"], "line.npy: weights has shape (3,) beside 2 points"),
        (["x.csv", "y.npy", "--weights-column", "w", "--x-weights", "line.npy"], "give one of the two"),
        (["y.npy", "y.npy", "--p", "0.5"], "p is 0.5"),
        (["y.npy", "y.npy", "--method", "1d"], "lives in dimension 2, not on the line"),
    ):
        assert main(["distance", "--p", "2", *arguments]) == 2, arguments
        out, err = capsys.readouterr()
        assert out == ""
        assert message in err, arguments
        assert err.count("\n") == 1


BROKEN = {
    "an unclosed header": b"\x93NUMPY\x01\x00\x10\x00{'descr': (('<f8'\n",
    "a trillion": b"\x93NUMPY\x01\x00\x46\x00{'descr': '<f8', 'fortran_order': False, 'shape': (1099511627776,), }\n",
    "no zip": b"PK\x03\x04 and nothing of it",
}


@pytest.mark.parametrize("kind", BROKEN)
def test_broken_binaries_are_refused_in_one_line(capsys, kind):
    Path("x.npy").write_bytes(BROKEN[kind])
    assert main(["distance", "x.npy", "y.npy", "--p", "1"]) == 2
    assert capsys.readouterr().err.startswith("wdist: x.npy: it is no whole file of NumPy's")


def test_as_a_program(folder):
    root = Path(__file__).resolve().parents[1]
    command = [sys.executable, "-m", "wdist", "distance", str(folder / "line.npy"), str(folder / "line.npy")]
    ran = subprocess.run([*command, "--p", "1"], cwd=root, capture_output=True, text=True)
    assert (ran.returncode, ran.stdout.splitlines()[0]) == (0, "W_1 = 0.0")
    assert subprocess.run(command, cwd=root, capture_output=True).returncode == 2  # p is required
