"""What real backends are like, by name: the knobs that make a simulated one so, and the profile that reads it right."""

import msgspec

from gateway.errors import ConfigurationError
from gateway.simulator.knobs import ALL_WELL, Knobs

APIS = "/tmf-api"
"""Where dialects hold: the identity provider beside the CRM speaks plainly."""


class Dialect(msgspec.Struct, frozen=True):
    """One way of speaking TM Forum's APIs.

    `profile` is what the gateway is told of each API, `[backends.<backend>.apis.<API>]`, where its defaults won't do.
    """

    name: str
    description: str
    knobs: Knobs = ALL_WELL
    profile: dict[str, str | int | bool] = {}


DIALECTS = {
    dialect.name: dialect
    for dialect in (
        Dialect("plain", "TMF630 v4 as it is written."),
        Dialect(
            "unknown_filters",
            "Knows few filters, hardly an owner among them, and answers as if the others were not there.",
            Knobs(
                only=APIS,
                unknown_filters_ignored=True,
                known_filters=("status", "state", "category", "engagedParty.id"),
            ),
        ),
        Dialect(
            "short_pages",
            "Puts 20 rows on a page, whatever is asked for, and has 404 for an empty list.",
            Knobs(only=APIS, page_cap=20, empty_list_as_404=True),
            {"empty_list_as_404": True},
        ),
        Dialect(
            "silent_pages",
            "Puts 20 rows on a page and does not say that there are more, nor how many.",
            Knobs(only=APIS, page_cap=20, no_totals=True),
            {"limit_max": 20},
        ),
        Dialect(
            "v5",
            "Parties, entities and contact media as in v5, with a type on every object.",
            Knobs(only=APIS, v5_parties=True, types_everywhere=True, flat_contact_media=True),
            {"version": "v5"},
        ),
        Dialect(
            "no_batches",
            "A filter takes one value; several have no effect.",
            Knobs(only=APIS, no_batch_ids=True),
            {"batch_ids": "none", "batch_owners": "none"},
        ),
        Dialect(
            "literal_commas",
            "A filter takes one value, in which a comma is a comma; several find nothing.",
            Knobs(only=APIS, literal_commas=True),
            {"batch_ids": "none", "batch_owners": "none"},
        ),
        Dialect(
            "reference_server",
            "Counts the whole collection, with 206 for it, and links to the next page without the filters; "
            "errors have numbers for codes, or are HTML pages.",
            Knobs(only=APIS, whole_totals=True, unfiltered_next_link=True, numeric_error_codes=True, html_errors=True),
        ),
    )
}


def dialect_named(name: str) -> Dialect:
    """The dialect of that name; ConfigurationError where there is none."""
    if name not in DIALECTS:
        raise ConfigurationError(f"--dialect: there is no dialect '{name}'; there are {', '.join(DIALECTS)}.")
    return DIALECTS[name]
