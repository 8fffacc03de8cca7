"""The one settings file. Every variable it reads is described in docs/configuration.md.

Laptop defaults are safe to try things with; `DJANGO_ENV=production` refuses to start on any of them.
"""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import dj_database_url
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from pension_transfer.lib import env

BASE_DIR = Path(__file__).resolve().parent.parent
PRODUCTION = env.choice("DJANGO_ENV", "laptop", "production") == "production"
LAPTOP_KEY = "laptop-only-" + "0" * 50  # refused in production

# --- safety ---------------------------------------------------------------------------------------
SECRET_KEY = env.text("SECRET_KEY", "" if PRODUCTION else LAPTOP_KEY)
SECRET_KEY_FALLBACKS = env.words("SECRET_KEY_FALLBACKS")
DEBUG = env.flag("DEBUG", False)
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", "" if PRODUCTION else "localhost,127.0.0.1,[::1],testserver")
CSRF_TRUSTED_ORIGINS = env.words("CSRF_TRUSTED_ORIGINS")
UNSAFE = {
    "SECRET_KEY (at least 50 characters of its own)": SECRET_KEY == LAPTOP_KEY or len(SECRET_KEY) < 50,
    "DEBUG (0)": DEBUG,
    "ALLOWED_HOSTS (named, without *)": not ALLOWED_HOSTS or "*" in ALLOWED_HOSTS,
    "DATABASE_URL": not env.text("DATABASE_URL", ""),
}
if PRODUCTION and any(UNSAFE.values()):
    wrong = ", ".join(name for name, is_unsafe in UNSAFE.items() if is_unsafe)
    raise ImproperlyConfigured(f"not safe for production: {wrong}; see docs/configuration.md")

SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PRODUCTION
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]  # asked by a machine, past the proxy
SECURE_HSTS_SECONDS = 31_536_000 if PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = PRODUCTION
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env.flag("BEHIND_PROXY", False) else None
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Strict"
SESSION_COOKIE_AGE = 8 * 3600  # a shift
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}

# --- what it is made of ---------------------------------------------------------------------------
INSTALLED_APPS = [
    "pension_transfer.lib.apps.Admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.forms",
    "django_fsm",
    "django_htmx",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "axes",
    "csp",
    "pension_transfer.lib",
    "branches",
    "central",
    "transfers",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",  # pads by chance, so that lengths tell nothing of a token (BREACH)
    "django.contrib.sessions.middleware.SessionMiddleware",
    "pension_transfer.lib.language.LanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "branches.middleware.RowSecurityMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "transfers.middleware.RefusalMiddleware",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "pension_transfer.urls"
WSGI_APPLICATION = "pension_transfer.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "pension_transfer.lib.look.look",
                "transfers.views.context.workplace",
            ],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# --- data -----------------------------------------------------------------------------------------
_KEPT: dict[str, Any] = {"engine": "pension_transfer.lib.postgresql", "conn_max_age": 60, "conn_health_checks": True}
DATABASES = {"default": dj_database_url.config(**_KEPT)}
CENTER = "default"  # the alias behind which the center's tables stand
if env.text("CENTRAL_DATABASE_URL", ""):
    CENTER = "center"
    DATABASES[CENTER] = dj_database_url.config("CENTRAL_DATABASE_URL", **_KEPT)
    # A center that hangs must not hold a branch's clerk: the step waits in its crossing instead. A machine that died
    # hangs up on nobody: a line on which nothing is acknowledged for five seconds is given up (milliseconds).
    DATABASES[CENTER].setdefault("OPTIONS", {}).update(
        connect_timeout=3,
        options="-c statement_timeout=5000 -c lock_timeout=3000",
        keepalives_idle=3,
        keepalives_interval=1,
        keepalives_count=2,
        tcp_user_timeout=5000,
    )
DATABASES["default"].setdefault("OPTIONS", {}).update(connect_timeout=5, options="-c lock_timeout=4000")
SITE = env.text("SITE", "")  # the name of this installation among those that exchange; see manage.py join_site
ROW_SECURITY = env.choice("ROW_SECURITY", "auto", "on", "off")
DATABASE_ROUTERS = ["pension_transfer.routers.CenterRouter"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATA_DIR = Path(env.text("DATA_DIR", str(BASE_DIR / "var")))
SIGNING_KEY = Path(env.text("SIGNING_KEY", str(DATA_DIR / "keys" / "site.pem")))  # of a site that joined
BACKUP_DIR = Path(env.text("BACKUP_DIR", str(DATA_DIR / "backups")))
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 2**20
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5000
FILE_UPLOAD_HANDLERS = [
    "transfers.uploads.ScanLimit",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "transfers.uploads.OnDisk",
]

# --- who ------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "branches.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
_VALIDATORS = "django.contrib.auth.password_validation"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"{_VALIDATORS}.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": f"{_VALIDATORS}.UserAttributeSimilarityValidator"},
    {"NAME": f"{_VALIDATORS}.CommonPasswordValidator"},
]
LOGIN_URL, LOGIN_REDIRECT_URL, LOGOUT_REDIRECT_URL = "sign_in", "cartable", "sign_in"
AXES_FAILURE_LIMIT, AXES_COOLOFF_TIME = 5, 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]  # a whole branch shares one address
AXES_LOCKOUT_TEMPLATE = "sign_in_locked.html"
AXES_VERBOSE = False

# --- language, time ---------------------------------------------------------------------------------
LANGUAGE_CODE = "fa"
LANGUAGES = [("fa", _("Persian")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "Asia/Tehran"
USE_TZ = True
THURSDAY_IS_OFF = env.flag("THURSDAY_IS_OFF", True)  # a change asks for manage.py renew_due_dates
PAYROLL_CUTOFF_DAY = env.number("PAYROLL_CUTOFF_DAY", 20)  # of the month, where the payroll calendar names no other
PAYROLL_WARNING_DAYS = env.number("PAYROLL_WARNING_DAYS", 5)  # working days before the cut-off
if not 1 <= PAYROLL_CUTOFF_DAY <= 31:
    raise ImproperlyConfigured(f"PAYROLL_CUTOFF_DAY={PAYROLL_CUTOFF_DAY}: write a day of the month, 1 to 31")
SYNC_TRIES = env.number("SYNC_TRIES", 5)  # of one item that fails, before it is set aside for a person
if SYNC_TRIES < 1:
    raise ImproperlyConfigured(f"SYNC_TRIES={SYNC_TRIES}: write a number of tries, 1 at least")
USE_THOUSAND_SEPARATOR = False

# --- e-mail: the daily digest -------------------------------------------------------------------------
EMAIL_HOST = env.text("EMAIL_HOST", "")
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if EMAIL_HOST else 'console'}.EmailBackend"
EMAIL_PORT = env.number("EMAIL_PORT", 587)
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = env.text("EMAIL_HOST_USER", ""), env.text("EMAIL_HOST_PASSWORD", "")
EMAIL_SECURITY = env.choice("EMAIL_SECURITY", "starttls", "tls", "none")
EMAIL_USE_TLS, EMAIL_USE_SSL = EMAIL_SECURITY == "starttls", EMAIL_SECURITY == "tls"
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.text("EMAIL_FROM", "pension-transfer@localhost")
SMS_BACKEND = env.text("SMS_BACKEND", "transfers.texting.Log")  # see transfers/texting.py
SITE_URL = env.text("SITE_URL", "" if PRODUCTION else "http://127.0.0.1:8000").rstrip("/")
PUBLIC_URL = env.text("PUBLIC_URL", SITE_URL).rstrip("/")  # where a pensioner reaches the public tracking page

# --- static files -----------------------------------------------------------------------------------
# Asset carriers are mounted by folder, not installed as apps: one of them ships a base.html of its own.


def _carrier(package: str) -> Path:
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ImproperlyConfigured(f"{package} is missing: run make demo or make test")
    return Path(spec.submodule_search_locations[0])


STATIC_URL = "static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [
    BASE_DIR / "static",
    ("vendor/bootstrap", _carrier("django_include_bootstrap") / "static" / "css"),
    ("vendor/fonts", _carrier("django_simorgh") / "static" / "django_simorgh" / "fonts"),
]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
DEMO = False  # manage.py demo says so on every page
TRAINING = env.flag("TRAINING", False)  # so does every page of a training site, in print too
OF_A_REAL_SITE = {"DJANGO_ENV": PRODUCTION, "CENTRAL_DATABASE_URL": CENTER != "default", "SITE": SITE}
if TRAINING and any(OF_A_REAL_SITE.values()):
    names = ", ".join(name for name, is_set in OF_A_REAL_SITE.items() if is_set)
    raise ImproperlyConfigured(f"TRAINING=1 never meets a real center, and these belong to one: {names}")
WHITENOISE_USE_FINDERS = not PRODUCTION
STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # whitenoise warns of a folder that is not there yet
MEDIA_ROOT = DATA_DIR / "media"

# --- API --------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.SessionAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_PAGINATION_CLASS": "pension_transfer.lib.rest.ByKey",
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "pension_transfer.lib.rest.refuse",
    "PAGE_SIZE": 50,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Transfer of pension files",
    "VERSION": "1",
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "ENUM_NAME_OVERRIDES": {
        "State": "transfers.states.State",
        "Side": "transfers.states.Side",
        "DifferenceCode": "transfers.models.comparison.Code",
        "PaymentCode": "transfers.payment.Code",
    },
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
}

# --- logs -------------------------------------------------------------------------------------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"()": "pension_transfer.lib.logs.Masked", "fmt": "%(asctime)s %(levelname)s %(name)s: %(message)s"}
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.choice("LOG_LEVEL", "WARNING", "DEBUG", "INFO", "ERROR")},
    "loggers": {
        "django.server": {"handlers": ["console"], "level": "WARNING", "propagate": False},
        "pypdf": {"level": "ERROR"},  # what it thinks of a scan's finer points; whether it opens is told by refusing it
    },
}
