import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """How far each person has been told of notices by e-mail and text message."""

    dependencies = [
        ("branches", "0014_notice_choices"),
        ("transfers", "0023_search_indexes"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Telling",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "way",
                    models.CharField(
                        choices=[("email", "E-mail"), ("sms", "Text message")], max_length=5, verbose_name="way"
                    ),
                ),
                ("told_until", models.DateTimeField(default=django.utils.timezone.now, verbose_name="told until")),
                ("telling_until", models.DateTimeField(null=True, verbose_name="being told until")),
                ("begun_at", models.DateTimeField(null=True, verbose_name="begun at")),
                ("next_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="next at")),
                ("tries", models.PositiveSmallIntegerField(default=0, verbose_name="tries")),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="tellings",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="user",
                    ),
                ),
            ],
            options={
                "verbose_name": "telling of notices",
                "verbose_name_plural": "tellings of notices",
                "indexes": [models.Index(fields=["next_at", "id"], name="telling_next")],
                "constraints": [
                    models.UniqueConstraint(fields=("user", "way"), name="telling_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("begun_at", None), ("telling_until", None)),
                            models.Q(("begun_at__isnull", False), ("telling_until__gt", models.F("told_until"))),
                            _connector="OR",
                        ),
                        name="telling_until_and_since",
                    ),
                ],
            },
        ),
    ]
