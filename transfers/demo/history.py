"""Carrying out the plans, each chapter at its hour: a demonstration has months behind it, a case its whole chain."""

import datetime as dt
from collections.abc import Iterator

from branches.models import Branch, PensionFile
from pension_transfer.lib import calendar
from transfers.demo import stage
from transfers.demo.plans import Plan
from transfers.demo.story import Story, files_ready


class History:
    """The stories of some plans, all of them told together in the order of their hours."""

    def __init__(self, plans: list[Plan]) -> None:
        today = calendar.today()
        hours = ((*hour, plan) for place, plan in enumerate(plans) for hour in plan.hours(today, place))
        self.agenda = sorted(hours, key=lambda it: it[0])
        self.stories: dict[int, Story] = {}
        self.ready: dict[str, Iterator[PensionFile]] = {}

    @property
    def began(self) -> dt.datetime:
        return self.agenda[0][0]

    def tell(self) -> None:
        """Everything that is planned; what falls on today happens now."""
        for moment, chapter, plan in self.agenda:
            if calendar.day_of(moment) == calendar.today():
                self._story(plan).tell([chapter])
            else:
                with stage.hour(moment):
                    self._story(plan).tell([chapter])

    def _story(self, plan: Plan) -> Story:
        """That of this plan; it begins with the next file that may leave its branch."""
        if id(plan) not in self.stories:
            file = next(self.ready.setdefault(plan.origin, files_ready(plan.origin)))
            self.stories[id(plan)] = Story(file, Branch.objects.get(pk=plan.destination))
        return self.stories[id(plan)]
