"""The agenda: everything at its moment, in the clock's order, whoever turns the clock."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zoomsandbox.state.agenda import Agenda
from zoomsandbox.state.clock import Clock


class Diary:
    """A frozen clock, its agenda, and what was done at which of its seconds."""

    def __init__(self, **limits: int) -> None:
        self.clock = Clock()
        self.clock.stand(1_000.0)
        self.crashes: list[BaseException] = []
        self.agenda = Agenda(self.clock, self.crashes.append, **limits)
        self.done: list[tuple[str, float]] = []

    def plan(self, name: str, at: float, then: Callable[[], Any] | None = None) -> bool:
        """Write the name down at that second, after which ``then`` is called and awaited."""

        async def act() -> None:
            self.done.append((name, self.clock.now() - 1_000))
            outcome = then() if then else None
            if isinstance(outcome, Awaitable):
                await outcome

        return self.agenda.plan(1_000 + at, act)


@pytest.fixture
def diary() -> Diary:
    return Diary()


def run(doing: Awaitable[Any]) -> Any:
    async def bounded() -> Any:
        async with asyncio.timeout(5):
            return await doing

    return asyncio.run(bounded())


def test_advance_does_what_is_due_in_the_order_of_the_clock(diary):
    for name, at in (("third", 30), ("first", 10), ("second", 20)):
        diary.plan(name, at)
    run(diary.agenda.advance(60))
    assert diary.done == [("first", 10), ("second", 20), ("third", 30)]


def test_advance_leaves_what_is_due_later(diary):
    diary.plan("in time", 60)
    diary.plan("too late", 60.5)
    run(diary.agenda.advance(60))
    assert diary.done == [("in time", 60)]
    assert len(diary.agenda) == 1


def test_advance_ends_at_the_target_whatever_was_due(diary):
    diary.plan("once", 10)
    run(diary.agenda.advance(60))
    assert diary.clock.now() == 1_060


def test_of_the_same_moment_the_one_planned_first_begins_first(diary):
    for name in "abcdef":
        diary.plan(name, 10)
    run(diary.agenda.advance(10))
    assert [name for name, _ in diary.done] == list("abcdef")


def test_what_is_planned_on_the_way_is_done_within_the_span(diary):
    diary.plan("first", 10, lambda: diary.plan("again", 30, lambda: diary.plan("late", 90)))
    run(diary.agenda.advance(60))
    assert diary.done == [("first", 10), ("again", 30)]


def test_the_clock_stands_until_an_action_is_over(diary):
    async def work() -> None:
        await asyncio.sleep(0.05)
        diary.done.append(("worked", diary.clock.now() - 1_000))

    diary.plan("slow", 10, work)
    diary.plan("next", 20)
    run(diary.agenda.advance(60))
    assert diary.done == [("slow", 10), ("worked", 10), ("next", 20)]


def test_what_has_passed_is_done_at_once_and_the_clock_never_goes_back(diary):
    diary.plan("late", -500)
    run(diary.agenda.advance(0))
    assert diary.done == [("late", 0)]


def test_settle_does_what_is_due_and_nothing_else(diary):
    diary.plan("now", 0, lambda: diary.plan("and now", 0))
    diary.plan("later", 1)
    run(diary.agenda.settle())
    assert [name for name, _ in diary.done] == ["now", "and now"]


def test_turns_wait_for_each_other(diary):
    async def turn_twice() -> None:
        await asyncio.gather(diary.agenda.advance(60), diary.agenda.advance(60))

    diary.plan("first", 30, lambda: asyncio.sleep(0.02))
    diary.plan("second", 90)
    run(turn_twice())
    assert diary.done == [("first", 30), ("second", 90)]
    assert diary.clock.now() == 1_120


def test_one_that_fails_is_told_and_the_others_go_on(diary):
    def fail() -> None:
        raise LookupError("on purpose")

    diary.plan("bad", 10, fail)
    diary.plan("good", 20)
    run(diary.agenda.advance(60))
    assert diary.done == [("bad", 10), ("good", 20)]
    assert [str(error) for error in diary.crashes] == ["on purpose"]


def test_a_full_agenda_takes_no_more():
    diary = Diary(most_items=2)
    assert [diary.plan(name, 10) for name in "abc"] == [True, True, False]


def test_clearing_forgets_and_breaks_off(diary):
    ended = []

    async def work() -> None:
        try:
            await asyncio.sleep(4)
        except asyncio.CancelledError:
            ended.append("broken off")
            raise

    async def clear_meanwhile() -> None:
        turn = asyncio.create_task(diary.agenda.advance(60))
        await asyncio.sleep(0.02)
        diary.agenda.clear(Clock())
        await turn

    diary.plan("slow", 10, work)
    diary.plan("next", 20)
    run(clear_meanwhile())
    assert (diary.done, ended, len(diary.agenda)) == ([("slow", 10)], ["broken off"], 0)


def test_a_turn_broken_off_by_a_reset_leaves_the_new_clock_alone(diary):
    new = Clock()

    async def clear_meanwhile() -> None:
        diary.agenda.clear(new)

    diary.plan("reset", 10, clear_meanwhile)
    run(diary.agenda.advance(1e6))
    assert abs(new.now() - time.time()) < 5
    assert not new.is_still


# --- Left alone --------------------------------------------------------------------------------


@pytest.fixture
def live(diary) -> Diary:
    """The same with the clock going, from the second 0."""
    diary.clock.go_on()
    return diary


def run_alone(live: Diary, seconds: float) -> None:
    async def wait() -> None:
        live.agenda.start()
        await asyncio.sleep(seconds)
        await live.agenda.stop()

    run(wait())


def test_left_alone_none_begins_before_its_moment(live):
    live.plan("second", 0.2)
    live.plan("first", 0.1)
    live.plan("never", 5)
    run_alone(live, 0.5)
    assert [name for name, _ in live.done] == ["first", "second"]
    assert all(at >= due for (_, at), due in zip(live.done, (0.1, 0.2), strict=True))


def test_something_planned_sooner_wakes_it(live):
    async def plan_later() -> None:
        live.plan("far", 60)
        live.agenda.start()
        await asyncio.sleep(0.05)
        live.plan("near", 0)
        await asyncio.sleep(0.05)
        await live.agenda.stop()

    run(plan_later())
    assert [name for name, _ in live.done] == ["near"]


def test_a_slow_one_holds_up_nobody(live):
    live.plan("slow", 0, lambda: asyncio.sleep(4))
    live.plan("quick", 0.05)
    run_alone(live, 0.2)
    assert [name for name, _ in live.done] == ["slow", "quick"]


def test_nothing_later_is_done_while_the_clock_stands(diary):
    diary.plan("now", 0)
    diary.plan("later", 0.05)
    run_alone(diary, 0.2)
    assert [name for name, _ in diary.done] == ["now"]


def test_waiting_costs_no_work(live):
    live.plan("far", 3_600)
    begun = time.process_time()
    run_alone(live, 0.5)
    assert time.process_time() - begun < 0.25


def test_after_stop_nothing_is_left_running(live):
    async def count_tasks() -> int:
        live.plan("slow", 0, lambda: asyncio.sleep(60))
        live.agenda.start()
        await asyncio.sleep(0.05)
        await live.agenda.stop()
        return len(asyncio.all_tasks())

    # The test's own, and its guard's.
    assert run(count_tasks()) == 1


def test_a_turn_goes_on_from_the_target(live):
    run(live.agenda.advance(600))
    assert 1_600 <= live.clock.now() < 1_605
    assert not live.clock.is_still


@pytest.mark.parametrize(("freeze", "is_still"), [(True, True), (False, False), (None, False)])
def test_a_running_clock_stands_only_if_told_to(live, freeze, is_still):
    run(live.agenda.advance(1, freeze=freeze))
    assert live.clock.is_still is is_still


@pytest.mark.parametrize(("freeze", "is_still"), [(True, True), (False, False), (None, True)])
def test_a_standing_clock_runs_only_if_told_to(diary, freeze, is_still):
    run(diary.agenda.advance(1, freeze=freeze))
    assert diary.clock.is_still is is_still


@settings(deadline=None, max_examples=60)
@given(
    moments=st.lists(st.integers(0, 50), max_size=20),
    turns=st.lists(st.integers(0, 20), min_size=1, max_size=8),
)
def test_any_turns_do_the_same_as_one_of_their_sum(moments, turns):
    diaries = Diary(), Diary()
    for diary in diaries:
        for number, at in enumerate(moments):
            diary.plan(f"{number}", at)

    async def turn() -> None:
        for seconds in turns:
            await diaries[0].agenda.advance(seconds)
        await diaries[1].agenda.advance(sum(turns))

    run(turn())
    assert diaries[0].done == diaries[1].done
    assert diaries[0].clock.now() == diaries[1].clock.now()
