import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import pension_transfer.lib.validation

SENT_AT = """
UPDATE transfers_transfercase c SET sent_at = t.sealed_at FROM transfers_content t
WHERE t.case_id = c.id AND t.version = c.version AND t.sealed_at IS NOT NULL AND c.state <> 'head_approved'
"""


class Migration(migrations.Migration):
    """The paper file travels beside its electronic part: how it left, how it came, and when the data was sent."""

    dependencies = [
        ("branches", "0003_import_batches"),
        ("transfers", "0003_marks_on_fields"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="transfercase",
            name="paper_condition",
            field=models.CharField(
                blank=True,
                choices=[("good", "Undamaged"), ("damaged", "Damaged"), ("incomplete", "Incomplete")],
                max_length=12,
                verbose_name="condition",
            ),
        ),
        migrations.AddField(
            model_name="transfercase",
            name="paper_method",
            field=models.CharField(
                blank=True,
                choices=[
                    ("registered_mail", "Registered mail"),
                    ("express_mail", "Express mail"),
                    ("courier", "Courier"),
                    ("by_hand", "Handed to the person concerned"),
                    ("other", "Other means"),
                ],
                max_length=16,
                verbose_name="method of dispatch",
            ),
        ),
        migrations.AddField(
            model_name="transfercase",
            name="paper_note",
            field=models.CharField(blank=True, max_length=300, verbose_name="note on the condition"),
        ),
        migrations.AddField(
            model_name="transfercase",
            name="paper_sent_letter",
            field=models.CharField(blank=True, max_length=30, verbose_name="letter number of the dispatch"),
        ),
        migrations.AddField(
            model_name="transfercase",
            name="paper_sent_on",
            field=models.DateField(null=True, verbose_name="paper file dispatched on"),
        ),
        migrations.AddField(
            model_name="transfercase",
            name="paper_sent_pages",
            field=models.PositiveIntegerField(null=True, verbose_name="pages sent"),
        ),
        migrations.AddField(
            model_name="transfercase",
            name="parcel_number",
            field=models.CharField(blank=True, max_length=40, verbose_name="parcel number"),
        ),
        migrations.AddField(
            model_name="transfercase",
            name="sent_at",
            field=models.DateTimeField(editable=False, null=True, verbose_name="sent to the center at"),
        ),
        migrations.CreateModel(
            name="PaperArrival",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "tracking_number",
                    models.CharField(
                        blank=True,
                        max_length=13,
                        validators=[pension_transfer.lib.validation.Digits(13, 13)],
                        verbose_name="tracking number",
                    ),
                ),
                (
                    "pension_number",
                    models.CharField(
                        blank=True,
                        max_length=10,
                        validators=[pension_transfer.lib.validation.Digits(10, 10)],
                        verbose_name="pension number",
                    ),
                ),
                ("paper_arrived_on", models.DateField(verbose_name="paper file arrived on")),
                (
                    "paper_letter_number",
                    models.CharField(max_length=30, verbose_name="letter number of the paper file"),
                ),
                ("paper_pages", models.PositiveIntegerField(verbose_name="pages counted")),
                (
                    "paper_condition",
                    models.CharField(
                        choices=[("good", "Undamaged"), ("damaged", "Damaged"), ("incomplete", "Incomplete")],
                        max_length=12,
                        verbose_name="condition",
                    ),
                ),
                ("paper_note", models.CharField(blank=True, max_length=300, verbose_name="note on the condition")),
                ("by_name", models.CharField(max_length=130, verbose_name="by")),
                ("role", models.CharField(max_length=20, verbose_name="role")),
                ("at", models.DateTimeField(auto_now=True, verbose_name="at")),
                ("set_aside_at", models.DateTimeField(null=True, verbose_name="set aside at")),
                ("set_aside_by", models.CharField(blank=True, max_length=130, verbose_name="set aside by")),
                (
                    "set_aside_reason",
                    models.CharField(blank=True, max_length=300, verbose_name="reason for setting aside"),
                ),
                (
                    "branch",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="paper_arrivals",
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
                (
                    "case",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="paper_arrivals",
                        to="transfers.transfercase",
                        verbose_name="transfer case",
                    ),
                ),
            ],
            options={
                "verbose_name": "paper file without data",
                "verbose_name_plural": "paper files without data",
                "indexes": [
                    models.Index(
                        condition=models.Q(("case", None), ("set_aside_at", None)),
                        fields=["branch", "id"],
                        name="arrival_unmatched",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("tracking_number", ""), _negated=True),
                            models.Q(("pension_number", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="arrival_is_of_something",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("case", None), ("set_aside_at", None)),
                        fields=("branch", "tracking_number", "pension_number"),
                        name="one_arrival_a_number",
                    ),
                ],
            },
        ),
        # What was sealed before is taken as sent at that moment: the center has it within seconds.
        migrations.RunSQL(SENT_AT, migrations.RunSQL.noop),
    ]
