"""What the README shows is what happens."""

import json
import re
from pathlib import Path

from gateway.demo import DemoOptions, world_of
from tests.journeys.journey import running

README = (Path(__file__).parents[2] / "README.md").read_text("utf-8")


def test_the_query_and_its_answer() -> None:
    """The body that the README sends to a demo with no options gets, word for word, the answer printed below it."""
    (body,) = re.findall(r"-d '(.*?)'\n```", README, re.DOTALL)
    (answer,) = re.findall(r"```json\n(.*?)```", README, re.DOTALL)
    options = DemoOptions(port=0)
    with running(world_of(options), options) as journey:
        assert journey.query(json.loads(body)["query"]).body == json.loads(answer)
