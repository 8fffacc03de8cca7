"""The states as a drawing, one for each side: computed from the table of moves, printed as SVG."""

from dataclasses import dataclass
from typing import Any

from pension_transfer.lib.persian import listed
from transfers.states import MOVES, Side, State, Step

BOX, TALL, ROW, TOP, MIDDLE, WIDTH = 240, 40, 76, 30, 440, 880
REACH, SPREAD = 36, 24  # how far an arrow swings out, and how much farther for every state it passes


@dataclass(frozen=True)
class Node:
    """A state's box; `x` and `y` are its upper left corner."""

    label: Any
    x: float
    y: float
    text_x: float
    text_y: float


@dataclass(frozen=True)
class Arrow:
    """A step's line, with its label where it swings out farthest."""

    path: str
    label: Any
    x: float
    y: float
    anchor: str
    is_by_itself: bool


@dataclass(frozen=True)
class Drawing:
    """One side's states and steps."""

    title: Any
    width: int
    height: int
    box: int
    tall: int
    nodes: list[Node]
    arrows: list[Arrow]


def drawings() -> list[Drawing]:
    """The origin's and the destination's."""
    return [_drawing(side) for side in Side]


def _drawing(side: str) -> Drawing:
    moves = [step for step in MOVES if step.side == side]
    held = {state for step in moves for state in (*step.sources, step.target)}
    rows: dict[str, int] = {state: row for row, state in enumerate(state for state in State if state in held)}
    nodes = [Node(State(s).label, MIDDLE - BOX / 2, _y(r) - TALL / 2, MIDDLE, _y(r) + 5) for s, r in rows.items()]
    height = TOP * 2 + ROW * (len(rows) - 1)
    return Drawing(Side(side).label, WIDTH, height, BOX, TALL, nodes, _arrows(moves, rows))


def _y(row: int) -> float:
    return TOP + ROW * row


def _arrows(moves: list[Step], rows: dict[str, int]) -> list[Arrow]:
    """One arrow for each pair of states; steps between the same two share it."""
    labels: dict[tuple[int, int], list[Step]] = {}
    for step in moves:
        labels.setdefault((rows[step.sources[0]], rows[str(step.target)]), []).append(step)
    named: set[tuple[str, int]] = set()  # of several arrows of one step to one state, the longest has the name
    arrows = []
    for (a, b), steps in sorted(labels.items(), key=lambda pair: -abs(pair[0][0] - pair[0][1])):
        fresh = [step for step in steps if (step.action, b) not in named]
        named |= {(step.action, b) for step in steps}
        arrows += [_arrow(a, b, fresh, steps)] if a != b else []
    return arrows


def _arrow(a: int, b: int, named: list[Step], steps: list[Step]) -> Arrow:
    label = listed(dict.fromkeys(str(step.label) for step in named))
    alone = all(step.by_itself for step in steps)
    if b == a + 1:
        x, y = MIDDLE, (_y(a) + _y(b)) / 2
        return Arrow(f"M{x} {_y(a) + TALL / 2}V{_y(b) - TALL / 2 - 3}", label, x + 8, y + 4, "start", alone)
    turn = 1 if b > a else -1
    edge = MIDDLE + turn * BOX / 2
    far = edge + turn * (REACH + SPREAD * abs(b - a))
    start, end = _y(a) + 6, _y(b) - 6
    path = f"M{edge} {start}C{far} {start} {far} {end} {edge + turn * 4} {end}"
    apex = edge + turn * (REACH + SPREAD * abs(b - a)) * 0.75
    return Arrow(path, label, apex + turn * 6, (start + end) / 2, "start" if turn > 0 else "end", alone)
