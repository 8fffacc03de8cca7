import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import pension_transfer.lib.calendar

OPEN = models.Q(("closed_at", None))
DUE = models.Q(("closed_at", None), ("due_on__isnull", False))


class Migration(migrations.Migration):
    """By when whoever has the turn must act, and who was told of it by e-mail.

    The cases that are open get their dates from manage.py renew_due_dates, with which migrate_all ends.
    """

    dependencies = [
        ("branches", "0004_wants_digest"),
        ("transfers", "0006_questions"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="transfercase",
            name="due_on",
            field=models.DateField(editable=False, null=True, verbose_name="due on"),
        ),
        migrations.AddField(
            model_name="transfercase",
            name="days_left",
            field=models.PositiveSmallIntegerField(editable=False, null=True),
        ),
        migrations.RemoveIndex(model_name="transfercase", name="case_turn"),
        migrations.RemoveIndex(model_name="transfercase", name="case_open_anywhere"),
        migrations.AddIndex(
            model_name="transfercase",
            index=models.Index(
                condition=OPEN, fields=["branch", "turn", "due_on", "turn_since", "id"], name="case_turn"
            ),
        ),
        migrations.AddIndex(
            model_name="transfercase",
            index=models.Index(condition=DUE, fields=["branch", "due_on", "turn_since", "id"], name="case_due"),
        ),
        migrations.AddIndex(
            model_name="transfercase",
            index=models.Index(
                condition=DUE, fields=["due_on", "turn_since", "id"], include=("branch",), name="case_due_anywhere"
            ),
        ),
        migrations.AddIndex(
            model_name="transfercase",
            index=models.Index(
                condition=OPEN,
                fields=["turn_since", "id"],
                include=("side", "state", "due_on"),
                name="case_open_anywhere",
            ),
        ),
        migrations.AddConstraint(
            model_name="transfercase",
            constraint=models.CheckConstraint(
                condition=models.Q(("closed_at", None), ("due_on", None), _connector="OR"),
                name="nothing_closed_is_due",
            ),
        ),
        migrations.CreateModel(
            name="Digest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField(default=pension_transfer.lib.calendar.today, verbose_name="day")),
                ("sent_at", models.DateTimeField(auto_now_add=True, verbose_name="sent at")),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="digests",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="user",
                    ),
                ),
            ],
            options={"verbose_name": "daily digest", "verbose_name_plural": "daily digests"},
        ),
        migrations.AddConstraint(
            model_name="digest",
            constraint=models.UniqueConstraint(fields=("user", "day"), name="one_digest_a_day"),
        ),
    ]
