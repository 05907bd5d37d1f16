"""One call of an API, and its decoded answer."""

from typing import Generic, TypeVar

import msgspec

T = TypeVar("T")


class Call(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One call of an API.

    `path` is the template that is logged, `/customerBill/{id}`; `target` is what is sent below the API's base path,
    percent-encoded, with its query; `batch` is how many keys are asked for at once; `is_safe`: it changes nothing, so
    it may be made again.
    """

    path: str
    target: str
    method: str = "GET"
    body: bytes | None = None
    batch: int = 1
    none_on_404: bool = False
    is_safe: bool = True


class Answer(msgspec.Struct, Generic[T], frozen=True, gc=False):
    """What a call gave: None for a 404 that means so; `total` is X-Total-Count, which may be wrong.

    `is_partial` is 206: the backend says that it has more than this.
    """

    value: T | None
    total: int | None
    is_partial: bool = False

    @property
    def rows(self) -> int:
        """How many records came."""
        if isinstance(self.value, list):
            return len(self.value)
        return 0 if self.value is None else 1
