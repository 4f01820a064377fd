"""When indexing may work and how hard, on a computer that a test makes up."""

import pytest

from app.domain.manners import Manners, Pace, WaitReason
from app.indexing.surroundings import Power, Surroundings
from app.indexing.throttle import EFFORTS, DutyCycle, Throttle, decoders_for


class MadeUp(Surroundings):
    """A computer as a test wants it."""

    def __init__(self, idle: float | None = 0.0, power: Power | None = Power.MAINS) -> None:
        self.idle = idle
        self.runs_on = power
        self.short = False
        self.asked = 0

    def idle_seconds(self) -> float | None:
        self.asked += 1
        return self.idle

    @property
    def idle_is_load(self) -> bool:
        return False

    def power(self) -> Power | None:
        return self.runs_on

    def memory_is_short(self) -> bool:
        return self.short


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.mark.parametrize(
    ("manners", "idle", "power", "reason"),
    [
        (Manners(), 0, Power.BATTERY, None),
        (Manners(only_on_mains=True), 0, Power.BATTERY, WaitReason.MAINS),
        (Manners(only_on_mains=True), 0, Power.MAINS, None),
        (Manners(only_on_mains=True), 0, Power.NO_BATTERY, None),
        (Manners(only_on_mains=True), 0, None, None),
        (Manners(only_when_idle=True), 5, Power.MAINS, WaitReason.IDLE),
        (Manners(only_when_idle=True), 200, Power.MAINS, None),
        (Manners(only_when_idle=True), None, Power.MAINS, None),
        (Manners(only_when_idle=True, only_on_mains=True), 200, Power.BATTERY, WaitReason.MAINS),
    ],
)
def test_what_work_waits_for(
    clock: Clock, manners: Manners, idle: float, power: Power, reason: WaitReason | None
) -> None:
    throttle = Throttle(4, MadeUp(idle, power), clock)
    throttle.set(manners)
    assert throttle.look() is reason


def test_the_system_is_asked_now_and_then_only(clock: Clock) -> None:
    around = MadeUp(idle=0)
    throttle = Throttle(4, around, clock)
    throttle.set(Manners(only_when_idle=True))
    for _ in range(50):
        throttle.look()
    assert around.asked == 1
    around.idle = 1000
    clock.now += 3
    assert throttle.look() is None


def test_new_manners_hold_at_once(clock: Clock) -> None:
    throttle = Throttle(4, MadeUp(power=Power.BATTERY), clock)
    assert throttle.look() is None
    throttle.set(Manners(only_on_mains=True))
    assert throttle.look() is WaitReason.MAINS


def test_a_gentler_pace_takes_less_of_everything() -> None:
    efforts = [EFFORTS[pace] for pace in (Pace.FULL, Pace.BALANCED, Pace.GENTLE)]
    assert sorted(efforts, key=lambda one: one.decoder_niceness) == efforts
    assert sorted(efforts, key=lambda one: one.encoder_niceness) == efforts
    assert [decoders_for(pace, 8) for pace in (Pace.FULL, Pace.BALANCED, Pace.GENTLE)] == [8, 7, 1]
    assert [decoders_for(pace, 2) for pace in (Pace.FULL, Pace.BALANCED, Pace.GENTLE)] == [2, 2, 1]
    assert {decoders_for(pace, 1) for pace in Pace} == {1}


def test_short_memory_leaves_one_decoder(clock: Clock) -> None:
    around = MadeUp()
    throttle = Throttle(4, around, clock)
    around.short = True
    throttle.look()
    assert throttle.decoders == 1
    around.short = False
    clock.now += 3
    throttle.look()
    assert throttle.decoders == 4


@pytest.mark.parametrize("piece", [0.1, 0.7, 9.0])
@pytest.mark.parametrize("share", [0.5, 0.25])
def test_a_duty_cycle_works_its_share_of_the_time(clock: Clock, piece: float, share: float) -> None:
    cycle = DutyCycle(share, clock)
    worked, ends = 0.0, 0.0
    for _ in range(40_000):
        working = clock.now < ends
        if not working and not cycle.rests(working=False):
            ends, working = clock.now + piece, True
        cycle.rests(working=working)
        worked += 0.02 * working
        clock.now += 0.02
    assert worked / (clock.now - Clock.now) == pytest.approx(share, abs=0.06)


def test_at_full_speed_there_is_no_rest(clock: Clock) -> None:
    cycle = DutyCycle(1.0, clock)
    for _ in range(100):
        clock.now += 1
        assert not cycle.rests(working=True)


@pytest.mark.parametrize(
    ("idle", "power", "no_idle", "no_mains"),
    [
        (3.0, Power.MAINS, "", ""),
        (3.0, Power.BATTERY, "", ""),
        (None, Power.NO_BATTERY, "does not tell", "no battery"),
        (3.0, None, "", "does not tell"),
    ],
)
def test_a_wish_that_cannot_be_kept_here_says_why(
    idle: float | None, power: Power | None, no_idle: str, no_mains: str
) -> None:
    here = Throttle(4, MadeUp(idle, power)).choices()
    assert no_idle in here.no_idle
    assert no_mains in here.no_mains
    assert bool(here.no_idle) == bool(no_idle)
    assert bool(here.no_mains) == bool(no_mains)
