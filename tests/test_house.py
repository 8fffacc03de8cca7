"""The house itself: what is generated is fresh, what is configured is described."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import django
import polib
import pytest
import rest_framework
from django.contrib.auth.password_validation import password_validators_help_texts, validate_password
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, MinLengthValidator
from django.utils import translation
from django.utils.translation.template import templatize

from branches.forms.files import FORMS, LineForm, RemovalForm
from branches.forms.intake import ImportForm
from branches.models import User
from transfers.inputs import MoveForm
from transfers.views.session import ChangePassword

ROOT = Path(__file__).parent.parent
APPS = ("branches", "central", "transfers", "pension_transfer")
CATALOGUE = ROOT / "locale/fa/LC_MESSAGES/django.po"


def test_the_persian_catalogue_is_complete() -> None:
    untranslated = [entry.msgid for entry in polib.pofile(str(CATALOGUE)) if not entry.translated()]
    assert untranslated == []


def test_the_catalogue_is_written_one_way() -> None:
    assert [entry.msgid for entry in polib.pofile(str(CATALOGUE)) if "هٔ" in entry.msgstr] == []


def test_the_compiled_catalogue_is_fresh() -> None:
    written = {(e.msgctxt, e.msgid): (e.msgstr, e.msgstr_plural) for e in polib.pofile(str(CATALOGUE))}
    compiled = polib.mofile(str(CATALOGUE.with_suffix(".mo")))
    assert {(e.msgctxt, e.msgid): (e.msgstr, e.msgstr_plural) for e in compiled} == written


def test_every_sentence_of_the_code_is_in_the_catalogue() -> None:
    known = {entry.msgid for entry in polib.pofile(str(CATALOGUE))}
    literal = re.compile(r"""\b(?:_|gettext|gettext_lazy)\(\s*(["'])((?:(?!\1)[^\\]|\\.)*)\1\s*[,)]""")
    sources = [path for app in APPS for path in (ROOT / app).rglob("*.py")]
    used = {text.replace('\\"', '"') for path in sources for _quote, text in literal.findall(path.read_text("utf-8"))}
    assert used - known == set()


def test_every_label_of_the_templates_is_in_the_catalogue() -> None:
    known = {entry.msgid for entry in polib.pofile(str(CATALOGUE))}
    literal = re.compile(r"""{%\s*translate\s+(["'])(.*?)\1""")
    pages = (ROOT / "templates").rglob("*.html")
    assert {text for page in pages for _quote, text in literal.findall(page.read_text("utf-8"))} - known == set()


def test_the_catalogue_says_nothing_that_nobody_asks_for() -> None:
    known = {entry.msgid for entry in polib.pofile(str(CATALOGUE))}
    assert known - in_the_code() - in_the_templates() - of_the_frameworks() == set()


def in_the_code() -> set[str]:
    """Every text of the Python files, as it is once its parts are joined."""
    sources = [path for app in APPS for path in (ROOT / app).rglob("*.py")]
    nodes = (node for path in sources for node in ast.walk(ast.parse(path.read_text("utf-8"))))
    return {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def in_the_templates() -> set[str]:
    """Every sentence that the templates ask for, as the extraction for translators finds it."""
    pages = [page for kind in ("html", "txt") for page in (ROOT / "templates").rglob(f"*.{kind}")]
    asked = re.compile(r"""\b(?:n?gettext|_)\(\s*u?("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')""")
    return {ast.literal_eval(text) for page in pages for text in asked.findall(templatize(page.read_text("utf-8")))}


def of_the_frameworks() -> set[str]:
    """What Django and its REST framework say themselves; the house says some of it in its own words."""
    catalogues = (po for it in (django, rest_framework) for po in Path(it.__path__[0]).rglob("locale/en/**/django.po"))
    return {entry.msgid for catalogue in catalogues for entry in polib.pofile(str(catalogue))}


def test_no_template_speaks_persian_past_the_catalogue() -> None:
    """English is complete: what a page says comes from the catalogue; the name of the other language does not."""
    persian = re.compile("[\u0600-\u06ff]+")
    found = {word for page in (ROOT / "templates").rglob("*.html") for word in persian.findall(page.read_text("utf-8"))}
    assert found == {"فارسی"}


def test_what_the_framework_says_of_an_entry_has_the_words_of_the_house() -> None:
    known = {entry.msgid for entry in polib.pofile(str(CATALOGUE))}
    forms = [*FORMS.values(), LineForm, RemovalForm, MoveForm, ImportForm, ChangePassword.form_class]
    fields = [field for form in forms for field in form.base_fields.values()]
    with translation.override("en"):
        used = {str(text) for field in fields for text in field.error_messages.values()}
    for validator in (MinLengthValidator(1), MaxLengthValidator(1)):  # their sentence depends on a number
        used.add(validator.message._kw["singular"])
    assert used - known - {""} == set()


def test_what_is_said_of_a_password_is_persian() -> None:
    with translation.override("fa"):
        said = list(password_validators_help_texts())
        for word in ("x", "12345678901", "password123"):
            with pytest.raises(ValidationError) as refused:
                validate_password(word, User(username="x"))
            said += refused.value.messages
        assert [str(text) for text in said if re.search("[A-Za-z]", str(text))] == []


def test_every_variable_is_described() -> None:
    settings = (ROOT / "pension_transfer/settings.py").read_text()
    read = set(re.findall(r'env\.(?:text|flag|words|choice|number)\("(\w+)"', settings))
    described = (ROOT / "docs/configuration.md").read_text()
    assert {name for name in read if f"`{name}`" not in described} == set()


SAFE = {
    "DJANGO_ENV": "production", "DATABASE_URL": "postgresql:///x", "SECRET_KEY": "x" * 60, "ALLOWED_HOSTS": "a.example",
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", ""),
        ("SECRET_KEY", "short"),
        ("ALLOWED_HOSTS", ""),
        ("ALLOWED_HOSTS", "a.example,*"),
        ("DATABASE_URL", ""),
        ("DEBUG", "1"),
        ("DJANGO_ENV", "prod"),
        ("LOG_LEVEL", "loud"),
        ("EMAIL_PORT", "smtp"),
        ("EMAIL_SECURITY", "ssl"),
    ],
)
def test_production_refuses_what_is_unsafe_and_says_which(name: str, value: str) -> None:
    said = loaded(SAFE | {name: value})
    assert "ImproperlyConfigured" in said
    assert (
        re.findall(
            "SECRET_KEY|ALLOWED_HOSTS|DATABASE_URL|DEBUG|DJANGO_ENV|LOG_LEVEL|EMAIL_PORT|EMAIL_SECURITY",
            said.splitlines()[-1],
        )[0]
        == name
    )


def test_production_starts_on_what_is_safe() -> None:
    assert loaded(SAFE) == ""


def loaded(env: dict[str, str]) -> str:
    """What the settings say when they are read with these variables and no others."""
    run = [sys.executable, "-c", "import pension_transfer.settings"]
    return subprocess.run(
        run, cwd=ROOT, env=env | {"PATH": "/usr/bin:/bin"}, capture_output=True, text=True, check=False
    ).stderr.strip()


# What a contrast is made of: pages are measured in Persian, in the light and in the dark (tests/browser/watching.py).
# Small letters need the same whatever their size.
COLOURED = re.compile(r"color|background|opacity|fill|stroke|filter|font-size: (?!1[0-8]px)|font-weight|font:|--")


def test_no_contrast_depends_on_the_language() -> None:
    rules = re.findall(r"([^{}]+)\{([^{}]*)\}", "".join(path.read_text() for path in ROOT.glob("static/css/*.css")))
    of_a_language = [(chosen, set_) for chosen, set_ in rules if re.search(r"lang|dir", chosen.rsplit("*/")[-1])]
    assert of_a_language and [rule for rule in of_a_language if COLOURED.search(rule[1])] == []
