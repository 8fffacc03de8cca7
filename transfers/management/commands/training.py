from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import CommandError

from transfers import training
from transfers.management.commands import demo


class Command(demo.Command):
    help = "Serve a training site: the demo's invented people and files under a banner, with tasks for each role."
    is_training = True

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            training.refuse_a_real_site()
        except ImproperlyConfigured as error:
            raise CommandError(str(error)) from error
        super().handle(*args, **options)
