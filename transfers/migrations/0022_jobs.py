import uuid

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from pension_transfer.lib.fences import fence, unfence

TABLES = {"transfers_job": ("branch_id", ""), "transfers_jobitem": ("job_id", "transfers_job")}


class Migration(migrations.Migration):
    """Many cases with one press, and the work queue narrowed as a person likes it."""

    dependencies = [
        ("branches", "0012_row_security"),
        ("transfers", "0021_summaries"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Job",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ("action", models.CharField(max_length=24, verbose_name="action")),
                ("given", models.JSONField(default=dict, verbose_name="input")),
                ("ordered_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="ordered at")),
                ("finished_at", models.DateTimeField(null=True, verbose_name="finished at")),
                (
                    "branch",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="branches.branch",
                        verbose_name="branch",
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="by",
                    ),
                ),
            ],
            options={
                "verbose_name": "group job",
                "verbose_name_plural": "group jobs",
            },
        ),
        migrations.CreateModel(
            name="JobItem",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("command_id", models.UUIDField(unique=True, verbose_name="command")),
                ("envelope_id", models.UUIDField(null=True, verbose_name="envelope")),
                ("number", models.CharField(max_length=13, verbose_name="tracking number")),
                ("given", models.JSONField(default=dict, verbose_name="input")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "waiting"),
                            ("done", "done"),
                            ("kept", "waits for the center"),
                            ("refused", "not done"),
                        ],
                        default="open",
                        max_length=8,
                        verbose_name="state",
                    ),
                ),
                ("code", models.CharField(blank=True, max_length=40, verbose_name="code")),
                ("reason", models.CharField(blank=True, max_length=400, verbose_name="reason")),
                ("tries", models.PositiveSmallIntegerField(default=0, verbose_name="tries")),
                ("leased_until", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True, verbose_name="ended at")),
                (
                    "case",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="transfers.transfercase",
                        verbose_name="transfer case",
                    ),
                ),
                (
                    "job",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="items",
                        to="transfers.job",
                        verbose_name="group job",
                    ),
                ),
            ],
            options={
                "verbose_name": "item of a group job",
                "verbose_name_plural": "items of group jobs",
            },
        ),
        migrations.CreateModel(
            name="SavedFilter",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=40, verbose_name="name of the filter")),
                ("query", models.CharField(max_length=200)),
                ("is_default", models.BooleanField(default=False, verbose_name="opens with the work queue")),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="user",
                    ),
                ),
            ],
            options={
                "verbose_name": "saved filter",
                "verbose_name_plural": "saved filters",
            },
        ),
        migrations.AddIndex(
            model_name="job",
            index=models.Index(fields=["by", "-ordered_at", "-id"], name="job_of_person"),
        ),
        migrations.AddIndex(
            model_name="job",
            index=models.Index(condition=models.Q(("finished_at", None)), fields=["by"], name="job_under_way"),
        ),
        migrations.AddIndex(
            model_name="jobitem",
            index=models.Index(condition=models.Q(("state", "open")), fields=["id"], name="job_item_open"),
        ),
        migrations.AddConstraint(
            model_name="jobitem",
            constraint=models.CheckConstraint(
                condition=models.Q(("case__isnull", False), ("envelope_id__isnull", False), _connector="OR"),
                name="job_item_about_something",
            ),
        ),
        migrations.AddConstraint(
            model_name="jobitem",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("ended_at", None), ("state", "open")),
                    models.Q(models.Q(("state", "open"), _negated=True), ("ended_at__isnull", False)),
                    _connector="OR",
                ),
                name="job_item_ended_or_open",
            ),
        ),
        migrations.AddConstraint(
            model_name="savedfilter",
            constraint=models.UniqueConstraint(fields=("user", "name"), name="filter_name_once"),
        ),
        migrations.AddConstraint(
            model_name="savedfilter",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_default", True)), fields=("user",), name="one_default_filter"
            ),
        ),
        *[migrations.RunSQL(fence(table, *how), unfence(table)) for table, how in TABLES.items()],
    ]
