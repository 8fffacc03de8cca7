import datetime as dt
import io
import socket
import threading
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from branches.models import Branch
from branches.organisation_data import load_organization
from pension_transfer.lib import calendar
from pension_transfer.lib.turns import alone
from transfers import exchange, summing, sync
from transfers.demo import people, plans, stage, story
from transfers.demo.history import History
from transfers.models import TransferCase

ADDRESS = "127.0.0.1:8000"


class Command(BaseCommand):
    help = "Import the sample exports, carry one file from branch to branch, and serve the pages."
    is_training = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--no-serve", action="store_true", help="stop after the case")
        parser.add_argument("--no-past", action="store_true", help="no months that lie behind: quicker")
        parser.add_argument("--address", default=ADDRESS)

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.PRODUCTION:
            raise CommandError("The demo has accounts whose password everybody knows: not in production.")
        if not options["no_serve"]:
            self._make_sure_of(options["address"])
        with alone("demo"):
            if TransferCase.objects.exists():
                self._take_in()
            else:
                self._begin(plans.STANDING if options["no_past"] else plans.PAST + plans.STANDING)
            self._carry_one()
            summing.catch_up()
        if not options["no_serve"]:
            self._serve(options["address"])

    @staticmethod
    def _make_sure_of(address: str) -> None:
        """Said before a case is carried, not after: an address that is taken or none at all."""
        host, _colon, port = address.rpartition(":")
        try:
            socket.create_server((host, int(port))).close()
        except (OSError, ValueError, OverflowError) as error:
            raise CommandError(
                f"Cannot serve at {address} ({error}): stop what runs there, or make demo ADDRESS=127.0.0.1:8001"
            ) from error

    def _take_in(self) -> None:
        load_organization()
        people.appoint_all(beside=people.BESIDE)
        sync.sync()
        for code in people.BRANCHES:
            folder = settings.BASE_DIR / "branches/data/legacy" / code
            source = next(folder.glob("*.xlsx"), folder)
            call_command("import_pension_files", str(source), branch=code, stdout=io.StringIO())
        sync.sync()

    def _begin(self, planned: list[plans.Plan]) -> None:
        """The files come from the old system before the first of them moves; then there are cases in every state."""
        history = History(planned)
        with stage.hour(history.began - dt.timedelta(days=1)):
            self._take_in()
        history.tell()
        sync.sync()
        for code in people.BRANCHES:
            if lacking := next(story.files_ready(code, complete=False), None):
                story.Story(lacking, self._other(code)).tell(plans.REFERRED)
        self._refused_by_the_center(next(story.files_ready("0801")))

    def _refused_by_the_center(self, file: Any) -> None:
        """A destination that closed in between: the case waits at «head approved», its head's turn."""
        closing = Branch.objects.exclude(pk__in=[*people.BRANCHES, *people.BESIDE]).latest("pk")
        told = story.Story(file, closing).tell(plans.APPROVED)
        Branch.objects.filter(pk=closing.pk).update(is_active=False)
        exchange.publish_directory()  # a whole sync would hand the draft back to the clerk
        told.tell(["send"])

    def _carry_one(self) -> None:
        file = next((f for code in people.BRANCHES for f in story.files_ready(code)), None)
        if file is None:
            raise CommandError("No file is left to be carried: make clean, then make demo.")
        told = story.Story(file, self._other(file.branch_id)).tell(plans.ACTIVE)
        for line in told.lines():
            self.stdout.write(line)
        self.stdout.write(f"registered {told.case.tracking_number} at {told.destination.pk}")

    @staticmethod
    def _other(code: str) -> Branch:
        return Branch.objects.get(pk=next(other for other in people.BRANCHES if other != code))

    @staticmethod
    def _past() -> str:
        """How much lies behind, and where it is shown."""
        moves = TransferCase.objects.filter(side="origin")
        first = calendar.jalali(calendar.day_of(moves.earliest("opened_at").opened_at))
        branches = moves.values("destination").distinct().count()
        return (
            f"  {moves.count()} moves to {branches} branches since {first}: /overview/ as head-0801, province or center"
        )

    def _serve(self, address: str) -> None:
        settings.DEMO = True
        settings.TRAINING = self.is_training
        self.stdout.write(f"\nhttp://{address}/   password of every account: {people.PASSWORD}\n")
        for code in people.BRANCHES:
            names = " ".join(f"{short}-{code}" for role, short in people.SHORT.items() if role in people.AT_BRANCHES)
            self.stdout.write(f"  {Branch.objects.get(pk=code).name} ({code}): {names}")
        self.stdout.write("  province  center  auditor\n")
        self.stdout.write(self._past())
        threading.Thread(
            target=call_command, args=("sync_center", "--watch"), kwargs={"stdout": io.StringIO()}, daemon=True
        ).start()
        call_command("runserver", address, use_reloader=False, verbosity=0)
