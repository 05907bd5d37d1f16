"""What the log says of a journey, and what it never says."""

import json
import re
import time
from pathlib import Path
from typing import Any

from tests.journeys.journey import Journey, end_of

SECRETS = """
query Secrets($id: ID!, $number: PhoneNumber!) {
  line(number: $number) { number ... on MobileLine { sim { codes { pin puk pin2 puk2 } } } }
  company(id: $id) { gssPackages { nodes { contactPhone } } lines(filter: {number: $number}) { nodes { number } } }
}
"""


def _lines_of(log_file: Path, journey: Journey, token: str) -> tuple[str, list[dict[str, Any]], dict[str, str]]:
    """The log of one request that reads every kind of secret: as text, as events, and the secrets it read."""
    sim = next(row for row in journey.world.rows("product") if row["id"].startswith("lin-0001-"))
    number = next(resource["value"] for resource in sim["realizingResource"] if "value" in resource)
    resource = journey.world.row("resource", sim["realizingResource"][0]["id"])
    assert resource is not None
    before = end_of(log_file)
    answer = journey.query(SECRETS, token, id=journey.demo.company_id, number=number)
    assert answer.data["line"]["number"] == number
    codes = {item["name"]: item["value"] for item in resource["resourceCharacteristic"]}
    assert answer.data["line"]["sim"]["codes"]["puk"] == codes["PUK1"]
    text = _after(log_file, before)
    events = [json.loads(line) for line in text.splitlines()]
    (own,) = (event["request_id"] for event in events if event.get("operation") == "Secrets")
    return text, [each for each in events if each.get("request_id") == own], codes | {"number": number, "token": token}


def _after(log_file: Path, before: int) -> str:
    """What was written since, which may begin with the end of an earlier request; its own line is the last."""
    for _ in range(500):
        text = log_file.read_bytes()[before:].decode()
        if '"operation":"Secrets"' in text.replace(": ", ":") and text.endswith("\n"):
            return text
        time.sleep(0.01)
    raise AssertionError("no line for the request")


def test_a_request_can_be_followed_and_tells_no_secret(journey: Journey, log_file: Path) -> None:
    """One line for the request, one for each backend call with the same id; no token, code or whole number anywhere."""
    token = journey.demo.tokens.user_admin
    text, events, secrets = _lines_of(log_file, journey, token)
    (request,) = [event for event in events if event["event"] == "request"]
    assert request["operation"] == "Secrets"
    assert request["company_id"] == "org-0001"
    assert (request["status"], request["error_codes"]) == (200, [])
    calls = [event for event in events if event["event"] == "backend_call"]
    assert {call["path"] for call in calls} >= {"/product", "/resource/{id}"}
    assert all(call.keys() >= {"backend", "method", "path", "status", "ms", "rows", "batch"} for call in calls)
    assert {call["request_id"] for call in calls} == {request["request_id"]}
    for name, secret in secrets.items():
        if len(secret) > 4:  # a PIN of four digits may stand in a duration
            assert secret not in text, name
    assert re.findall(r"\+39\d{6,}", text) == []


def test_reading_codes_leaves_an_audit_line(journey: Journey, log_file: Path) -> None:
    """Who read whose codes, never what they are."""
    _, events, secrets = _lines_of(log_file, journey, journey.demo.tokens.telco_manager)
    (audit,) = [event for event in events if event["event"] == "sim_codes_read"]
    assert audit["audit"] is True
    assert (audit["role"], audit["company_id"]) == ("TELCO_MANAGER", "org-0001")
    assert audit["sim_id"].startswith("sim-0001-")
    assert audit["subject"] == "telco_manager@org-0001"
    assert not set(map(str, audit.values())) & set(secrets.values())
