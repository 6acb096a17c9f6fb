"""What a plugin is handed: durable records that workers share, ids, and words kept secret."""

from random import Random

import pytest

from careline.config.problems import ConfigError
from careline.context import AccountContext, Cipher, Records
from careline.contract.context import Context, State
from careline.errors import StoreError
from careline.http import ClientFactory
from careline.logs import Redactor, bind
from careline.models import Brand
from careline.testing.clock import FakeClock

KEY = "k" * 32
TOKENS = {"access": "access-token-of-today", "until": [1, None, "x"]}


class Table:
    """Records in a dict, as the store keeps them in a table."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str], tuple[bytes, int, bool]] = {}

    async def get(self, credential: str, key: str) -> tuple[bytes, int, bool] | None:
        return self.rows.get((credential, key))

    async def put(
        self, credential: str, key: str, value: bytes, *, version: int, secret: bool
    ) -> bool:
        if self.rows.get((credential, key), (b"", 0, False))[1] != version:
            return False
        self.rows[credential, key] = (value, version + 1, secret)
        return True


def context(records: Records, key: str | None = KEY, redactor: Redactor | None = None) -> Context:
    redactor, clock = redactor or Redactor(), FakeClock()
    log = bind("acme-x", redactor)
    return AccountContext(
        account="acme-x",
        brand=Brand(id="acme", name="Acme"),
        http=ClientFactory(clock, log, redactor),
        clock=clock,
        log=log,
        random=Random(7),
        records=records,
        cipher=Cipher(key),
        redactor=redactor,
    )


def state(records: Records, key: str | None = KEY, credential: str = "x-app") -> State:
    return context(records, key).state(credential)


async def test_a_record_comes_back_as_it_was_for_every_worker() -> None:
    table = Table()
    assert await state(table).get("budget") == (None, 0)
    assert await state(table).put("budget", {"spent": 12.5, "ä": [True]}, version=0)
    assert await state(table).get("budget") == ({"spent": 12.5, "ä": [True]}, 1)
    assert await state(table, credential="other").get("budget") == (None, 0)


async def test_of_two_workers_that_renew_a_token_one_wins_and_the_other_knows() -> None:
    table = Table()
    first, second = state(table), state(table)
    assert await first.put("oauth", "one", version=0)
    _, version = await second.get("oauth")
    assert await first.put("oauth", "two", version=version)
    assert not await second.put("oauth", "stale", version=version)
    assert await second.get("oauth") == ("two", 2)


async def test_a_secret_record_is_unreadable_at_rest() -> None:
    table = Table()
    await state(table).put("oauth", TOKENS, version=0, secret=True)
    [(raw, _, secret)] = table.rows.values()
    assert secret
    assert b"access" not in raw
    assert await state(table).get("oauth") == (TOKENS, 1)


async def test_another_security_key_is_told_by_name_and_not_by_value() -> None:
    table = Table()
    await state(table).put("oauth", TOKENS, version=0, secret=True)
    with pytest.raises(StoreError, match=r"'oauth' of credential 'x-app' .* \[security\] key"):
        await state(table, "another key").get("oauth")


async def test_a_secret_record_moved_to_another_place_is_refused() -> None:
    table = Table()
    await state(table).put("oauth", TOKENS, version=0, secret=True)
    table.rows["other-app", "oauth"] = table.rows["x-app", "oauth"]
    with pytest.raises(StoreError, match="'other-app'"):
        await state(table, credential="other-app").get("oauth")


async def test_without_a_security_key_a_secret_is_not_written_and_the_way_out_is_told() -> None:
    table = Table()
    with pytest.raises(ConfigError, match=r"security\.key: missing.* Add key = \{env = "):
        await state(table, None).put("oauth", TOKENS, version=0, secret=True)
    assert table.rows == {}
    assert await state(table, None).put("budget", 1, version=0)


async def test_what_is_no_json_is_the_plugins_bug() -> None:
    with pytest.raises(TypeError, match="not JSON serializable"):
        await state(Table()).put("budget", object(), version=0)
    with pytest.raises(ValueError, match="JSON"):
        await state(Table()).put("budget", float("nan"), version=0)


async def test_a_token_renewed_at_run_time_is_hidden_in_logs() -> None:
    redactor, table = Redactor(), Table()
    await (
        context(table, redactor=redactor)
        .state("x-app")
        .put("oauth", TOKENS, version=0, secret=True)
    )
    assert redactor.text("got access-token-of-today") == "got ***"
    later = Redactor()
    await context(table, redactor=later).state("x-app").get("oauth")
    assert later.text("got access-token-of-today") == "got ***"


def test_ids_are_unique_and_repeat_with_the_seed() -> None:
    one, same = context(Table()), context(Table())
    ids = [one.new_id() for _ in range(1000)]
    assert len(set(ids)) == 1000
    assert [same.new_id() for _ in range(1000)] == ids
