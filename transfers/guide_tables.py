"""The two tables behind the help pages of states and roles, read from the tables that decide."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from branches.roles import MATRIX, Action, Role
from transfers.guide import WHY, line_of
from transfers.states import MOVES, TURNS, Crosses, Side, State, Turn


@dataclass(frozen=True)
class Move:
    """One way from state to state: who goes it, whose turn it is then, and how the center hears of it."""

    source: Any
    label: Any
    target: Any
    who: str  # empty for what comes by itself
    next_turn: Any
    crosses: Any
    help: str


def moves_of(side: str) -> list[Move]:
    """Every way of one side, in the order of the states."""
    found = [(list(State).index(State(source)), source, step) for step in MOVES for source in step.sources]
    of_side = [(place, source, step) for place, source, step in found if step.side == side]
    return [_move(source, step) for _place, source, step in sorted(of_side, key=lambda row: row[0])]


def _move(source: str, step: Any) -> Move:
    return Move(
        source=State(source).label,
        label=step.label,
        target=State(step.target).label,
        who="" if step.by_itself else line_of(step.side, step.action).who,
        next_turn=TURNS.get((step.side, step.target), Turn.NOBODY).label,
        crosses="" if step.crosses == Crosses.NOT else Crosses(step.crosses).label,
        help=step.help,
    )


def ways() -> list[dict[str, Any]]:
    """Both sides with their ways."""
    return [{"title": side.label, "moves": moves_of(side)} for side in Side]


@dataclass(frozen=True)
class Row:
    """An action with what it is for, where the directive asks for it, and a cell for each role."""

    label: Any
    why: Any
    paragraph: Any
    cells: list[tuple[Any, bool]]


def matrix() -> Iterator[Row]:
    """Every action, in the order of the table of roles."""
    for action in Action:
        paragraph, why = WHY[action]
        yield Row(action.label, why, paragraph, [(role.label, role in MATRIX[action]) for role in Role])
