"""What an answer lacks that another one has; anything but a null that is explained by an error is a mistake."""

from collections.abc import Iterator
from typing import Any

from tests.journeys.journey import Answer

Path = tuple[str | int, ...]


def lost(whole: Answer, odd: Answer) -> dict[Path, str]:
    """Where `odd` has null for something, with the code of the error that says why; all else is the same in both.

    AssertionError for any other difference: another value, a shorter list, a null that nothing explains, an error that
    nothing is missing for.
    """
    assert (whole.status, odd.status) == (200, 200), odd
    codes = {path: error["extensions"]["code"] for path, error in _errors(odd).items()}
    known = {path: error["extensions"]["code"] for path, error in _errors(whole).items()}
    missing = list(_missing(whole.body["data"], odd.body["data"], ()))
    assert {path: codes.get(path) for path in missing} == {
        path: code for path, code in codes.items() if known.get(path) != code
    }
    assert {path for path in known if path not in codes} == set()
    return {path: codes[path] for path in missing}


def _errors(answer: Answer) -> dict[Path, Any]:
    return {tuple(error["path"]): error for error in answer.body.get("errors", ())}


def _missing(whole: Any, odd: Any, path: Path) -> Iterator[Path]:
    if odd is None and whole is not None:
        yield path
    elif isinstance(whole, dict) and isinstance(odd, dict):
        assert whole.keys() == odd.keys(), path
        for name in whole:
            yield from _missing(whole[name], odd[name], (*path, name))
    elif isinstance(whole, list) and isinstance(odd, list):
        assert len(whole) == len(odd), path
        for index, (one, other) in enumerate(zip(whole, odd, strict=True)):
            yield from _missing(one, other, (*path, index))
    else:
        assert whole == odd, path


def shape_of(path: Path) -> str:
    """The path without places in lists, as people write it: `viewer.company.lines`."""
    return ".".join(name for name in path if isinstance(name, str))
