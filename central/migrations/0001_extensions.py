from django.contrib.postgres.operations import BtreeGistExtension
from django.db import migrations


class Migration(migrations.Migration):
    """The exclusion constraint of custody compares text and ranges in one index."""

    dependencies = []
    operations = [BtreeGistExtension()]
