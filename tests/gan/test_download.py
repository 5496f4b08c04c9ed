"""Downloads over HTTP from this machine: what mirrors may do wrong, what disks may, and kills."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import http.server
import os
import random
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pooch
import pytest

from gan import download
from gan.data import load
from gan.download import fetch
from gan.idx import read_idx
from gan.sources import FILES, SOURCES, Source

HTTPDownloader = pooch.HTTPDownloader  # which a fixture of all tests replaces by one that never answers


class Server(http.server.ThreadingHTTPServer):
    """Serves the files of a folder, each under ``/fault/name``, with what the fault says done to them."""

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.folder, self.asked, self.pause = folder, list[str](), 0.0

    def at(self, fault: str) -> str:
        return f"http://127.0.0.1:{self.server_port}/{fault}/"


class Handler(http.server.BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        fault, name = self.path.strip("/").split("/")
        self.server.asked.append(f"{fault} {name}")
        content = (self.server.folder / name).read_bytes()
        if fault == "missing":
            return self.send_error(404)
        self.send_response(200)
        length = "many" if fault == "misled" else len(content)
        self.send_header("Content-Length", str(length))
        self.end_headers()
        if fault == "other":
            content = content[:-9] + bytes(9)
        if fault == "cut":
            content = content[: len(content) // 2]
        if fault == "silent":
            time.sleep(0.5)
        for begin in range(0, len(content), 1024):
            time.sleep(self.server.pause)
            with contextlib.suppress(OSError):  # the other side was killed
                self.wfile.write(content[begin : begin + 1024])
        self.close_connection = True
        return None

    def log_message(self, *args: object) -> None:
        """Not to the console."""


@pytest.fixture
def server(idx_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """Serves the small data set, which is published as MNIST."""
    monkeypatch.setattr("pooch.HTTPDownloader", HTTPDownloader)
    for proxy in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(proxy, raising=False)
    with Server(idx_folder) as serving:
        thread = threading.Thread(target=serving.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield serving
        serving.shutdown()
        thread.join()


@pytest.fixture
def publish(idx_folder: Path, server: Server, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Source]:
    """Make mirrors with these faults those of MNIST."""
    contents = {stem: gzip.decompress((idx_folder / f"{stem}.gz").read_bytes()) for stem in FILES}
    digests = {stem: hashlib.sha256(content).hexdigest() for stem, content in contents.items()}

    def set_mirrors(*faults: str) -> Source:
        source = Source(tuple(server.at(fault) for fault in faults), sha256=digests)
        monkeypatch.setitem(SOURCES, "mnist", source)
        return source

    return set_mirrors


def kept(folder: Path) -> list[str]:
    return sorted(os.listdir(folder))


WHOLE = sorted(f"{stem}.gz" for stem in FILES)


def test_what_was_fetched_is_kept(publish, server: Server, cache: Path) -> None:
    publish("good")
    assert load("mnist").source.startswith(server.at("good"))
    assert kept(cache / "mnist") == WHOLE
    assert load("mnist").source == str(cache / "mnist")
    assert len(server.asked) == 4


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("missing", "HTTPError"),
        ("other", "not what was published"),
        ("cut", "ChunkedEncodingError"),
        ("silent", "ConnectionError|ReadTimeout"),
        ("misled", "ValueError|InvalidHeader|ChunkedEncodingError"),
    ],
)
def test_a_mirror_that_fails_is_named_and_leaves_nothing(
    publish, cache: Path, monkeypatch: pytest.MonkeyPatch, fault: str, reason: str
) -> None:
    monkeypatch.setattr(download, "_TIMEOUT", (1.0, 0.2))
    publish(fault)
    lines: list[str] = []
    assert load("mnist", say=lines.append).name == "digits"
    assert "no mirror gave it (127.0.0.1: " in lines[0]
    assert any(word in lines[0] for word in reason.split("|")), lines[0]
    assert kept(cache / "mnist") == []
    publish(fault, "good")
    assert load("mnist").name == "mnist"
    assert kept(cache / "mnist") == WHOLE


def test_nobody_listening(publish, server: Server, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = publish("good")
    closed = Source(("http://127.0.0.1:9/",), sha256=source.sha256)
    monkeypatch.setitem(SOURCES, "mnist", closed)
    lines: list[str] = []
    assert load("mnist", say=lines.append).name == "digits"
    assert "no mirror gave it (127.0.0.1: ConnectionError)" in lines[0]


def test_an_interrupted_download_is_taken_up(publish, server: Server, idx_folder: Path, cache: Path) -> None:
    publish("good")
    (cache / "mnist").mkdir(parents=True)
    (cache / "mnist" / WHOLE[0]).write_bytes((idx_folder / WHOLE[0]).read_bytes())
    load("mnist")
    assert sorted(server.asked) == [f"good {name}" for name in WHOLE[1:]]


@pytest.mark.parametrize("plain", [False, True])
def test_a_file_damaged_in_the_cache_is_fetched_again(publish, server: Server, cache: Path, plain: bool) -> None:
    publish("good")
    load("mnist")
    path = cache / "mnist" / WHOLE[2]
    content = gzip.decompress(path.read_bytes()) if plain else path.read_bytes()
    damaged = path.with_suffix("") if plain else path
    damaged.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    if plain:
        path.unlink()
    publish("missing")
    lines: list[str] = []
    assert load("mnist", say=lines.append).name == "digits"
    assert f"{damaged.name} damaged" in lines[0]
    server.asked.clear()
    publish("good")
    assert load("mnist").name == "mnist"
    assert server.asked == [f"good {WHOLE[2]}"]
    assert kept(cache / "mnist") == WHOLE


def test_a_full_disk_is_told_of(publish, disk, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = disk("size=28k")  # the data set has 60 images of 784 bytes
    monkeypatch.setattr("pooch.os_cache", lambda name: folder)
    publish("good")
    lines: list[str] = []
    assert load("mnist", say=lines.append).name == "digits"
    assert f"cannot be kept in {folder / 'mnist'} (No space left on device)" in lines[0]
    assert "no mirror" not in lines[0]
    assert kept(folder / "mnist") == []


def test_a_read_only_cache_is_told_of(publish, disk, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = disk("ro")
    monkeypatch.setattr("pooch.os_cache", lambda name: folder)
    publish("good")
    lines: list[str] = []
    assert load("mnist", say=lines.append).name == "digits"
    assert "(Read-only file system)" in lines[0]


def test_a_file_in_place_of_the_cache_is_told_of(publish, cache: Path) -> None:
    cache.write_text("")
    publish("good")
    lines: list[str] = []
    assert load("mnist", say=lines.append).name == "digits"
    assert "(Not a directory)" in lines[0] or "(File exists)" in lines[0]


def _check(path: Path, stem: str, source: Source) -> None:
    read_idx(path, 3 if "idx3" in stem else 1, sha256=source.sha256[stem])


def _killed_downloads(server: Server, source: Source, folder: Path, kills: int) -> None:
    """Fetch in a child that is killed, again and again: what bears a name is whole, and is not fetched again."""
    check, dice, done = partial(_check, source=source), random.Random(4), 0
    server.pause = 0.002
    while done < kills:
        whole = [stem for stem in FILES if (folder / f"{stem}.gz").exists()]
        if len(whole) == len(FILES):  # begin anew, so that all kills hit a download
            for name in os.listdir(folder):
                (folder / name).unlink()
            whole = []
        server.asked.clear()
        pid = os.fork()
        if pid == 0:
            try:
                fetch("mnist", folder, source, check)
            finally:
                os._exit(0)
        time.sleep(dice.uniform(0.0, 0.15))
        os.kill(pid, 9)
        _, status = os.waitpid(pid, 0)
        done += os.WIFSIGNALED(status)
        for stem in FILES:
            if (folder / f"{stem}.gz").exists():
                check(folder / f"{stem}.gz", stem)
        assert not {f"good {stem}.gz" for stem in whole} & set(server.asked)
    for name in os.listdir(folder):  # as if a minute had passed
        if name.startswith("."):
            os.utime(folder / name, (0, 0))
    fetch("mnist", folder, source, check)
    assert kept(folder) == WHOLE


@pytest.mark.skipif(os.name == "nt", reason="there is no fork")
@pytest.mark.parametrize("kills", [3, pytest.param(60, marks=pytest.mark.slow)])
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_killed_downloads(publish, server: Server, tmp_path: Path, kills: int) -> None:
    _killed_downloads(server, publish("good"), tmp_path / "kept", kills)
