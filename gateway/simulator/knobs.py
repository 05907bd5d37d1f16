"""How a simulated backend can be made to misbehave, as real ones do."""

from typing import Annotated

import msgspec
from msgspec import Meta

Milliseconds = Annotated[float, Meta(ge=0, le=60_000)]
Rate = Annotated[float, Meta(ge=0, le=1)]
ErrorStatus = Annotated[int, Meta(ge=400, le=599)]
Rows = Annotated[int, Meta(ge=1)]


class Knobs(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What goes wrong at one backend; all off is a backend that keeps its contract."""

    only: str = ""
    """Only requests whose path begins so, such as `/tmf-api/troubleTicket`; "" is all but the control API."""
    latency_ms: Milliseconds = 0
    """Each answer waits this long."""
    error_rate: Rate = 0
    """This part of all requests, chosen from the world's seed, is answered with `error_status`."""
    error_status: ErrorStatus = 500
    retry_after_seconds: Annotated[int, Meta(ge=0, le=86_400)] | None = None
    """What errors that are told by `error_rate` say in Retry-After."""
    at_once: Annotated[int, Meta(ge=1, le=10_000)] | None = None
    """So many requests are worked on at once, each for `latency_ms`; the others wait for their turn."""
    hang: bool = False
    """No answer ever comes; the request ends when the client leaves or the server stops."""
    reset: bool = False
    """The connection is dropped without an answer."""
    truncated_body: bool = False
    """The connection is dropped in the middle of the body."""
    wrong_json: bool = False
    """The body is an HTML page that says it is JSON."""
    wrong_shape: bool = False
    """Every `id` is an object instead of a string, those of references too."""
    ignored_filters: bool = False
    """Filters, `fields` and `sort` have no effect: lists are pages of everything."""
    known_filters: tuple[str, ...] | None = None
    """Of the filters that a resource has, only these are known, such as `status`; null is all of them."""
    unknown_filters_ignored: bool = False
    """A filter that is not known has no effect, instead of being refused."""
    no_batch_ids: bool = False
    """A filter with several values has no effect."""
    literal_commas: bool = False
    """A comma is part of a filter's value, so that several values are one that nothing has."""
    empty_list_as_404: bool = False
    """A list without rows is 404, as ServiceNow answers."""
    page_cap: Rows | None = None
    """No page has more rows than this, whatever `limit` asks for."""
    no_totals: bool = False
    """There is no `X-Total-Count`, and a part of a list is 200, so that nothing tells of a page that was cut."""
    whole_totals: bool = False
    """`X-Total-Count` counts all records of the resource, whatever was asked for, and 206 goes by it."""
    unfiltered_next_link: bool = False
    """A page with more after it has a `Link` to the next one, malformed, in which the filters are lost."""
    v5_parties: bool = False
    """Parties and entities are nested as in v5; `relatedParty.partyOrPartyRole.id` filters, `relatedParty.id` not."""
    types_everywhere: bool = False
    """Every object has an `@type`, references too, as v5 asks for."""
    flat_contact_media: bool = False
    """Contact media are flat and typed as in v5: `emailAddress` stands under no `characteristic`."""
    numeric_error_codes: bool = False
    """`code` in error bodies is a number, as TM Forum's reference server sends it."""
    html_errors: bool = False
    """The body of an error is an HTML page, except for 404, as TM Forum's reference server answers."""
    canary_secrets: bool = False
    """Every document and error body carries a text that begins with CANARY and must reach no client."""

    def __post_init__(self) -> None:
        """ValueError for what no path begins with."""
        if self.only and not self.only.startswith("/"):
            raise ValueError(f"`only`: no path begins so; begin with '/', as in '/{self.only}'")


ALL_WELL = Knobs()
