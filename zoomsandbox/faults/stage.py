"""Where scenarios are played: each step when the sandbox's clock gets to it."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from zoomsandbox.faults.doors import CALL_NAMES, DOORS
from zoomsandbox.faults.plant import make_fault
from zoomsandbox.faults.scenario import THE_ACCOUNT, Scenario, Step, change
from zoomsandbox.state.accounts import Account
from zoomsandbox.state.clock import Clock
from zoomsandbox.state.ledger import Fault
from zoomsandbox.state.world import WORLD, World


async def plant(app: web.Application, fault: Fault, keep: Any = None) -> None:
    """Put a failure into the world. The one that shuts the ports begins at once."""
    if fault.kind == "refuse":
        await app[DOORS].close(fault, keep)
    else:
        app[WORLD].faults.append(fault)


@dataclass(eq=False)
class Play:
    """One scenario being played on one account: what it planted, and what it changed."""

    scenario: Scenario
    account: str
    # A reset gives the world another clock: what was played before is over.
    clock: Clock
    started_at: float
    done: int = 0
    planted: list[Fault] = field(default_factory=list)
    before: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        steps = [
            {
                "at": step.at,
                "due_at": self.started_at + step.at,
                "say": step.say,
                "action": step.action,
                "is_done": number < self.done,
            }
            for number, step in enumerate(self.scenario.steps)
        ]
        return {
            "name": self.scenario.name,
            "sentence": self.scenario.sentence,
            "account": self.account,
            "started_at": self.started_at,
            "is_over": self.done == len(steps),
            "steps": steps,
        }


class Stage:
    """All plays of one sandbox. What is due is told to the sandbox's agenda, in its order."""

    def __init__(self) -> None:
        self._plays: list[Play] = []

    def list_plays(self, world: World) -> list[Play]:
        """Those that were started since the last reset and not stopped."""
        self._plays = [play for play in self._plays if play.clock is world.clock]
        return self._plays

    async def start(self, app: web.Application, scenario: Scenario, account: str) -> Play:
        """Play it from now on; its first steps are done when this returns."""
        world = app[WORLD]
        if account not in world.accounts:
            raise LookupError(f"no account {account}")
        play = Play(scenario, account, world.clock, world.now())
        self.list_plays(world).append(play)
        await self._go_on(app, play)
        return play

    async def stop(self, app: web.Application, name: str | None = None) -> list[str]:
        """End the plays, or those of this name: no further step, and everything as before."""
        plays = self.list_plays(app[WORLD])
        ended = [play for play in plays if name in (None, play.scenario.name)]
        self._plays = [play for play in plays if play not in ended]
        for play in reversed(ended):
            await _take_away(app, play, "*")
            account = app[WORLD].accounts.get(play.account)
            if account:
                _restore(account, play)
        return [play.scenario.name for play in ended]

    async def _go_on(self, app: web.Application, play: Play) -> None:
        """Do what is due, and come back for the next step."""
        steps, world = play.scenario.steps, app[WORLD]
        while play in self.list_plays(world) and play.done < len(steps):
            step = steps[play.done]
            due_at = play.started_at + step.at
            if due_at > world.now():
                if not world.agenda.plan(due_at, self._make_action(app, play)):
                    raise ValueError("too much is planned already")
                return
            play.done += 1
            await _do(app, play, step)

    def _make_action(
        self, app: web.Application, play: Play
    ) -> Callable[[], Coroutine[Any, Any, None]]:
        async def act() -> None:
            await self._go_on(app, play)

        return act


async def _do(app: web.Application, play: Play, step: Step) -> None:
    if step.action == "plant":
        fields = dict(step.value)
        if fields.get("account") == THE_ACCOUNT:
            fields["account"] = play.account
        fault = make_fault(fields, app[CALL_NAMES])
        play.planted.append(fault)
        await plant(app, fault)
    elif step.action == "clear":
        await _take_away(app, play, step.value)
    else:
        account = app[WORLD].accounts.get(play.account)
        if account:
            play.before = change(account, step.value) | play.before


async def _take_away(app: web.Application, play: Play, name: str) -> None:
    """Of what this play planted; failures of others with the same name stay."""
    gone = {id(fault) for fault in play.planted if name in ("*", fault.name)}
    faults = app[WORLD].faults
    faults[:] = [fault for fault in faults if id(fault) not in gone]
    if id(app[DOORS].fault) in gone:
        await app[DOORS].open_again()


def _restore(account: Account, play: Play) -> None:
    for name, value in play.before.items():
        setattr(account, name, value)


STAGE = web.AppKey("stage", Stage)
