"""What follows attaching a scan, and removing one: the draft follows, as after any change of its content."""

from typing import TYPE_CHECKING

from branches.roles import Action
from transfers import attachments
from transfers.effects.origin import store_draft_if_complete
from transfers.effects.shared import Effects, note, take_part
from transfers.models import Part

if TYPE_CHECKING:
    from transfers.doing import Doing


def _attach(doing: "Doing") -> None:
    take_part(doing.case, doing.person, Part.Name.DRAFTER)
    path, files = doing.input["path"], doing.input["scans"]
    rows = [attachments.attach(doing.case, checked, path, doing.person) for checked in files]
    doing.details = {"attached": [row.name for row in rows], "sha256": [row.sha256 for row in rows], "path": path}
    store_draft_if_complete(doing.case)


def _detach(doing: "Doing") -> None:
    take_part(doing.case, doing.person, Part.Name.DRAFTER)
    row = doing.input["attachment"]
    attachments.remove([row])
    note(doing)
    doing.details = {"detached": [row.name], "sha256": [row.sha256], "path": row.path}
    store_draft_if_complete(doing.case)


EFFECTS: Effects = {Action.ATTACH: (_attach,), Action.DETACH: (_detach,)}
