"""The door for web servers."""

import os

from django.core.wsgi import get_wsgi_application

from pension_transfer import embedded

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pension_transfer.settings")
embedded.ensure()
application = get_wsgi_application()
