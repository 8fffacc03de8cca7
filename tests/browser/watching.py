"""What is asked of every page, whoever opens it: one walk, everything judged in it.

At the width of a desk and of a telephone, in the light and in the dark, in Persian and in English.
"""

import gzip
import re
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.contrib.staticfiles import finders
from playwright.sync_api import ConsoleMessage, Page, Request

from tests.browser.conftest import NARROW, WIDE

# Letters that stand in a Persian page on purpose: keys of the keyboard, the other language's name, formats.
LATIN = re.compile(r"[A-Za-z]{2,}")
ALLOWED = {"IR", "English", "Enter", "Ctrl", "Esc", "XLSX", "CSV", "ZIP", "PostgreSQL"}
WHOLE = re.compile(  # commands, addresses, user names, and what a sheet and its seal say
    r"manage\.py \w+( --\w+)?|https?://\S+|\([a-z_]+_[0-9]{4}\)|PT1:[0-9]{13}:[0-9A-F]{16}|(\b[0-9A-F]{4}\b ?){4}"
)
PERSIAN_DIGITS = re.compile("(?<![آ-ی][ /])[۰-۹]+")  # other than in the name of a place, «شعبه ۱ کرمان»
SPOKEN = """() => [document.body.innerText,
  ...[...document.querySelectorAll("[aria-label],[placeholder],[title]")].flatMap(
    (e) => ["aria-label", "placeholder", "title"].map((name) => e.getAttribute(name) || ""))].join("\\n")"""
WIDER = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
STICKS_OUT = """() => [...document.querySelectorAll("main *, .top *")].filter((e) => {
  const place = e.getBoundingClientRect();
  return place.width > 2 && (place.left < -1 || place.right > document.documentElement.clientWidth + 1);
}).map((e) => e.outerHTML.slice(0, 80)).slice(-2)"""
# On a telephone no table hides columns behind a scroll of its own.
HIDES = "() => [...document.querySelectorAll('.table-scroll')].filter((e) => e.scrollWidth > e.clientWidth).length"
STATE = "() => document.querySelector('.page-actions .chip')?.innerText ?? ''"

AXE = Axe().axe_script
RUN_AXE = """(contrast) => axe.run({resultTypes: ["violations"], rules: {"color-contrast": {enabled: contrast}}})
  .then((results) => results.violations)"""
RUN_CONTRAST = """() => axe.run({resultTypes: ["violations"], runOnly: ["color-contrast"]})
  .then((results) => results.violations)"""

# How far things moved by themselves (the browser's own measure, good below 0.1), and what was fetched.
SHIFTS = """() => new Promise((done) => {
  const found = [];
  new PerformanceObserver((list) => found.push(...list.getEntries())).observe({type: "layout-shift", buffered: true});
  requestAnimationFrame(() => setTimeout(() => done(found.filter((e) => !e.hadRecentInput)
    .reduce((sum, e) => sum + e.value, 0)), 50));
})"""
FETCHED = """() => ({page: performance.getEntriesByType("navigation")[0].encodedBodySize,
  rest: performance.getEntriesByType("resource").map((e) => [e.name, e.encodedBodySize])})"""
STILL = 0.01
FIRST, AFTER = 200_000, 40_000  # bytes over the line: a first visit with the font, and every one after it


class Watch:
    """Listens to a page: what the console says, what is asked of other hosts, what fails."""

    judged: set[tuple[str, ...]] = set()  # of all roles together: a page of one kind is judged once

    def __init__(self, page: Page, site: str):
        self.page, self.site, self.faults = page, site, []  # type: ignore[var-annotated]
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.say(f"script: {error}"))
        page.on("request", self._request)

    def say(self, fault: str) -> None:
        self.faults.append(f"{self.page.url} {fault}")

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.say(f"console: {message.text}")

    def _request(self, request: Request) -> None:
        if not request.url.startswith((self.site, "data:")):
            self.say(f"asks elsewhere: {request.url}")

    # --- a page -------------------------------------------------------------------------------------------

    def look(self, path: str, status: int = 200) -> None:
        """Open a page and look at it: both widths, both themes, both languages."""
        self._open(path, status)
        self._weight()
        self.look_again()
        if status == 200 and self._is_new("english"):
            self._in_english(path)

    def _open(self, path: str, status: int = 200) -> None:
        answer = self.page.goto(path)
        if answer is None or answer.status != status or not answer.url.endswith(path):
            self.say(f"{path}: status {answer and answer.status}, not {status}")
        if (moved := self.page.evaluate(SHIFTS)) > STILL:
            self.say(f"moves by itself: {moved:.3f}")

    def look_again(self) -> None:
        """The page as it stands now, at both widths."""
        for size in (NARROW, WIDE):
            self._fits(size)
            if self._is_new(str(size["width"])):
                self._axe(RUN_AXE, size is WIDE, str(size["width"]))  # colours are the same at both
        self._in_the_dark()
        if words := set(LATIN.findall(WHOLE.sub("", self.page.evaluate(SPOKEN)))) - ALLOWED:
            self.say(f"not Persian: {sorted(words)}")

    def _fits(self, size: dict[str, int]) -> None:
        self.page.set_viewport_size(size)  # type: ignore[arg-type]
        if over := self.page.evaluate(WIDER):
            self.say(f"scrolls sideways by {over} at {size['width']}: {self.page.evaluate(STICKS_OUT)}")
        if size is NARROW and (hiding := self.page.evaluate(HIDES)):
            self.say(f"{hiding} tables hide columns at {size['width']}")

    def _in_the_dark(self) -> None:
        if not self._is_new("dark"):
            return
        self.page.emulate_media(color_scheme="dark")
        self._axe(RUN_CONTRAST, None, "night")
        self.page.emulate_media(color_scheme="light")

    def _in_english(self, path: str) -> None:
        """The same page left to right; what is Persian in it are names of people and places."""
        cookie = settings.LANGUAGE_COOKIE_NAME
        self.page.context.add_cookies([{"name": cookie, "value": "en", "url": self.site}])
        self._open(path)
        for size in (NARROW, WIDE):
            self._fits(size)
        self._axe(RUN_AXE, False, "English")  # no colour depends on the language (tests/test_house.py)
        if digits := PERSIAN_DIGITS.findall(self.page.evaluate(SPOKEN)):
            self.say(f"Persian digits in English: {''.join(digits)}")
        self.page.context.clear_cookies(name=cookie)

    # --- its rules ----------------------------------------------------------------------------------------

    def _is_new(self, aspect: str) -> bool:
        """Whether no page of this kind, with its case in this state, was judged under this aspect before."""
        kind = (re.sub("[0-9]+", "N", urlsplit(self.page.url).path), self.page.evaluate(STATE), aspect)
        seen = kind in self.judged
        self.judged.add(kind)
        return not seen

    def _axe(self, run: str, argument: bool | None, where: str) -> None:
        """The rules of accessibility."""
        if not self.page.evaluate("() => 'axe' in window"):  # once for each page that is loaded
            self.page.evaluate(AXE)
        for violation in self.page.evaluate(run, argument):
            places = [node["target"] for node in violation["nodes"]][:3]
            self.say(f"axe at {where}: {violation['id']} {places}")

    def _weight(self) -> None:
        """What a page costs over the line: compressed, with everything that it asks for."""
        fetched = self.page.evaluate(FETCHED)
        kept = {name for name, _size in fetched["rest"] if urlsplit(name).path.startswith("/static/")}
        page = fetched["page"] + sum(size for name, size in fetched["rest"] if name not in kept)
        first = page + sum(weight(urlsplit(name).path) for name in kept)
        if page > AFTER or first > FIRST:
            self.say(f"weighs {page} bytes, {first} at the first visit")


@cache
def weight(path: str) -> int:
    """Bytes of a static file as production sends it: compressed where that helps."""
    found = finders.find(path.removeprefix("/static/"))
    content = Path(str(found)).read_bytes()
    return min(len(content), len(gzip.compress(content)))
