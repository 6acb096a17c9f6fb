"""A vacuum writes the database anew, on both engines, and changes nothing in it."""

from careline.store.vacuum import vacuum


async def test_everything_is_as_it_was(told):
    before = await told.dump()
    vacuum(told.desk.store)
    assert await told.dump() == before
