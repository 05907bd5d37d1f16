"""What is remembered of a backend's answers, in this process and in a real Valkey."""

import asyncio
from datetime import UTC, datetime
from math import inf

import pytest
from redis.asyncio import Redis

from gateway.config import CacheSettings, SharingSettings
from gateway.domain.company import CompanyAccounts
from gateway.domain.key import Key, freshness_of
from tests.store.conftest import DOWN, Clock, Replica, Sims, StartReplica, sim

SIM_FRESH_SECONDS = 300 * 0.9
SIM_OLD_SECONDS = 300 * 1.1 + 1
SIM_STALE_SECONDS = 3600


def end_of(replica: Replica, *keys: Key) -> float:
    """Until when what the process keeps under these keys is news; of others, of something that it never kept."""
    kept = {entry.key: entry.value for entry in replica.store.process._ring}
    until: float = replica.source.fresh_until({key: kept.get(key, "never kept") for key in keys})
    return until


async def test_a_fresh_answer_is_known_without_a_turn_of_the_loop(start: StartReplica) -> None:
    """Once it was asked for, it is there without waiting."""
    async with start() as replica:
        assert replica.source.known([Key("a", "1")]) == {}
        assert await replica.get("1") == ["1"]
        assert replica.source.known([Key("a", "1"), Key("a", "2")]) == {Key("a", "1"): sim(Key("a", "1"))}


async def test_another_replica_reads_what_the_first_one_remembered(start: StartReplica) -> None:
    """Through Redis, with its own times: old there is old here."""
    async with start() as first, start() as second:
        await first.get("1", "2")
        assert await second.get("1", "2") == ["1", "1"]
        assert (first.sims.asked, second.sims.asked) == (["1", "2"], [])


async def test_what_is_not_shared_is_kept_in_redis_too(start: StartReplica) -> None:
    """From a company's very first read on."""
    async with start(sharing=SharingSettings(enabled=False)) as first, start() as second:
        await first.get("1")
        assert await second.get("1") == ["1"]
        assert second.sims.asked == []


async def test_an_old_answer_is_asked_for_again_and_stands_in_for_an_error(start: StartReplica, clock: Clock) -> None:
    """After its time it is renewed; while the backend is down it is better than nothing, for so long."""
    async with start() as replica:
        await replica.get("1")
        clock.forward(SIM_FRESH_SECONDS - 1)
        assert replica.source.known([Key("a", "1")])
        clock.forward(SIM_OLD_SECONDS - SIM_FRESH_SECONDS)
        replica.sims.version = 2
        assert await replica.get("1") == ["2"]
        clock.forward(SIM_OLD_SECONDS)
        replica.sims.down = True
        assert await replica.get("1", "never seen") == ["2", DOWN]
        clock.forward(SIM_STALE_SECONDS - SIM_OLD_SECONDS)
        assert await replica.get("1") == [DOWN]


async def test_a_replica_that_was_not_there_serves_what_another_remembered(start: StartReplica, clock: Clock) -> None:
    """Old answers hide an error wherever they come from."""
    async with start() as first, start() as second:
        await first.get("1")
        clock.forward(SIM_OLD_SECONDS)
        second.sims.down = True
        assert await second.get("1") == ["1"]
        assert second.sims.asked == ["1"]


async def test_what_is_kept_is_news_until_the_first_of_it_ends(start: StartReplica, clock: Clock) -> None:
    """The end is each one's own; of several, in any order, the earliest; of none there is no end."""
    one, two = Key("a", "1"), Key("a", "2")
    async with start() as replica:
        began = clock().timestamp()
        await replica.get("1")
        clock.forward(100)
        await replica.get("2")
        first, second = end_of(replica, one), end_of(replica, two)
        assert began + SIM_FRESH_SECONDS <= first < began + SIM_OLD_SECONDS
        assert began + 100 + SIM_FRESH_SECONDS <= second < began + 100 + SIM_OLD_SECONDS
        assert end_of(replica, one, two) == end_of(replica, two, one) == first
        assert end_of(replica) == inf
        clock.now = datetime.fromtimestamp(first - 0.001, UTC)
        assert end_of(replica, two, one) == first
        assert replica.source.known([one])
        clock.forward(0.002)
        assert end_of(replica, one, two) == end_of(replica, two, one) == 0.0
        assert end_of(replica, two) == second


async def test_what_is_not_kept_is_no_news(start: StartReplica, clock: Clock) -> None:
    """Be it one of several: never read, an error, from before a write, from a time to come."""
    one, missing = Key("a", "1"), Key("a", "missing")
    async with start() as replica:
        await replica.get("1")
        assert end_of(replica, one) > 0
        assert end_of(replica, one, missing) == end_of(replica, missing, one) == 0.0
        replica.sims.down = True
        assert await replica.get("missing") == [DOWN]
        assert end_of(replica, missing) == 0.0
        clock.forward(-1)
        assert end_of(replica, one) == 0.0
        clock.forward(1)
        assert end_of(replica, one) > 0
        await replica.store.generations.raise_generation("b")
        assert end_of(replica, one) > 0
        await replica.store.generations.raise_generation("a")
        assert end_of(replica, one) == 0.0


async def test_what_stands_in_for_an_error_is_no_news(start: StartReplica, clock: Clock) -> None:
    """Nor is what may have been missed; what is known to be unknown is, for its moment."""
    one, unknown = Key("a", "1"), Key("a", "2")
    async with start() as replica:
        replica.sims.unknown.add("2")
        assert await replica.get("1", "2") == ["1", None]
        now = clock().timestamp()
        assert now < end_of(replica, one, unknown) < now + 4
        replica.store.process.expire()
        assert end_of(replica, one) == end_of(replica, unknown) == 0.0
    async with start() as other:
        await other.get("1")
        clock.forward(SIM_OLD_SECONDS)
        other.sims.down = True
        assert await other.get("1") == ["1"]
        assert end_of(other, one) == 0.0


@pytest.mark.parametrize("is_shared", [True, False])
async def test_nothing_is_news_where_nothing_is_kept(start: StartReplica, is_shared: bool) -> None:
    """By the settings, or because it is secret."""
    sharing = SharingSettings(enabled=is_shared)
    async with start(cache=CacheSettings(enabled=False), sharing=sharing) as replica:
        await replica.get("1")
        assert freshness_of(replica.source)({Key("a", "1"): "1"}) == 0.0
    async with start("sim_codes_by_id", sharing=sharing) as replica:
        await replica.get("1")
        assert freshness_of(replica.source)({Key("a", "1"): "1"}) == 0.0


async def test_an_error_is_never_remembered(start: StartReplica) -> None:
    """The next request asks again."""
    async with start() as replica:
        replica.sims.down = True
        assert await replica.get("1") == [DOWN]
        replica.sims.down = False
        assert await replica.get("1") == ["1"]


async def test_the_unknown_is_remembered_for_a_moment(start: StartReplica, clock: Clock) -> None:
    """Seconds, because it may be created; and what was known before does not come back."""
    async with start() as replica:
        await replica.get("1")
        clock.forward(SIM_OLD_SECONDS)
        replica.sims.unknown.add("1")
        assert await replica.get("1") == [None]
        assert await replica.get("1") == [None]
        assert replica.sims.asked == ["1", "1"]
        clock.forward(4)
        replica.sims.down = True
        assert await replica.get("1") == [DOWN]
    async with start() as other:
        other.sims.down = True
        assert await other.get("1") == [DOWN]


async def test_a_damaged_entry_is_a_miss(start: StartReplica, redis: Redis) -> None:
    """Whatever stands under our name, the answer comes from the backend."""
    async with start() as first:
        await first.get("1")
    (name,) = [name async for name in redis.scan_iter("telco-gateway:sim_by_id:*")]
    await redis.set(name, b"\xff\x00")
    async with start() as second:
        assert await second.get("1") == ["1"]
        assert second.sims.asked == ["1"]


async def test_without_a_server_everything_still_answers(start: StartReplica) -> None:
    """A refused connection is a miss, and this process remembers by itself."""
    async with start(url="redis://127.0.0.1:1/0") as replica:
        assert await replica.get("1") == ["1"]
        assert await replica.get("1") == ["1"]
        assert replica.sims.asked == ["1"]


async def test_the_cache_can_be_turned_off(start: StartReplica, redis: Redis) -> None:
    """Then only calls that are under way are shared, and the directory of accounts is remembered still."""
    async with start(cache=CacheSettings(enabled=False)) as replica:
        await replica.get("1")
        await replica.get("1")
        assert replica.sims.asked == ["1", "1"]
        assert await redis.keys("*sim*") == []


async def test_answers_are_not_lost_or_mixed_up_in_redis(start: StartReplica, redis: Redis) -> None:
    """Keys whose parts look alike when they are joined have names of their own."""
    async with start() as first:
        await asyncio.gather(*(first.get(id, company=company) for company, id in (("a:b", "c"), ("a", "b:c"))))
    assert len(await redis.keys("telco-gateway:sim_by_id:*")) == 2


class Accounts(Sims):
    """A directory: one customer for each company, none for `nobody`."""

    async def get_many(self, keys):  # type: ignore[no-untyped-def]
        """The accounts of each company."""
        self.batches.append(list(keys))
        return [
            DOWN if self.down else None if key in self.unknown else CompanyAccounts(key, (f"cus-{self.version}",), ())
            for key in keys
        ]


async def test_which_accounts_a_company_holds_survives_an_outage_of_days(start: StartReplica, clock: Clock) -> None:
    """Fresh for an hour, then asked of the CRM; while that is down what it last said, whatever was written since."""
    crm, billing = Accounts(), Accounts()
    billing.version = 9
    async with start(cache=CacheSettings(enabled=False)) as replica:
        auth = replica.store.settings.backends.crm.auth
        accounts = replica.store.accounts(crm, billing, auth, auth)
        assert await accounts.get_many(["org"]) == [CompanyAccounts("org", ("cus-1",), ())]
        assert accounts.known(["org"]) == {"org": CompanyAccounts("org", ("cus-1",), ())}  # type: ignore[attr-defined]
        await replica.store.generations.raise_generation("org")
        clock.forward(6 * 86_400)
        crm.down = True
        assert await accounts.get_many(["org"]) == [CompanyAccounts("org", ("cus-1",), ())]
        clock.forward(86_400)
        assert await accounts.get_many(["org"]) == [CompanyAccounts("org", ("cus-9",), ())]
        crm.down = False
        crm.unknown.add("org")
        assert await accounts.get_many(["org"]) == [None]
        assert await accounts.get_many(["org"]) == [None]
        assert len(crm.batches) == 5


async def test_what_billing_said_of_accounts_is_no_news(start: StartReplica) -> None:
    """The CRM's word is, for as long as it is kept; what stands in for it is asked for again."""
    crm, billing = Accounts(), Accounts()
    async with start() as replica:
        auth = replica.store.settings.backends.crm.auth
        accounts = freshness_of(source := replica.store.accounts(crm, billing, auth, auth))
        crm.down = True
        (billing_s,) = await source.get_many(["org"])
        assert billing_s == CompanyAccounts("org", ("cus-1",), ())
        assert accounts({"org": billing_s}) == 0.0
        crm.down = False
        (crm_s,) = await source.get_many(["org"])
        assert accounts({"org": crm_s}) > 0
        assert accounts({"org": billing_s}) == accounts({"org": crm_s, "other": None}) == 0.0
