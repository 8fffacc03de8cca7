from django.contrib.postgres.fields import ArrayField
from django.core.validators import RegexValidator
from django.db import migrations, models

from branches.notice_kinds import every_kind

KINDS = [
    ("returned", "Returned or sent back to me"),
    ("answer", "Answers to our questions"),
    ("due", "Due today"),
    ("turn", "New in my turn"),
    ("stuck", "Stuck items for my office"),
]


def kinds(name, default):
    kind = models.CharField(choices=KINDS, max_length=10)
    return ArrayField(kind, blank=True, default=default, editable=False, size=None, verbose_name=name)


class Migration(migrations.Migration):
    """Everybody chooses which notices reach them, and how; the tour of the first visit is remembered."""

    dependencies = [("branches", "0013_folded_names")]

    operations = [
        migrations.AddField(
            "user",
            "mobile",
            models.CharField(
                blank=True,
                max_length=11,
                validators=[RegexValidator("^09[0-9]{9}$", "A mobile number is 09 and nine digits.")],
                verbose_name="mobile",
            ),
        ),
        migrations.AddField("user", "told_by_bell", kinds("told by the bell", every_kind)),
        migrations.AddField("user", "told_by_email", kinds("told by e-mail", list)),
        migrations.AddField("user", "told_by_sms", kinds("told by text message", list)),
        migrations.AddField(
            "user",
            "notices_seen_at",
            models.DateTimeField(editable=False, null=True, verbose_name="notices seen at"),
        ),
        migrations.AddField(
            "user", "toured_at", models.DateTimeField(editable=False, null=True, verbose_name="tour taken at")
        ),
    ]
