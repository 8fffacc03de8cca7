"""The product's settings for tests: the embedded server without waiting for the disk, and the center apart.

TEST_CENTER=together puts the center's tables into the site's database instead.
"""

import os
from pathlib import Path

from pension_transfer import embedded

# Before the settings are read. Test workers inherit what the first process found.
embedded.ensure(durable=False)
if os.environ.get("TEST_CENTER") == "together":
    os.environ["CENTRAL_DATABASE_URL"] = ""
elif not os.environ.get("CENTRAL_DATABASE_URL"):
    os.environ["CENTRAL_DATABASE_URL"] = embedded.database_url("pension_center")

from pension_transfer.settings import *  # noqa: E402, F403
from pension_transfer.settings import DATABASES, STORAGES  # noqa: E402

# Two test runs at once, in one folder or on one server, never drop each other's databases.
RUN = os.environ.setdefault("TEST_RUN", str(os.getpid()))
for database in DATABASES.values():
    database["TEST"] = {"NAME": f"test_{database['NAME']}_{RUN}"}

SIGNING_KEY = Path("/nonexistent/site.pem")  # a test that signs says where
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # people sign in thousands of times
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
WHITENOISE_AUTOREFRESH = True  # or every test client would read all files of all packages first
