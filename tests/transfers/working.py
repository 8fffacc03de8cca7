"""What the tests of who has the work begin with."""

from branches.models import User
from tests import oracle
from tests.cast import Cast, Walk, make_file
from tests.expect import fresh
from transfers.models import TransferCase
from transfers.states import State


def has_it(case: TransferCase) -> User | None:
    assert oracle.problems() == []
    return fresh(case).taker


def drafts(cast: Cast, *numbers: int) -> list[TransferCase]:
    return [Walk(cast, make_file(cast.origin, n)).to(State.DRAFT) for n in numbers]
