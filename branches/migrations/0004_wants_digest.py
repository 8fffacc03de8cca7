from django.db import migrations, models


class Migration(migrations.Migration):
    """Everybody may switch the daily e-mail off."""

    dependencies = [("branches", "0003_import_batches")]

    operations = [
        migrations.AddField(
            model_name="user",
            name="wants_digest",
            field=models.BooleanField(
                default=True,
                help_text="One e-mail on working days with what waits for you; none when nothing does.",
                verbose_name="daily digest by e-mail",
            ),
        ),
    ]
