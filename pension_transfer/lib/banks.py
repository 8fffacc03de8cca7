"""The banks of Iran by the three digits of a Sheba that name them (after IR and the check digits).

A name here helps a reader to compare; no rule rests on it, and a code that is missing is no fault.
"""

from typing import Any

from django.utils.translation import gettext_lazy as _

BANKS: dict[str, Any] = {
    "010": _("Central Bank"), "011": _("Bank of Industry and Mine"), "012": _("Bank Mellat"),
    "013": _("Refah Kargaran Bank"), "014": _("Bank Maskan"), "015": _("Bank Sepah"), "016": _("Bank Keshavarzi"),
    "017": _("Bank Melli"), "018": _("Tejarat Bank"), "019": _("Bank Saderat"), "020": _("Export Development Bank"),
    "021": _("Post Bank"), "022": _("Cooperative Development Bank"), "053": _("Karafarin Bank"),
    "054": _("Parsian Bank"), "055": _("Eghtesad Novin Bank"), "056": _("Saman Bank"), "057": _("Bank Pasargad"),
    "058": _("Sarmayeh Bank"), "059": _("Sina Bank"), "060": _("Mehr Iran Bank"), "061": _("Shahr Bank"),
    "062": _("Ayandeh Bank"), "064": _("Tourism Bank"), "066": _("Day Bank"), "069": _("Iran Zamin Bank"),
    "070": _("Resalat Bank"), "078": _("Middle East Bank"),
}  # fmt: skip
