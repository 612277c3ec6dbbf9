"""What is to be done at a moment of the simulated clock, in the clock's order."""

import asyncio
import contextlib
import heapq
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from zoomsandbox.state.clock import Clock

Action = Callable[[], Coroutine[Any, Any, None]]

# A receiver that is down for long must not fill the memory.
MOST_ITEMS = 50_000
# The last resort against an action that never ends. Seconds of the machine.
LONGEST_ACTION = 600.0
# The machine's clock may be set while nothing is due: look again now and then.
LONGEST_SLEEP = 60.0
SHORTEST_SLEEP = 0.001


@dataclass(order=True, slots=True)
class _Item:
    at: float
    seq: int
    action: Action = field(compare=False)


class Agenda:
    """Actions and their moments. One that fails is told to ``note_crash``; the others go on.

    Left alone, each begins when the clock has come to its moment. :meth:`advance` turns the clock
    and lets it stand at every moment at which something is due until that is done.
    """

    def __init__(
        self,
        clock: Clock,
        note_crash: Callable[[BaseException], None],
        most_items: int = MOST_ITEMS,
    ) -> None:
        self.clock = clock
        self._note_crash = note_crash
        self._most_items = most_items
        self._items: list[_Item] = []
        self._seq = 0
        self._running: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Event()
        self._turning = asyncio.Lock()
        self._runner: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        """How many actions wait or are running."""
        return len(self._items) + len(self._running)

    def plan(self, at: float, action: Action) -> bool:
        """Do this at that moment, or at once if it has passed; False when the agenda is full.

        Of actions for the same moment the one planned first begins first; they do not wait for
        each other.
        """
        if len(self._items) >= self._most_items:
            return False
        self._seq += 1
        heapq.heappush(self._items, _Item(at, self._seq, action))
        self._changed.set()
        return True

    def list_planned(self) -> list[tuple[float, Action]]:
        """What waits, in its order."""
        return [(item.at, item.action) for item in sorted(self._items)]

    async def advance(self, seconds: float, *, freeze: bool | None = None) -> None:
        """Turn the clock forward, through every moment at which something is due.

        What the actions plan within the span is done too. Turns wait for each other, and a reset
        ends one. Afterwards the clock stands (``freeze``), runs on from the target (False), or does
        what it did before (None).
        """
        async with self._turning:
            clock = self.clock
            stays = clock.is_still if freeze is None else freeze
            target = clock.now() + seconds
            clock.stand(clock.now())
            try:
                await self._go_through(clock, target)
            finally:
                if not stays:
                    clock.go_on()
                self._changed.set()

    async def _go_through(self, clock: Clock, target: float) -> None:
        while True:
            await self.settle()
            if self.clock is not clock:
                return
            if not self._items or self._items[0].at > target:
                clock.stand(target)
                return
            clock.stand(self._items[0].at)

    async def settle(self) -> None:
        """Return when nothing that is due waits or is running. The caller sets a limit."""
        while True:
            self._changed.clear()
            self._start_due()
            if not self._running:
                return
            await self._changed.wait()

    def start(self) -> None:
        """From now on, in a running loop, do what becomes due."""
        self._runner = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Break off whatever is running, and do nothing any more."""
        tasks = [*self._running, *([self._runner] if self._runner else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def clear(self, clock: Clock) -> None:
        """Break off whatever is running, forget the rest, and go by this clock."""
        self.clock = clock
        self._items.clear()
        for task in self._running:
            task.cancel()
        self._running.clear()
        self._changed.set()

    async def _run(self) -> None:
        while True:
            self._changed.clear()
            self._start_due()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._get_pause()):
                    await self._changed.wait()

    def _get_pause(self) -> float | None:
        """Seconds until the next moment; None when only a change can bring one."""
        if not self._items or self.clock.is_still:
            return None
        pause = self._items[0].at - self.clock.now()
        return min(max(pause, SHORTEST_SLEEP), LONGEST_SLEEP)

    def _start_due(self) -> None:
        now = self.clock.now()
        while self._items and self._items[0].at <= now:
            task = asyncio.create_task(_do(heapq.heappop(self._items).action))
            self._running.add(task)
            task.add_done_callback(self._note_end)

    def _note_end(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._changed.set()
        if not task.cancelled() and (error := task.exception()):
            self._note_crash(error)


async def _do(action: Action) -> None:
    async with asyncio.timeout(LONGEST_ACTION):
        await action()
