from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TransfersConfig(AppConfig):
    """A branch's copies of moves: states, workflow, exchange with the center, screens, API."""

    name = "transfers"
    verbose_name = _("Transfers")

    def ready(self) -> None:
        """Tie what must hear of each other and may not import each other."""
        from branches import services, standing
        from transfers import attachment_rows, custody, following, on_files, sync, workflow

        services.on_content_change.append(following.follow_correction)
        services.on_content_change.append(on_files.remember)
        services.notices_of_file.append(on_files.notices)
        services.links_of_file.append(on_files.links)
        services.attachments_of_file.append(attachment_rows.of_file)
        services.remarks_of_file.append(on_files.remarks)
        standing.hurdles_of_closing.append(on_files.hurdles_of_closing)
        standing.on_custody_asked.append(custody.settle_if_reached)
        workflow.on_crossed.append(sync.follow_if_reached)
