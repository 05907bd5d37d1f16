"""Date-times in the spellings that backends have, and what is said of those that are none."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import msgspec
import pytest

from gateway.adapters._decoding import WireDecoder

ROME_IN_WINTER = timezone(timedelta(hours=1))


class Period(msgspec.Struct, frozen=True, rename="camel"):
    """Both ends may be missing."""

    start_date: datetime | None = None
    end_date_time: datetime | None = None


class Product(msgspec.Struct, frozen=True, rename="camel"):
    """A moment, and other fields around it."""

    start_date: datetime
    name: str | None = None
    count: int = 0
    value: msgspec.Raw = msgspec.Raw(b"null")


def product(moment: str, rest: str = "") -> bytes:
    """As a backend sends it; `rest` follows the moment."""
    return f'{{"startDate": "{moment}"{rest}}}'.encode()


def decoders() -> list[WireDecoder[Product]]:
    """A new one, and one that has met another spelling than RFC 3339's before."""
    new, switched = WireDecoder[Product](Product), WireDecoder[Product](Product)
    switched.decode(product("2024-01-01"))
    assert (new._is_spelled_otherwise, switched._is_spelled_otherwise) == (False, True)
    return [new, switched]


AS_RFC_3339 = [
    ("2024-01-01T10:00:00Z", datetime(2024, 1, 1, 10, tzinfo=UTC)),
    ("2024-01-01T10:00:00+01:00", datetime(2024, 1, 1, 10, tzinfo=ROME_IN_WINTER)),
    ("2024-01-01t10:00:00.5z", datetime(2024, 1, 1, 10, 0, 0, 500_000, tzinfo=UTC)),
    ("2024-01-01T10:00:00.123456-00:30", datetime(2024, 1, 1, 10, 0, 0, 123_456, timezone(timedelta(minutes=-30)))),
    ("2024-01-01T10:00:00", datetime(2024, 1, 1, 10)),  # noqa: DTZ001  # it says no zone
    ("2024-01-01T10:00:00\\u002B01:00", datetime(2024, 1, 1, 10, tzinfo=ROME_IN_WINTER)),
]


@pytest.mark.parametrize(("spelled", "moment"), AS_RFC_3339)
def test_rfc_3339_is_read_as_it_is(spelled: str, moment: datetime) -> None:
    """With its offset, or without one; nothing is spelled anew, and where it is the moment is the same."""
    new, switched = decoders()
    for decoder in (new, switched):
        read = decoder.decode(product(spelled)).start_date
        assert (read, read.utcoffset()) == (moment, moment.utcoffset())
    assert not new._is_spelled_otherwise


@pytest.mark.parametrize(
    ("spelled", "moment"),
    [
        ("2024-01-01", "2024-01-01T00:00:00"),
        ("20240101", "2024-01-01T00:00:00"),
        ("20240101T100000Z", "2024-01-01T10:00:00+00:00"),
        ("20240101T100000+0100", "2024-01-01T10:00:00+01:00"),
        ("2024-01-01T10:00:00+01", "2024-01-01T10:00:00+01:00"),
        ("2024-01-01T10:00Z", "2024-01-01T10:00:00+00:00"),
        ("2024-01-01T10:00:00,25Z", "2024-01-01T10:00:00.250000+00:00"),
        ("2024-W01-1", "2024-01-01T00:00:00"),
    ],
)
def test_another_spelling_is_read_and_remembered(spelled: str, moment: str) -> None:
    """From the first one on, the fields of that shape are spelled anew before; others of it are read as ever."""
    decoder = WireDecoder[Product](Product)
    assert decoder.decode(product(spelled)).start_date.isoformat() == moment
    assert decoder._is_spelled_otherwise
    assert decoder.decode(product(spelled)).start_date.isoformat() == moment
    assert not WireDecoder[Product](Product)._is_spelled_otherwise


@pytest.mark.parametrize("offset", ["+0100", "+01:00"])
def test_an_offset_needs_no_colon(offset: str) -> None:
    """Whoever reads it."""
    for decoder in decoders():
        read = decoder.decode(product(f"2024-01-01T10:00:00{offset}")).start_date
        assert (read, read.utcoffset()) == (datetime(2024, 1, 1, 10, tzinfo=ROME_IN_WINTER), timedelta(hours=1))


@pytest.mark.parametrize(
    "garbage", ["soon", "", "2024-02-30", "2024-13-01T00:00:00Z", "2024-01-01T10:00:61Z", "x" * 99]
)
def test_what_is_no_moment_is_told_by_its_place(garbage: str) -> None:
    """In our words, without its own text; one such value changes nothing for the next one."""
    for decoder in decoders():
        before = decoder._is_spelled_otherwise
        with pytest.raises(msgspec.ValidationError) as caught:
            decoder.decode(product(garbage))
        assert str(caught.value) == "Expected an ISO 8601 date-time - at `$.startDate`"
        assert decoder._is_spelled_otherwise is before
        assert decoder.decode(product("2024-01-01T10:00:00Z")).start_date == datetime(2024, 1, 1, 10, tzinfo=UTC)
        assert decoder._is_spelled_otherwise is before


def test_only_a_body_that_could_be_read_tells_the_spelling() -> None:
    """Not one in which a moment is spelled otherwise and another one is none, or that is wrong elsewhere."""
    decoder = WireDecoder[list[Product]](list[Product])
    with pytest.raises(msgspec.ValidationError, match=r"Expected an ISO 8601 date-time - at `\$\[1\]\.startDate`"):
        decoder.decode(b"[%b, %b]" % (product("2024-01-01"), product("soon")))
    with pytest.raises(msgspec.ValidationError, match=r"^Expected `int`, got `str` - at `\$\[0\]\.count`$"):
        decoder.decode(b"[%b]" % product("2024-01-01", ', "count": "x"'))
    assert not decoder._is_spelled_otherwise
    assert len(decoder.decode(b"[%b]" % product("2024-01-01"))) == 1
    assert decoder._is_spelled_otherwise


@pytest.mark.parametrize(
    ("spelled", "moment"),
    [
        ("2024-12-31T23:59:59.9999999+01:00", "2024-12-31T23:59:59.999999+01:00"),
        ("2024-12-31T23:59:59.9999999Z", "2024-12-31T23:59:59.999999+00:00"),
        ("2024-12-31T23:59:59.9999999", "2024-12-31T23:59:59.999999"),
        ("2024-12-31T23:59:59.9999995+0100", "2024-12-31T23:59:59.999999+01:00"),
        ("2024-12-31T23:59:59.999999999Z", "2024-12-31T23:59:59.999999+00:00"),
        ("2024-12-31 23:59:59.9999999Z", "2024-12-31T23:59:59.999999+00:00"),
        ("2024-12-31t23:59:59.9999999z", "2024-12-31T23:59:59.999999+00:00"),
        (r"2024-12-31T23:59:59.9999999\u002B01:00", "2024-12-31T23:59:59.999999+01:00"),
        ("20241231T235959.9999999Z", "2024-12-31T23:59:59.999999+00:00"),
        ("2024-12-31T23:59:59.0000009Z", "2024-12-31T23:59:59+00:00"),
        ("2024-12-31T23:59:59.123456Z", "2024-12-31T23:59:59.123456+00:00"),
    ],
)
def test_a_long_fraction_is_cut(spelled: str, moment: str) -> None:
    """Not rounded: the end of a day stays within it, wherever in the body it stands."""
    for decoder in decoders():
        assert decoder.decode(product(spelled)).start_date.isoformat() == moment
        after = product("2024-01-01T10:00:00Z", f', "endDate": {{"startDate": "{spelled}"}}')
        assert decoder.decode(after).start_date == datetime(2024, 1, 1, 10, tzinfo=UTC)
    rows = WireDecoder[list[Product]](list[Product])
    read = rows.decode(b"[%b, %b]" % (product("2024-01-01T10:00:00Z"), product(spelled)))
    assert [row.start_date.isoformat() for row in read] == ["2024-01-01T10:00:00+00:00", moment]


def test_a_long_fraction_is_no_reason_to_spell_all_anew() -> None:
    """Such a body is told by itself; in another one nothing has to be."""
    decoder = WireDecoder[Product](Product)
    decoder.decode(product("2024-12-31T23:59:59.9999999Z"))
    assert not decoder._is_spelled_otherwise
    with pytest.raises(msgspec.ValidationError, match=r"^Expected an ISO 8601 date-time - at `\$\.startDate`$"):
        decoder.decode(product("2024-12-32T23:59:59.9999999Z"))


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (product("2024-01-01T10:00:00Z", ', "count": "x"'), "Expected `int`, got `str` - at `$.count`"),
        (b'{"name": "x"}', "Object missing required field `startDate`"),
        (b'{"startDate": 7}', "Expected `datetime`, got `int` - at `$.startDate`"),
        (b"[]", "Expected `object`, got `array`"),
        (b'{"startDate": "2024', "Input data was truncated"),
        (b"", "Input data was truncated"),
        (b"<html>", "JSON is malformed: invalid character (byte 0)"),
        ("\ufeff{}".encode(), "JSON is malformed: invalid character (byte 0)"),
        ('{"name": "x"}'.encode("utf-16"), "JSON is malformed: invalid character (byte 0)"),
    ],
)
def test_other_errors_are_as_they_were(body: bytes, told: str) -> None:
    """Of the same class and in the same words as without us, before and after another spelling was met."""
    with pytest.raises(msgspec.DecodeError) as plain:
        msgspec.json.decode(body, type=Product)
    assert str(plain.value) == told
    for decoder in decoders():
        with pytest.raises(msgspec.DecodeError) as caught:
            decoder.decode(body)
        assert (type(caught.value), str(caught.value)) == (type(plain.value), told)


def test_text_that_is_not_utf_8_is_an_error_wherever_it_stands() -> None:
    """In a moment it is none; in a text msgspec says so; what is not read may hold anything."""
    for decoder in decoders():
        for broken in (b"\xff", b"2024-01-01\xe8", b"2024-01-01T10:00:00\xffZ"):
            with pytest.raises(msgspec.ValidationError, match=r"^Expected an ISO 8601 date-time - at `\$\.startDate`$"):
                decoder.decode(b'{"startDate": "%b"}' % broken)
        with pytest.raises(UnicodeDecodeError):
            decoder.decode(b'{"startDate": "2024-01-01", "name": "\xe8"}')
        ignored = decoder.decode(b'{"startDate": "2024-01-01", "other": "\xe8"}')
        assert ignored.start_date.isoformat() == "2024-01-01T00:00:00"


def test_text_that_looks_like_a_moment_is_left_alone() -> None:
    """A text may hold JSON, escaped, or be the name of the field; other fields hold whatever they like."""
    text = '"startDate": "2024-01-01", \\'
    rest = f', "name": {msgspec.json.encode(text).decode()}, "other": "2024-01-01", "value": "startDate"'
    for decoder in decoders():
        read = decoder.decode(product("2024-02-01", rest))
        assert read.start_date.isoformat() == "2024-02-01T00:00:00"
        assert read.name == text
        assert bytes(read.value) == b'"startDate"'
        assert decoder.decode(product("2024-02-01", ', "name": "2024-01-01"')).name == "2024-01-01"
        long = decoder.decode(product("2024-02-01T10:00:00Z", ', "name": "10:00:00.1234567 2024-01-01"'))
        assert long.name == "10:00:00.1234567 2024-01-01"


@pytest.mark.parametrize("spelled", ["2024-01-01", "soon", "2024-01-01T10:00:00.5+0100", "\\u0032024-01-01", ""])
def test_a_field_of_the_same_name_in_a_value_of_any_type_means_the_same(spelled: str) -> None:
    """It is JSON still, and the same moment, or the same text where it is none; nothing else of it has changed."""
    value = f'{{"startDate": "{spelled}", "startDateOf": "2024-01-01", "deep": [{{"endDate": "2024-01-01"}}, 1.50]}}'
    for decoder in decoders():
        read = decoder.decode(product("2024-02-01", f', "value": {value}'))
        before, after = msgspec.json.decode(value), msgspec.json.decode(read.value)
        assert b"1.50" in bytes(read.value)
        assert before.keys() == after.keys()
        text, again = before.pop("startDate"), after.pop("startDate")
        assert before == after
        assert text == again or datetime.fromisoformat(text) == datetime.fromisoformat(again)


class Charge(msgspec.Struct, frozen=True, rename="camel"):
    """Its moment has a name that no other has here."""

    charged_at: datetime | None = None


class Payment(msgspec.Struct, frozen=True, rename="camel"):
    """Its too."""

    paid_at: datetime | None = None


class Deep(msgspec.Struct, frozen=True, rename="camel"):
    """Moments in every place that a shape has for them."""

    period: Period | None = None
    charges: tuple[Charge, ...] = ()
    payments: list[Payment] | None = None
    renamed: datetime | None = msgspec.field(name="@at", default=None)
    name: str | None = None


@pytest.mark.parametrize("annotation", [Deep, Deep | None])
@pytest.mark.parametrize(
    ("body", "told"),
    [
        ('{"period": {"startDate": "%s", "endDateTime": null}}', "$.period.startDate"),
        ('{"period": {"endDateTime" : "%s"}}', "$.period.endDateTime"),
        ('{"name": "è", "charges": [{}, {"chargedAt":\n\t"%s"}]}', "$.charges[1].chargedAt"),
        ('{"payments": [{"paidAt":"%s"}], "period": null}', "$.payments[0].paidAt"),
        ('{"@at": "%s"}', "$.@at"),
    ],
)
def test_moments_are_found_however_deep(annotation: Any, body: str, told: str) -> None:
    """In structs, tuples, lists and unions, under the name that they have on the wire, with any space around it."""
    moments = []
    for spelled in ("2024-12-31", "2024-12-31T00:00:00", "2024-12-31T00:00:00.0000009"):
        moments.append(WireDecoder[Any](annotation).decode((body % spelled).encode()))
    assert moments[0] == moments[1] == moments[2] != Deep(name=moments[0].name)
    decoder = WireDecoder[Any](annotation)
    decoder.decode(b'{"@at": "2024-01-01"}')
    for each in (decoder, WireDecoder[Any](annotation)):
        with pytest.raises(msgspec.ValidationError) as caught:
            each.decode((body % "soon").encode())
        assert str(caught.value) == f"Expected an ISO 8601 date-time - at `{told}`"


def test_rows_are_read_each_in_its_own_spelling() -> None:
    """A backend may have several; order and number of rows stay."""
    spelled = ["2024-01-01", "2024-01-02T00:00:00", "20240103T000000", "2024-01-04T00:00:00.0000001", "2024-01-05"]
    decoder = WireDecoder[list[Product]](list[Product])
    rows = decoder.decode(b"[" + b",".join(map(product, spelled)) + b"]")
    assert [row.start_date.isoformat() for row in rows] == [f"2024-01-0{day}T00:00:00" for day in range(1, 6)]


def test_a_shape_without_moments_is_read_as_it_is() -> None:
    """Whatever its texts look like."""

    class Named(msgspec.Struct):
        """A text where another shape has a moment."""

        start_date: str = msgspec.field(name="startDate")

    decoder = WireDecoder[Named](Named)
    for text in ("2024-01-01", "2024-12-31T23:59:59.9999999Z", "soon"):
        assert decoder.decode(product(text)).start_date == text
    with pytest.raises(msgspec.ValidationError, match=r"^Expected `str`, got `int` - at `\$\.startDate`$"):
        decoder.decode(b'{"startDate": 7}')
