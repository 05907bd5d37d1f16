"""One API of a backend while it is asked: what is known of its profile so far, and what came of each point."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from gateway.config import API_DEFAULTS, Profile, profiles_of
from gateway.config.profile import CONTRACT_NAMES
from gateway.contract_kit.asking import Asked, Asker, Pair
from gateway.contract_kit.contract import Contract, Json, Operation
from gateway.contract_kit.point import Outcome, Point
from gateway.contract_kit.sample import Samples
from gateway.contract_kit.shape import Shape
from gateway.contract_kit.toml import written

NOBODY = "contracts-verify-nobody"
"""An id that no record has."""


class Api:
    """One API under its profile, which changes while it is found out how the backend differs."""

    def __init__(
        self, contract: Contract, backend: str, key: str, settings: Mapping[str, Any], asker: Asker, samples: Samples
    ) -> None:
        self.contract = contract
        self.backend = backend
        self.key = key
        self.samples = samples
        self.points: list[Point] = []
        self.settings = dict(settings)
        self.profile = self._profile()
        self.empty_status: int | None = None
        """The status of a list without rows, once there was one."""
        self.is_reached = False
        self.has_rows = False
        """Whether its list can be read, and has anything in it."""
        self.asker = asker
        self._given = frozenset(settings)
        self._shapes: dict[int, Shape] = {}

    @property
    def operations(self) -> list[Operation]:
        """What the contract has of this API."""
        return [operation for operation in self.contract.operations if operation.api == self.key]

    def learn(self, **settings: object) -> None:
        """Takes what was found out into the profile, by which all else is asked."""
        self.settings |= settings
        self.profile = self._profile()

    def setting_of(self, parameter: str) -> str | None:
        """The setting that says how this backend calls a filter; None where there is none."""
        default = API_DEFAULTS[self.backend].get(self.key, {})
        if parameter == default.get("owner_parameter", "relatedParty.id"):
            return "owner_parameter"
        return f'names."{parameter}"' if parameter in CONTRACT_NAMES.get(self.key, ()) else None

    def name_of(self, parameter: str) -> str:
        """How the profile says that this backend calls a filter."""
        if self.setting_of(parameter) == "owner_parameter":
            return self.profile.owner_parameter
        return self.profile.names.get(parameter, parameter)

    def rename(self, parameter: str, name: str) -> None:
        """Learns how this backend calls a filter."""
        if self.setting_of(parameter) == "owner_parameter":
            self.learn(owner_parameter=name)
        else:
            self.learn(names={**self.settings.get("names", {}), parameter: name})

    def path(self, operation: Operation, base_path: str | None = None) -> str:
        """Where the operation is by this profile, or below another base path."""
        base = self.profile.base_path if base_path is None else base_path
        return base.rstrip("/") + self.resource(operation)

    def resource(self, operation: Operation) -> str:
        """The operation's path without the API's base path, `/customerBill`."""
        default = API_DEFAULTS[self.backend].get(self.key, {}).get("base_path", "")
        return operation.path.removeprefix(default)

    async def rows(self, operation: Operation, *query: Pair, base_path: str | None = None) -> Asked:
        """What a list gives, asked by the profile; its rows show what ids there are."""
        fields = self.fields(operation) if self.profile.send_fields else []
        asked = await self.asker.get(self.path(operation, base_path), [*query, *fields])
        if asked.rows:
            self.samples.see(self.contract, operation.success, asked.rows)
        return asked

    async def without_fields(self, operation: Operation, *query: Pair) -> Asked:
        """The same without `fields`."""
        return await self.asker.get(self.path(operation), query)

    async def record(self, operation: Operation, id: str) -> Asked:
        """What is under an id."""
        path = self.record_path(operation, id)
        asked = await self.asker.get(path, self.fields(operation) if self.profile.send_fields else [])
        if asked.is_good:
            self.samples.see(self.contract, operation.success, asked.document)
        return asked

    def record_path(self, operation: Operation, id: str) -> str:
        """Where the record with an id is."""
        return self.path(operation).removesuffix("{id}") + quote(id, safe="")

    async def send(self, method: str, path: str, document: object, content_type: str = "application/json") -> Asked:
        """What a body is answered with."""
        return await self.asker.send(method, path, document, content_type)

    def see_empty(self, asked: Asked) -> None:
        """Remembers what a list without rows is: 200 with an empty array, or 404."""
        if asked.rows == [] or asked.status == 404:
            self.empty_status = asked.status

    def fields(self, operation: Operation) -> list[Pair]:
        """The attributes that the gateway asks for; of several sets the first that holds nothing secret."""
        parameter = operation.query("fields")
        for words in () if parameter is None else parameter.words:
            if not set(words.split(",")) & self.secrets(operation):
                return [Pair("fields", words.split(","))]
        return []

    def secrets(self, operation: Operation) -> set[str]:
        """The attributes of a record that the kit does not ask for."""
        properties = self.item(operation).get("properties", {})
        return {name for name, schema in properties.items() if self.contract.resolved(schema).get("x-secret")}

    def item(self, operation: Operation) -> Json:
        """The schema of one record."""
        schema = self.contract.resolved(operation.success)
        return self.contract.resolved(schema["items"]) if schema.get("type") == "array" else schema

    def shape(self, schema: Json) -> Shape:
        """What a schema promises."""
        shape = self._shapes.get(id(schema))
        if shape is None:
            shape = self._shapes[id(schema)] = Shape(self.contract, schema)
        return shape

    def check_document(self, operation: Operation, where: str, promise: str, document: Json) -> None:
        """That the answer to an operation is as the contract describes it: `promise` holds, or each deviation fails."""
        deviations = self.shape(operation.success).deviations(document)
        for deviation in deviations:
            broken = f"`{deviation.path}` is as described"
            advice = "fix the backend: the answer is refused (BACKEND_CONTRACT_BROKEN)"
            self.fails(where, broken, expected=deviation.expected, came=deviation.came, advice=advice)
        if not deviations:
            self.holds(where, promise)

    def holds(self, where: str, promise: str, setting: str | None = None, *, came: str = "") -> None:
        """The point holds; with a setting that is not the default, because of it."""
        is_set = setting is not None and setting.partition(".")[0] in self._given
        advice = f"by {self.setting_path(setting)}" if setting and is_set else ""
        self._add(where, promise, Outcome.HOLDS, came=came, advice=advice)

    def needs(self, where: str, promise: str, setting: str, value: object, came: str, *, expected: str = "") -> None:
        """The point does not hold, and the gateway can be set to it."""
        advice = f"set {self.setting_path(setting)} = {written(value)}, or fix the backend"
        self._add(where, promise, Outcome.SETTING, expected=expected, came=came, advice=advice)

    def fails(self, where: str, promise: str, *, expected: str, came: str, advice: str) -> None:
        """The point does not hold, and no setting makes up for it."""
        self._add(where, promise, Outcome.FAILS, expected=expected, came=came, advice=advice)

    def tolerates(self, where: str, promise: str, *, expected: str, came: str, advice: str) -> None:
        """The point does not hold, and the gateway does without."""
        self._add(where, promise, Outcome.TOLERATED, expected=expected, came=came, advice=advice)

    def hint(self, where: str, promise: str, advice: str) -> None:
        """The backend can do what the contract does not ask for."""
        self._add(where, promise, Outcome.BEYOND, advice=advice)

    def not_tried(self, where: str, promise: str, reason: str) -> None:
        """Nobody knows whether the point holds."""
        self._add(where, promise, Outcome.NOT_TRIED, came=reason)

    def breaks_off(self, message: str) -> None:
        """The backend stopped answering, in the middle of this API."""
        where = self.path(self.operations[0])
        self.fails(
            where,
            "it answers",
            expected="an answer",
            came=message,
            advice="see the backend's own log, or give it longer with --timeout",
        )

    def setting_path(self, setting: str) -> str:
        """A setting of this API by its whole name."""
        return f"backends.{self.backend}.apis.{self.key}.{setting}"

    def _add(
        self, where: str, promise: str, outcome: Outcome, *, expected: str = "", came: str = "", advice: str = ""
    ) -> None:
        self.points.append(
            Point(
                backend=self.backend,
                api=self.key,
                where=where,
                promise=promise,
                outcome=outcome,
                expected=expected,
                came=came,
                advice=advice,
            )
        )

    def _profile(self) -> Profile:
        return profiles_of(self.backend, {self.key: self.settings})[self.key]
