import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Questions without returning, with their answers: each branch keeps its own row (D1)."""

    dependencies = [
        ("transfers", "0005_attachments"),
    ]

    operations = [
        migrations.CreateModel(
            name="Question",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.UUIDField(verbose_name="key of the question")),
                ("path", models.CharField(blank=True, max_length=200, verbose_name="field")),
                ("text", models.CharField(max_length=500, verbose_name="question")),
                ("due_on", models.DateField(verbose_name="answer due on")),
                ("asked_by", models.CharField(max_length=130, verbose_name="asked by")),
                ("asked_at", models.DateTimeField(verbose_name="asked at")),
                ("answer", models.CharField(blank=True, max_length=1000, verbose_name="answer")),
                ("answered_by", models.CharField(blank=True, max_length=130, verbose_name="answered by")),
                ("answered_at", models.DateTimeField(null=True, verbose_name="answered at")),
                (
                    "how",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("settled", "closed after the answer"),
                            ("withdrawn", "withdrawn without an answer"),
                            ("returned", "closed by the return to the origin"),
                            ("registered", "closed by the registration"),
                            ("cancelled", "closed by the end of the move"),
                            ("refused", "not taken by the center"),
                        ],
                        max_length=10,
                        verbose_name="how it closed",
                    ),
                ),
                ("closed_by", models.CharField(blank=True, max_length=130, verbose_name="closed by")),
                ("closed_at", models.DateTimeField(null=True, verbose_name="closed at")),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="questions",
                        to="transfers.transfercase",
                    ),
                ),
            ],
            options={
                "verbose_name": "question",
                "verbose_name_plural": "questions",
                "ordering": ["id"],
                "constraints": [
                    models.UniqueConstraint(fields=("case", "key"), name="question_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("text", ""), _negated=True), models.Q(("asked_by", ""), _negated=True)
                        ),
                        name="question_says_something",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("answer", ""), ("answered_at", None), ("answered_by", "")),
                            models.Q(
                                models.Q(("answer", ""), _negated=True),
                                models.Q(("answered_by", ""), _negated=True),
                                ("answered_at__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="answer_has_who_and_when",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("closed_at", None), ("closed_by", ""), ("how", "")),
                            models.Q(models.Q(("how", ""), _negated=True), ("closed_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="closing_has_how_and_when",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("how", "settled"), _negated=True), ("answered_at__isnull", False), _connector="OR"
                        ),
                        name="settled_after_an_answer",
                    ),
                ],
            },
        ),
    ]
