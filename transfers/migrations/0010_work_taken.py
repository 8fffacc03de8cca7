import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """Who has taken the work of a case (DESIGN 11.14)."""

    dependencies = [
        ("branches", "0006_reminders"),
        ("transfers", "0009_warnings_acknowledged"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="transfercase",
            name="taken_at",
            field=models.DateTimeField(editable=False, null=True, verbose_name="taken at"),
        ),
        migrations.AddField(
            model_name="transfercase",
            name="taken_by",
            field=models.ForeignKey(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="taken by",
            ),
        ),
        migrations.AddConstraint(
            model_name="transfercase",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("taken_at", None), ("taken_by", None)),
                    models.Q(("taken_at__isnull", False), ("taken_by__isnull", False)),
                    _connector="OR",
                ),
                name="taken_by_and_when",
            ),
        ),
        migrations.AddConstraint(
            model_name="transfercase",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("taken_by", None),
                    models.Q(
                        ("closed_at", None),
                        ("turn__in", ["activator", "clerk", "destination_staff", "head", "technical_officer"]),
                    ),
                    _connector="OR",
                ),
                name="taken_in_turn",
            ),
        ),
    ]
