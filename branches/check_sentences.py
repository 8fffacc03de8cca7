"""What each rule of branches.checks says of a field, by its code."""

from typing import Any

from django.utils.translation import gettext_lazy as _

# The values are shown as people read them.
SENTENCES: dict[str, Any] = {
    "missing": _("is missing"),
    "destination_closed": _("the destination branch is closed; edit the referral and choose another branch"),
    "one_branch": _("origin and destination are one branch now and the file needs no move; cancel the referral"),
    "invalid": _("is not as it has to be"),
    "checksum": _("has a wrong check digit; compare it with the identity card"),
    "same_person": _("is that of the principal; a dependent is another person"),
    "twice": _("stands at more than one dependent of this file"),
    "share_range": _("must be more than 0 and at most 100 percent"),
    "share_sum": _("add up to more than 100 percent"),
    "before_birth": _("lies before the date of birth"),
    "future": _("lies in the future"),
    "before_start": _("lies before the entitlement begins"),
    "before_established": _("lies before the pension was established"),
    "other_file": _("this branch holds another file of this person: pension number %(numbers)s"),
    "insurance_of_another": _("stands in another person's file of this branch, too: pension number %(numbers)s"),
    "share_missing": _("is not recorded, and this survivor is entitled"),
    "son_past_age": _("is open for a son who has reached 20, without study or disability as the basis"),
    "generations": _("does not fit the principal's year of birth, %(principal)s"),
    "no_establishing": _("none of them is the establishing one"),
    "previous_unknown": _("names a decree that this file does not hold: %(previous)s"),
    "chain_broken": _("is empty, and this is not the first decree"),
    "not_ascending": _("lies before that of the decree it follows (%(previous_on)s)"),
    "amount_before": _("is %(amount)s, and the decree before it ends with %(previous_amount)s"),
    "line_sum": _("is %(amount)s, and the lines of the pension add up to %(sum)s"),
    "not_suspended": _("is stated, and this file is active"),
    "other_bank": _("is not an account at Bank Refah, where pensions are paid"),
    "postal_code": _("has a digit 0 or 2 among its first five"),
}
