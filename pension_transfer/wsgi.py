"""The door for web servers."""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from pension_transfer import embedded
from pension_transfer.lib.servers import require_schema

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pension_transfer.settings")
embedded.ensure()
application = get_wsgi_application()
require_schema()  # a program newer than its database would fail page by page
if settings.TRAINING:
    from transfers.training import refuse_a_real_site

    refuse_a_real_site()
