from django.db import migrations, models

from central.triggers import KEY, WITHOUT_KEY


class Migration(migrations.Migration):
    """Sites sign what they deposit: their public keys, and the signature on each envelope (DESIGN 7)."""

    dependencies = [("central", "0010_directory")]
    operations = [
        migrations.CreateModel(
            name="Key",
            fields=[
                (
                    "key_id",
                    models.CharField(max_length=32, primary_key=True, serialize=False, verbose_name="signing key"),
                ),
                ("site", models.CharField(max_length=40, verbose_name="site")),
                ("public_key", models.CharField(max_length=64, verbose_name="public key")),
                ("since", models.DateTimeField(auto_now_add=True, verbose_name="since")),
                ("retired_at", models.DateTimeField(blank=True, null=True, verbose_name="retired at")),
            ],
            options={"verbose_name": "signing key", "verbose_name_plural": "signing keys"},
        ),
        migrations.AddIndex(model_name="key", index=models.Index(fields=["site"], name="key_by_site")),
        migrations.AddField(
            model_name="envelope",
            name="key_id",
            field=models.CharField(blank=True, db_default="", default="", max_length=32, verbose_name="signing key"),
        ),
        migrations.AddField(
            model_name="envelope",
            name="signature",
            field=models.CharField(blank=True, db_default="", default="", max_length=128, verbose_name="signature"),
        ),
        migrations.RunSQL(KEY, WITHOUT_KEY),
    ]
