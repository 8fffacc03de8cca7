import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("branches", "0003_import_batches"),
        ("transfers", "0002_guarded_by_the_database"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name="crossing",
            name="action",
            field=models.CharField(max_length=24, verbose_name="action"),
        ),
        migrations.AlterField(
            model_name="crossing",
            name="attempts",
            field=models.PositiveIntegerField(default=0, verbose_name="attempts"),
        ),
        migrations.AlterField(
            model_name="crossing",
            name="body",
            field=models.JSONField(default=dict, verbose_name="content"),
        ),
        migrations.AlterField(
            model_name="crossing",
            name="branch",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="branches.branch",
                verbose_name="branch",
            ),
        ),
        migrations.AlterField(
            model_name="crossing",
            name="by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="by",
            ),
        ),
        migrations.AlterField(
            model_name="crossing",
            name="case",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="crossings",
                to="transfers.transfercase",
                verbose_name="transfer case",
            ),
        ),
        migrations.AlterField(
            model_name="crossing",
            name="created_at",
            field=models.DateTimeField(auto_now_add=True, verbose_name="opened at"),
        ),
        migrations.AlterField(
            model_name="crossing",
            name="decided_there",
            field=models.BooleanField(default=False, verbose_name="decided in the center first"),
        ),
        migrations.AlterField(
            model_name="crossing",
            name="envelope_id",
            field=models.UUIDField(verbose_name="envelope"),
        ),
        migrations.AlterField(
            model_name="crossing",
            name="input",
            field=models.JSONField(default=dict, verbose_name="input"),
        ),
        migrations.AlterField(
            model_name="crossing",
            name="key",
            field=models.UUIDField(primary_key=True, serialize=False, verbose_name="key"),
        ),
        migrations.AlterField(
            model_name="crossing",
            name="kind",
            field=models.CharField(blank=True, max_length=12, verbose_name="kind"),
        ),
        migrations.AlterField(
            model_name="crossing",
            name="reason",
            field=models.CharField(blank=True, max_length=80, verbose_name="reason"),
        ),
        migrations.AlterField(
            model_name="crossing",
            name="role",
            field=models.CharField(blank=True, max_length=20, verbose_name="role"),
        ),
        migrations.AlterField(
            model_name="crossing",
            name="settled_at",
            field=models.DateTimeField(null=True, verbose_name="settled at"),
        ),
        migrations.AlterField(
            model_name="crossing",
            name="state",
            field=models.CharField(
                choices=[("open", "waiting for the center"), ("done", "done"), ("refused", "refused by the center")],
                default="open",
                max_length=8,
                verbose_name="state",
            ),
        ),
        migrations.AlterField(
            model_name="crossing",
            name="verb",
            field=models.CharField(
                choices=[("deposit", "deposit"), ("take", "take"), ("withdraw", "withdraw"), ("answer", "answer")],
                max_length=10,
                verbose_name="asked of the center",
            ),
        ),
        migrations.AlterField(
            model_name="transfercase",
            name="decrees_shown_at",
            field=models.DateTimeField(null=True, verbose_name="decrees shown at"),
        ),
        migrations.AlterField(
            model_name="transferevent",
            name="by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="user",
            ),
        ),
        migrations.AlterField(
            model_name="transferevent",
            name="case",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="events",
                to="transfers.transfercase",
                verbose_name="transfer case",
            ),
        ),
        migrations.AlterField(
            model_name="transferevent",
            name="content_hash",
            field=models.CharField(blank=True, max_length=64, verbose_name="content hash"),
        ),
        migrations.AlterField(
            model_name="transferevent",
            name="details",
            field=models.JSONField(default=dict, verbose_name="details"),
        ),
        migrations.AlterField(
            model_name="transferevent",
            name="from_state",
            field=models.CharField(blank=True, max_length=24, verbose_name="from state"),
        ),
        migrations.AlterField(
            model_name="transferevent",
            name="hash",
            field=models.CharField(max_length=64, verbose_name="hash"),
        ),
        migrations.AlterField(
            model_name="transferevent",
            name="previous_hash",
            field=models.CharField(blank=True, max_length=64, verbose_name="hash of the event before"),
        ),
        migrations.AlterField(
            model_name="transferevent",
            name="sequence",
            field=models.PositiveIntegerField(verbose_name="row"),
        ),
        migrations.AlterField(
            model_name="transferevent",
            name="to_state",
            field=models.CharField(
                choices=[
                    ("referral", "Referred"),
                    ("draft", "Draft"),
                    ("technically_approved", "Approved by the technical officer"),
                    ("head_approved", "Approved by the head, waiting for the center"),
                    ("sent", "Sent to the center"),
                    ("received", "Received"),
                    ("verified", "Compared"),
                    ("registered", "Registered"),
                    ("returned", "Returned"),
                    ("cancelled", "Cancelled"),
                ],
                max_length=24,
                verbose_name="to state",
            ),
        ),
        migrations.AlterField(
            model_name="transferevent",
            name="version",
            field=models.PositiveSmallIntegerField(default=1, verbose_name="version"),
        ),
    ]
