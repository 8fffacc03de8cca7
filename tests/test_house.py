"""The house itself: what is generated is fresh, what is configured is described."""

import re
import subprocess
import sys
from pathlib import Path

import polib
import pytest

ROOT = Path(__file__).parent.parent
CATALOGUE = ROOT / "locale/fa/LC_MESSAGES/django.po"


def test_the_persian_catalogue_is_complete() -> None:
    untranslated = [entry.msgid for entry in polib.pofile(str(CATALOGUE)) if not entry.translated()]
    assert untranslated == []


def test_the_compiled_catalogue_is_fresh() -> None:
    written = {(e.msgctxt, e.msgid): (e.msgstr, e.msgstr_plural) for e in polib.pofile(str(CATALOGUE))}
    compiled = polib.mofile(str(CATALOGUE.with_suffix(".mo")))
    assert {(e.msgctxt, e.msgid): (e.msgstr, e.msgstr_plural) for e in compiled} == written


def test_every_sentence_of_the_code_is_in_the_catalogue() -> None:
    known = {entry.msgid for entry in polib.pofile(str(CATALOGUE))}
    literal = re.compile(r"""\b(?:_|gettext|gettext_lazy)\(\s*(["'])((?:(?!\1)[^\\]|\\.)*)\1\s*[,)]""")
    sources = [
        path for app in ("branches", "central", "transfers", "pension_transfer") for path in (ROOT / app).rglob("*.py")
    ]
    used = {text.replace('\\"', '"') for path in sources for _quote, text in literal.findall(path.read_text("utf-8"))}
    assert used - known == set()


def test_every_variable_is_described() -> None:
    settings = (ROOT / "pension_transfer/settings.py").read_text()
    read = set(re.findall(r'env\.(?:text|flag|words)\("(\w+)"', settings))
    described = (ROOT / "docs/configuration.md").read_text()
    assert {name for name in read if f"`{name}`" not in described} == set()


@pytest.mark.parametrize("missing", [{}, {"SECRET_KEY": "x" * 60}, {"ALLOWED_HOSTS": "a.example"}])
def test_production_refuses_unsafe_defaults(missing: dict[str, str]) -> None:
    env = {"DJANGO_ENV": "production", "DATABASE_URL": "postgresql:///x", "PATH": "/usr/bin:/bin"} | missing
    run = [sys.executable, "-c", "import pension_transfer.settings"]
    done = subprocess.run(run, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "ImproperlyConfigured" in done.stderr
