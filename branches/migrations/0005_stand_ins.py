import datetime

import django.db.models.deletion
import django.db.models.expressions
from django.conf import settings
from django.db import migrations, models

from pension_transfer.lib.triggers import seal, unseal


class Migration(migrations.Migration):
    """Stand-ins: dated, for somebody else, with an append-only record of who granted and who ended them."""

    dependencies = [
        ("branches", "0004_wants_digest"),
    ]

    operations = [
        migrations.CreateModel(
            name="StandInRecord",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "verb",
                    models.CharField(
                        choices=[("granted", "granted"), ("ended", "ended early")], max_length=8, verbose_name="action"
                    ),
                ),
                ("at", models.DateTimeField(auto_now_add=True, verbose_name="at")),
                ("reason", models.CharField(max_length=300, verbose_name="reason")),
                ("command_id", models.UUIDField(editable=False, unique=True)),
            ],
            options={
                "verbose_name": "record of a stand-in",
                "verbose_name_plural": "records of stand-ins",
                "ordering": ["id"],
            },
        ),
        migrations.AddField(
            model_name="appointment",
            name="ended_at",
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name="ended at"),
        ),
        migrations.AddField(
            model_name="appointment",
            name="stands_in_for",
            field=models.ForeignKey(
                blank=True,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="stands in for",
            ),
        ),
        migrations.AddConstraint(
            model_name="appointment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("stands_in_for", None),
                    models.Q(
                        ("branch__isnull", False),
                        ("until__isnull", False),
                        (
                            "until__lte",
                            django.db.models.expressions.CombinedExpression(
                                models.F("since"), "+", models.Value(datetime.timedelta(days=60))
                            ),
                        ),
                    ),
                    _connector="OR",
                ),
                name="stand_in_for_a_time",
                violation_error_message="A stand-in has an end, within sixty days.",
            ),
        ),
        migrations.AddConstraint(
            model_name="appointment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("stands_in_for", None),
                    models.Q(("stands_in_for", models.F("user")), _negated=True),
                    _connector="OR",
                ),
                name="stand_in_for_another",
                violation_error_message="Nobody stands in for himself.",
            ),
        ),
        migrations.AddField(
            model_name="standinrecord",
            name="appointment",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="records",
                to="branches.appointment",
                verbose_name="appointment",
            ),
        ),
        migrations.AddField(
            model_name="standinrecord",
            name="by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="by",
            ),
        ),
        migrations.AddConstraint(
            model_name="standinrecord",
            constraint=models.UniqueConstraint(fields=("appointment", "verb"), name="stand_in_once"),
        ),
        migrations.RunSQL(seal("branches_standinrecord"), unseal("branches_standinrecord")),
    ]
