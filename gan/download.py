"""Files fetched into the user's cache, from the first mirror that has them as they were published.

A file is checked before it gets its name, so that whatever bears a name in the cache has passed; one that was damaged
since is fetched again.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from .atomic import remove_drafts, replacing
from .idx import DataError
from .sources import FILES, Source

__all__ = ["cache_dir", "fetch"]

_TIMEOUT = (3.05, 10.0)  # seconds to connect, and between two packets: an offline machine moves on quickly
_DEAD = 60.0  # seconds after which nobody writes to a draft any more, well over that time between two packets
_CHUNK = 1 << 16  # bytes


def cache_dir() -> Path:
    """The user's cache folder for wdist, by the platform's convention."""
    import pooch

    return Path(pooch.os_cache("wdist"))


def fetch(name: str, folder: Path, source: Source, check: Callable[[Path, str], object]) -> str:
    """Bring the four files of a data set into ``folder``, and return the mirror they came from.

    Parameters
    ----------
    name : str
        What the data set is called in messages.
    folder : path
        Made if it does not exist. Files in it that pass are kept.
    source : Source
    check : callable
        Called with a path and the name of the file that should be there; raises DataError if it is another.

    Raises
    ------
    DataError
        If no mirror gives all files, or the folder cannot be written to.
    """
    import requests

    problems = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        remove_drafts(folder, _DEAD)
        for mirror in source.mirrors:
            try:
                for stem in FILES:
                    _fetch(mirror, stem, folder, check)
                return mirror
            except DataError:
                problems.append(f"{urlsplit(mirror).hostname}: not what was published")
            except (requests.RequestException, ValueError) as error:  # ValueError: a header that is no number
                problems.append(f"{urlsplit(mirror).hostname}: {type(error).__name__}")
    except OSError as error:
        raise DataError(
            f"{name} is not in WDIST_DATA, and cannot be kept in {folder} ({error.strerror or error})"
        ) from error
    damaged = [path.name for stem in FILES for path in _kept(folder, stem) if not _passes(path, stem, check)]
    state = f"whole in {folder} ({', '.join(damaged)} damaged)" if damaged else f"in {folder}"
    raise DataError(f"{name} is neither in WDIST_DATA nor {state}, and no mirror gave it ({'; '.join(problems)})")


def _fetch(mirror: str, stem: str, folder: Path, check: Callable[[Path, str], object]) -> None:
    import pooch

    kept = _kept(folder, stem)
    if kept and _passes(kept[0], stem, check):
        return
    with replacing(folder / f"{stem}.gz") as draft:
        pooch.HTTPDownloader(chunk_size=_CHUNK, timeout=_TIMEOUT)(f"{mirror}{stem}.gz", draft, None)
        check(draft, stem)
    (folder / stem).unlink(missing_ok=True)  # a plain file, damaged, would be read in place of the archive


def _kept(folder: Path, stem: str) -> list[Path]:
    return [path for path in (folder / stem, folder / f"{stem}.gz") if path.is_file()]


def _passes(path: Path, stem: str, check: Callable[[Path, str], object]) -> bool:
    try:
        check(path, stem)
    except DataError:
        return False
    return True
