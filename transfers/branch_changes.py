"""Closing a branch, merging it into another, giving it another code (FAULTS 37).

Decided in the center, recorded here, carried out by transfers.directory; each may be repeated after a cut.
"""

from collections.abc import Callable

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from branches.models import Branch, PensionFile, User
from branches.roles import Action, can
from central.rules import Refused
from pension_transfer.lib.errors import BadInput, NotAllowed, NotNow, NotSeen
from pension_transfer.lib.templatetags.persian import fa
from transfers import directory, exchange, hurdles
from transfers.models import BranchChange, TransferCase

Kind = BranchChange.Kind
REFUSED = {
    "unknown_branch": gettext_lazy("The center does not know this branch yet. Run sync_center and try again."),
    "succeeded": gettext_lazy("Another branch has taken its place already"),
    "no_successor": gettext_lazy("The successor must be another, active branch"),
    "still_pays": gettext_lazy("The center knows it as the payer of a pension: name a successor"),
    "other_site": gettext_lazy("Another site serves it at the center"),
    "still_addressed": gettext_lazy("A case waits for it at the center: name a successor, or have it recalled"),
}


def merge(code: str, successor: str, reason: str, *, by: User, kind: str = Kind.MERGED) -> directory.Followed:
    """Let `successor` take the place of branch `code`: what is addressed to it, its open cases, files and payments.

    Raises NotAllowed, NotSeen, BadInput, NotNow where living files or open cases would have to change the site;
    exchange.Unreachable when the center does not answer.
    """
    old, new = own(code, by), branch_of(successor)
    if old == new or not new.is_active:
        raise BadInput(f"{REFUSED['no_successor']}.", "no_successor")
    if old.site != new.site:
        _refuse_while_in_use(old)
    exchange.publish_directory()
    decide(lambda: exchange.succeed(old.pk, new.pk))
    return _carry_out(old, new.pk, kind, reason, by)


def renumber(code: str, new_code: str, reason: str, *, by: User) -> directory.Followed:
    """Go on under another code: a new branch of the same name takes this one's place. Raises as `merge` does."""
    old = own(code, by)
    new = Branch.objects.filter(pk=new_code).first()
    if new is None:
        new = Branch(code=new_code, site=old.site, administration=old.administration, name=old.name)
        new.name_en, new.city = old.name_en, old.city
        _save(new)
    elif old.succeeded_by != new and not _is_new(new, old):
        raise BadInput(_("This code belongs to a branch already: merge the two."), "code_taken")
    return merge(code, new_code, reason, by=by, kind=Kind.RENUMBERED)


def close(code: str, reason: str, *, by: User) -> directory.Followed:
    """Close a branch to which nothing is left. Raises as `merge` does."""
    old = own(code, by)
    _refuse_while_in_use(old)
    exchange.publish_directory()
    decide(lambda: exchange.close_branch(old.pk))
    Branch.objects.filter(pk=old.pk).update(is_active=False)
    return _carry_out(old, "", Kind.CLOSED, reason, by)


def own(code: str, by: User) -> Branch:
    """A branch that is served here and that `by` may change; NotSeen, NotAllowed, NotNow otherwise."""
    branch = branch_of(code)
    refuse_others(by, branch)
    if not branch.is_here:
        raise NotNow(hurdles.served_elsewhere(branch), "elsewhere")
    return branch


def refuse_others(by: User, branch: Branch) -> None:
    """NotAllowed for whoever does not decide about branches."""
    if not can(by, Action.CHANGE_BRANCHES, branch):
        raise NotAllowed(_("Your role does not include this step; ask the colleague whose step it is."), "role")


def branch_of(code: str) -> Branch:
    """NotSeen where there is none with this code."""
    if branch := Branch.objects.select_related("succeeded_by").filter(pk=code).first():
        return branch
    raise NotSeen(_("There is no branch with the code %(code)s.") % {"code": code}, "no_branch")


def _save(branch: Branch) -> None:
    try:
        branch.full_clean(exclude=["sort_key", "search_key"])
    except ValidationError as error:
        raise BadInput(" ".join(error.messages), "code", error.message_dict) from error
    branch.save()


def _is_new(branch: Branch, old: Branch) -> bool:
    """Made by a renumbering that was cut."""
    return branch.name == old.name and not PensionFile.objects.filter(branch=branch).exists()


def _refuse_while_in_use(branch: Branch) -> None:
    files = PensionFile.objects.filter(branch=branch, status__in=directory.ALIVE).count()
    cases = TransferCase.objects.open().filter(branch=branch).count()
    if files or cases:
        sentence = _(
            "Branch %(branch)s still has %(files)s living files and %(cases)s open cases here: move them first, or "
            "name a successor on this site."
        )
        raise NotNow(sentence % {"branch": branch.pk, "files": fa(files), "cases": fa(cases)}, "in_use")


def decide(question: Callable[[], None]) -> None:
    """Ask the center; its no becomes a NotNow."""
    try:
        question()
    except Refused as refused:
        sentence = REFUSED.get(refused.code, refused.code)
        raise NotNow(f"{sentence} ({refused.detail})." if refused.detail else str(sentence), refused.code) from refused


def _carry_out(old: Branch, successor: str, kind: str, reason: str, by: User) -> directory.Followed:
    said = {"kind": kind, "successor": successor, "reason": reason, "by": by, "by_name": str(by)}
    BranchChange.objects.get_or_create(branch_code=old.pk, site="", defaults=said)
    return directory.share()
