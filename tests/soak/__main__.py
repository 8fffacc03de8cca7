"""Runs a soak: SECONDS of work and kills, then what must hold. Exit code 1 when anything does not."""

import os
import sys
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

from tests.soak import ground
from tests.soak.fleet import Fleet
from tests.soak.people import Heard, Office

SECONDS = int(os.environ.get("SECONDS") or 1800)
FOLDER = Path("var/soak").resolve()
EVERY = 30  # seconds between two lines of progress
FOR_THE_REST = 30  # seconds in which people go on undisturbed, and refer nobody any more


def main() -> int:
    FOLDER.mkdir(parents=True, exist_ok=True)
    for log in FOLDER.glob("*.log"):
        log.unlink()
    urls = ground.prepare(FOLDER)
    import django

    django.setup()
    from tests.properties.country import NORTH, SOUTH, a_country

    south, heard = ground.south_of(urls["south"]), Heard()
    with ExitStack() as stack:
        country = ground.settle(lambda site: stack.enter_context(a_country(site)), south)
        fleet = Fleet(urls, FOLDER)
        fleet.start()
        offices = [
            Office(site, fleet.address(site), code, [c for c in NORTH + SOUTH if c != code], heard, pace=1.0)
            for site, codes in (("north", NORTH), ("south", SOUTH))
            for code in codes
        ]
        work(fleet, offices, heard)
        fleet.end()
        problems = [f"answered {fault}" for fault in heard.faults]
        problems += [] if any(office.steps for office in offices) else ["nobody could take a step"]
        problems += ground.verdict(list(country.sites.values()), heard.acknowledged)
        return tell(fleet, offices, heard, problems)


def work(fleet: Fleet, offices: list[Office], heard: Heard) -> None:
    """People press, processes are killed; then it grows calm, and then still."""
    for office in offices:
        office.start()
    fleet.wait_for_pages()
    fleet.is_calm = False
    began = time.monotonic()
    while (past := time.monotonic() - began) < SECONDS:
        time.sleep(min(EVERY, SECONDS - past))
        said = f"{int(time.monotonic() - began)} s: {state_of(fleet, offices, heard)}"
        print(said, flush=True)
    for office in offices:
        office.is_closing = True
    fleet.calm_down()
    time.sleep(FOR_THE_REST)
    for office in offices:
        office.stopped.set()
    for office in offices:
        office.join(60)


def state_of(fleet: Fleet, offices: list[Office], heard: Heard) -> str:
    opened, closed = ground.moves()
    steps = sum(office.steps for office in offices)
    answers = " ".join(f"{status}={n}" for status, n in sorted(heard.statuses.items()))
    told = ", ".join(f"{n} {what}" for what, n in sorted(fleet.told.items()))
    return f"{opened} moves, {closed} closed, {steps} steps; {told}; answers {answers}"


def tell(fleet: Fleet, offices: list[Office], heard: Heard, problems: list[str]) -> int:
    """The summary, on one line after the problems; the exit code."""
    for problem, times in Counter(problems).items():
        print(f"PROBLEM {problem}" + f" ({times} times)" * (times > 1))
    print(f"SOAK {SECONDS} s: {state_of(fleet, offices, heard)}; {len(problems)} problems")
    return int(bool(problems))


if __name__ == "__main__":
    sys.exit(main())
