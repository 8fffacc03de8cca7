from django.db import migrations, models

from pension_transfer.lib.blobs import held_to_its_hash
from pension_transfer.lib.triggers import REFUSE, seal, unseal


class Migration(migrations.Migration):
    """Attachments' bytes at the center: append-only, and held to their hash by the database (I1, I4)."""

    dependencies = [("central", "0004_messages_between_branches")]
    operations = [
        migrations.CreateModel(
            name="Blob",
            fields=[
                ("sha256", models.CharField(max_length=64, primary_key=True, serialize=False, verbose_name="SHA-256")),
                ("bytes", models.BinaryField(verbose_name="bytes")),
            ],
            options={"verbose_name": "attachment's bytes", "verbose_name_plural": "attachments' bytes"},
        ),
        migrations.RunSQL(REFUSE, migrations.RunSQL.noop),
        migrations.RunSQL(held_to_its_hash("central_blob"), migrations.RunSQL.noop),
        migrations.RunSQL(seal("central_blob"), unseal("central_blob")),
    ]
