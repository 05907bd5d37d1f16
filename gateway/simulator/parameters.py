"""What a simulated backend minds of a query's parameters, as its knobs have it."""

from urllib.parse import parse_qsl

from gateway.simulator.knobs import Knobs
from gateway.simulator.query import CONTROLS, FILTERS, BadQuery, filtered_path

V5_PARTY = "partyOrPartyRole."

Parameters = list[tuple[str, str]]


def minded(resource: str, query_string: bytes, knobs: Knobs) -> Parameters:
    """The parameters that have an effect; BadQuery for a filter that the knobs make unknown."""
    parameters = parse_qsl(query_string.decode("latin-1"), keep_blank_values=True)
    if knobs.v5_parties:
        parameters = [(name.replace(V5_PARTY, ""), value) for name, value in parameters if name != "relatedParty.id"]
    if knobs.ignored_filters:
        return [(name, value) for name, value in parameters if name in ("offset", "limit")]
    parameters = _known(resource, parameters, knobs)
    if knobs.no_batch_ids:
        names = [name for name, _ in parameters]
        return [
            (name, value)
            for name, value in parameters
            if name in ("fields", "sort") or ("," not in value and names.count(name) == 1)
        ]
    return parameters


def _known(resource: str, parameters: Parameters, knobs: Knobs) -> Parameters:
    known = FILTERS[resource] if knobs.known_filters is None else knobs.known_filters
    unknown = [name for name, _ in parameters if name not in CONTROLS and filtered_path(name)[0] not in known]
    if not unknown or knobs.unknown_filters_ignored:
        return [(name, value) for name, value in parameters if name not in unknown]
    raise BadQuery(f"{resource} has no filter '{unknown[0][:80]}'; there are {', '.join(known)}.")
