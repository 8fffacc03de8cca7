"""The product's settings, for addresses of which one fails with what it was given."""

from pension_transfer.settings import *  # noqa: F403

ROOT_URLCONF = "tests.faults.canary_urls"
