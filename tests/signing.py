"""A site that signs, and the forgery which its signature shows: content and seal altered together."""

from pathlib import Path
from typing import Any

from django.core.management import call_command

from branches.models import Branch

OTHER = "replace(body, '166255500', '186255500')"
FORGED = f"body = {OTHER}, seal = encode(sha256(convert_to({OTHER}, 'UTF8')), 'hex')"


def join_as(name: str, settings: Any, folder: Path) -> Path:
    """This site takes part in the exchange under a name, with every branch; the file of its key."""
    settings.SITE, settings.SIGNING_KEY = name, folder / "keys" / "site.pem"
    with open(folder / "said", "w") as said:
        call_command(
            "join_site", name, "--branches", ",".join(Branch.objects.values_list("pk", flat=True)), stdout=said
        )
    return folder / "keys" / "site.pem"
