"""The console in a real Chromium, as a merchandiser uses it: real door, real jobs, a tiny model."""

import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from api.roles import Role
from api.shop import Shop
from tests.keeper import kept, served, until
from tests.little_shop import drawn, encoded

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser
TAKEN = ".jobs .job[data-status=done]"


@dataclass
class Keeper:
    """Somebody at the console of her shop; what the browser complained of."""

    page: "Page"
    shop: Shop
    url: str
    complaints: list[str] = field(default_factory=list)

    def open(self, room: str = "") -> None:
        self.page.goto(f"{self.url}/console#{room}")
        self.page.reload()
        self.page.wait_for_selector("html[data-ready]")

    def drop(self, *files: tuple[str, bytes]) -> None:
        """Drop files onto the page."""
        self.page.evaluate(
            """(files) => {
              const transfer = new DataTransfer();
              for (const [name, bytes] of files)
                transfer.items.add(new File([new Uint8Array(bytes)], name));
              for (const type of ["dragover", "drop"])
                document.body.dispatchEvent(new DragEvent(type, { bubbles: true,
                  cancelable: true, dataTransfer: transfer }));
            }""",
            [[name, list(data)] for name, data in files],
        )

    def take_in(self) -> None:
        """Wait until the foreseen is shown, and take it in."""
        take = self.page.locator(".step .button.primary.big")
        take.wait_for()
        until(take.is_enabled)
        take.click()
        self.page.wait_for_selector(TAKEN, timeout=60_000)


@pytest.fixture
def keeper(chromium: "Browser", tmp_path: Path, catalogue: Path) -> Iterator[Keeper]:
    with kept(tmp_path, catalogue) as shop, served(shop) as url:
        context = chromium.new_context(locale="en-GB", viewport={"width": 1440, "height": 900})
        context.set_default_timeout(60_000)
        page = context.new_page()
        keeper = Keeper(page, shop, url)
        page.on("pageerror", lambda error: keeper.complaints.append(str(error)))
        page.on("console", lambda m: _hear(keeper, m))
        keeper.open()
        yield keeper
        context.close()
        assert keeper.complaints == []


def _hear(keeper: Keeper, message: Any) -> None:
    refused = "Failed to load resource" in message.text  # the browser's own word on a 4xx
    if message.type in ("error", "warning") and not refused:
        keeper.complaints.append(message.text)


def zipped() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("photos/green.png", encoded(drawn("green"), "PNG"))
        archive.writestr("photos/red.png", encoded(drawn("red"), "PNG"))
        rows = [
            "Artikelnummer,Bezeichnung,Bild",
            "n-1,Grün,photos/green.png",
            "n-2,Rot,photos/red.png",
            ",Ohne Nummer,photos/red.png",
            "n-4,Fehlt,photos/none.png",
        ]
        archive.writestr("catalogue.csv", "\n".join(rows))
    return out.getvalue()


def test_a_zip_is_dropped_looked_at_taken_in_and_its_bad_rows_downloaded(keeper):
    keeper.drop(("spring.zip", zipped()))
    keeper.take_in()
    job = keeper.page.locator(TAKEN).first
    assert job.locator("[data-what=added] b").inner_text() == "2"
    assert job.locator("[data-what=rejected] b").inner_text() == "2"
    assert job.locator(".rejects summary").inner_text() == "Why 2 rows are not taken"
    assert keeper.shop.shelf.get("n-1").title == "Grün"
    with keeper.page.expect_download() as caught:
        job.locator("a[download]").click()
    text = Path(caught.value.path()).read_text("utf-8-sig")
    keeper.page.set_viewport_size({"width": 390, "height": 844})
    assert keeper.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert "n-4" in text
    assert "Ohne Nummer" in text


def test_columns_with_strange_names_are_named_by_hand_before_anything_is_taken(keeper):
    picture = encoded(drawn("blue"), "PNG")
    keeper.drop(("pics.zip", only_pictures(picture)))
    keeper.page.wait_for_selector(".step .outcome .job[data-status=done]", timeout=60_000)
    keeper.page.reload()
    keeper.page.wait_for_selector("#before option", state="attached")
    keeper.page.select_option("#before", "pics")
    keeper.drop(("odd.csv", b"qqq,www,zzz\nx 1,Blau,one.png\nx 2,Auch,one.png\n"))
    keeper.page.wait_for_selector("select[data-column=qqq]")
    keeper.page.select_option("select[data-column=qqq]", "sku")
    until(lambda: keeper.page.locator("select[data-column=qqq]").input_value() == "sku")
    keeper.page.select_option("select[data-column=zzz]", "image")
    until(lambda: keeper.page.locator("select[data-column=zzz]").input_value() == "image")
    keeper.page.select_option("select[data-column=www]", "title")
    until(lambda: keeper.page.locator("select[data-column=www]").input_value() == "title")
    keeper.take_in()
    assert keeper.shop.shelf.get("x 1").title == "Blau"


def only_pictures(picture: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("one.png", picture)
        archive.writestr("two/other.png", picture)
    return out.getvalue()


def test_what_would_remove_products_is_asked_about(keeper):
    table = b"sku,title,image\nnew,New,bag.png\n"
    upload = keeper.page.request.put(
        f"{keeper.url}/v1/uploads/all/bag.png", data=encoded(drawn("green"), "PNG")
    )
    assert upload.ok
    keeper.open("deliver")
    keeper.page.wait_for_selector("#before option", state="attached")
    keeper.drop(("whole.csv", table))
    keeper.page.check("#whole")
    keeper.page.wait_for_selector(".outcome [data-what=removed]:not(.none)", timeout=60_000)
    take = keeper.page.locator(".step .button.primary.big")
    until(take.is_enabled)
    take.click()
    assert "removes 10 products" in keeper.page.locator("#sheet-body").inner_text()
    keeper.page.keyboard.press("Escape")
    assert len(keeper.shop.shelf) == 10
    take.click()
    keeper.page.click("#sheet .alarm")
    keeper.page.wait_for_selector(TAKEN, timeout=60_000)
    assert len(keeper.shop.shelf) == 1


def test_of_two_looks_at_once_the_later_counts(keeper):
    upload = keeper.page.request.put(
        f"{keeper.url}/v1/uploads/all/bag.png", data=encoded(drawn("green"), "PNG")
    )
    assert upload.ok
    held = []
    keeper.page.route(
        "**/v1/jobs",
        lambda route: held.append(route) if route.request.method == "POST" and not held
        else route.continue_(),
    )  # fmt: skip
    keeper.open("deliver")
    keeper.page.wait_for_selector("#before option", state="attached")
    keeper.drop(("whole.csv", b"sku,title,image\nnew,New,bag.png\n"))
    keeper.page.check("#whole")
    keeper.page.wait_for_selector(".outcome [data-what=removed]:not(.none)")
    with keeper.page.expect_response("**/v1/jobs"):
        held[0].continue_()  # the earlier look, without "whole", ends after the later one
    done = "fetch('/v1/jobs').then(r => r.json()).then(r => r.jobs.every(job => job.ended))"
    until(lambda: keeper.page.evaluate(done))
    keeper.page.wait_for_timeout(300)  # were it shown, it would be by now
    assert keeper.page.locator(".outcome [data-what=removed]:not(.none)").count() == 1
    keeper.page.locator(".step .button.primary.big").click()
    assert "removes 10 products" in keeper.page.locator("#sheet-body").inner_text()


def test_a_product_is_found_changed_in_place_edited_and_deleted(keeper):
    keeper.open("products")
    page, shelf = keeper.page, keeper.shop.shelf
    page.wait_for_selector("tbody tr:nth-child(10)")
    page.fill("#browse-words", "red bag")
    page.keyboard.press("Enter")
    until(lambda: page.locator("tbody tr").count() == 1)
    price = page.locator("tbody input.inline").first
    price.fill("12.5")
    price.press("Enter")
    until(lambda: shelf.get("bag-red").price == 12.5)
    page.click("[data-sku=bag-red]")
    page.fill("#sheet [name=title]", "Crimson bag")
    page.fill("#sheet [name=attributes]", "season: Fall | Spring")
    page.click("#sheet [type=submit]")
    until(lambda: shelf.get("bag-red").title == "Crimson bag")
    assert shelf.get("bag-red").attributes == {"season": ("Fall", "Spring")}
    page.fill("#browse-words", "bag-red")
    page.keyboard.press("Enter")
    page.click("[data-sku=bag-red]")
    page.click("#sheet .alarm")
    page.click("#sheet .alarm")  # are you sure?
    until(lambda: shelf.find("bag-red") is None)


def test_an_edit_neither_drops_a_line_nor_splits_a_category_nor_goes_with_escape(keeper):
    keeper.open("products")
    page, shelf = keeper.page, keeper.shop.shelf
    page.click("[data-sku=bag-red]")
    page.fill("#sheet [name=category]", "Bath, Body\nGifts")
    page.click("#sheet [type=submit]")
    until(lambda: shelf.get("bag-red").categories == ("Bath, Body", "Gifts"))
    page.wait_for_selector("#sheet:not([open])", state="attached")
    page.click("[data-sku=bag-red]")
    page.fill("#sheet [name=title]", "Crimson bag")
    page.fill("#sheet [name=attributes]", "season: Fall\nforgotten colon")
    page.click("#sheet [type=submit]")
    assert "forgotten colon" in page.locator("#sheet .told").inner_text()
    for _ in range(2):  # a browser lets the second Escape through where only `cancel` is held
        page.keyboard.press("Escape")
        assert page.locator("#sheet .told .button.alarm").is_visible()
    page.click("#sheet .told .button >> nth=0")
    page.fill("#sheet [name=attributes]", "season: Fall")
    page.click("#sheet [type=submit]")
    until(lambda: shelf.get("bag-red").title == "Crimson bag")
    assert shelf.get("bag-red").categories == ("Bath, Body", "Gifts")
    assert shelf.get("bag-red").attributes == {"season": ("Fall",)}


def test_pictures_are_added_put_first_and_taken_away(keeper, tmp_path):
    keeper.open("products")
    page, shelf = keeper.page, keeper.shop.shelf
    first = shelf.pictures("bag-red")[0].sha256
    other = tmp_path / "other.png"
    other.write_bytes(encoded(drawn("yellow"), "PNG"))
    page.click("[data-sku=bag-red]")
    page.set_input_files("#more-pictures", other)
    page.wait_for_selector(".pictures li:nth-child(2)")
    assert shelf.pictures("bag-red")[0].sha256 == first
    page.click(".pictures li:nth-child(2) .button >> nth=0")
    until(lambda: shelf.pictures("bag-red")[0].sha256 != first)
    page.click(".pictures li:nth-child(2) .button >> nth=1")
    until(lambda: len(shelf.pictures("bag-red")) == 1)
    assert shelf.pictures("bag-red")[0].sha256 != first


def test_another_model_is_built_compared_tried_made_live_and_left(keeper):
    page = keeper.page
    keeper.open("models")
    page.click("summary")
    page.fill("#model-name", "tiny@2")
    page.click(".other [type=submit]")
    other = page.locator(".space[data-live=no]")
    other.wait_for(timeout=60_000)
    other.locator(".button").first.click()
    page.wait_for_selector(".jobs .job[data-status=done] .reasons", timeout=60_000)
    page.fill("#try-words", "red bag")
    page.click("#try-model ~ button")
    page.wait_for_selector(".beside .answer:nth-child(2) li")
    assert page.locator(".beside .answer").count() == 2
    for model in ("tiny@2", "tiny@1"):
        page.locator(".space[data-live=no] .button.primary").click()
        page.click("#sheet .alarm")
        page.wait_for_selector(f".space[data-live=yes] h3:text('{model}')", timeout=60_000)


def test_pictures_that_do_no_good_are_listed_and_opened(keeper):
    page, shelf = keeper.page, keeper.shop.shelf
    Path(shelf.pictures("bag-red")[0].path).unlink()
    keeper.open("flaws")
    page.click("[data-flaw=missing] [data-sku=bag-red]")
    page.wait_for_selector("#sheet .pictures li")


def test_a_rule_is_tried_kept_and_taken_away(keeper):
    page = keeper.page
    keeper.open("rules")
    page.click(".room > .acts .button")
    page.fill("#sheet [name=name]", "balls first")
    page.fill("#sheet [name=skus]", "ball-blue")
    page.fill("#sheet [name=try]", "red bag")
    page.click("#sheet .acts .button >> nth=1")
    page.wait_for_selector("#sheet .moved")
    page.click("#sheet [type=submit]")
    page.wait_for_selector("[data-rule='balls first']")
    page.click("[data-rule='balls first'] .button >> nth=1")
    page.click("#sheet .alarm")
    page.wait_for_selector("[data-rule]", state="detached")


def test_with_keys_one_signs_in_and_sees_what_her_role_opens(keeper):
    page, keys = keeper.page, keeper.shop.office.keys
    _, secret = keys.create(Role.MERCHANDISER, "Ana")
    _, tablet = keys.create(Role.ASSOCIATE, "Tablet")
    keeper.open()
    assert page.locator("#tabs").is_hidden()
    page.fill("#key", "vistazo_sk_wrong")
    page.keyboard.press("Enter")
    page.wait_for_selector("#sign-in-told:not([hidden])")
    page.fill("#key", secret)
    page.keyboard.press("Enter")
    page.wait_for_selector("#tabs:not([hidden])")
    assert "Ana" in page.locator("#who").inner_text()
    assert page.locator("#tabs a").count() == 6
    stored = "() => [document.cookie, localStorage.length, sessionStorage.length]"
    assert page.evaluate(stored) == ["", 0, 0]
    page.click("#sign-out")
    page.wait_for_selector("#sign-in:not([hidden])")
    page.fill("#key", tablet)
    page.keyboard.press("Enter")
    page.wait_for_selector("#tabs:not([hidden])")
    assert page.locator("#tabs a").all_inner_texts() == ["Products", "Pictures", "Rules"]
    page.wait_for_selector("[data-sku]")
    assert page.locator("input.inline").count() == 0


def test_every_room_speaks_both_languages_fits_a_phone_and_works_by_keyboard(keeper):
    page = keeper.page
    page.set_viewport_size({"width": 390, "height": 844})
    for room in ("deliver", "products", "flaws", "models", "rules", "demand"):
        keeper.open(room)
        page.wait_for_selector("#room-heading")
        english = page.locator("main").inner_text()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), room
        page.click("#language")
        spanish = page.locator("main").inner_text()
        assert english != spanish
        page.click("#language")
    page.focus(".skip")
    reached = set()
    for _ in range(16):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.getAttribute('href') || ''"))
    assert {"#deliver", "#products", "#flaws", "#models", "#rules", "#demand"} <= reached
