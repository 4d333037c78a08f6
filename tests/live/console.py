"""A person at the console, in the system's Chromium.

Every step waits for what the person must see. What goes wrong ends the script with its sentence. Lines on
stdout that ask for something (`kill the hub`) are answered with a line on stdin.
"""

import os
import re
import sys
from contextlib import contextmanager

from playwright.sync_api import expect, sync_playwright

base, order, browser_path, pictures = sys.argv[1:5]
key = os.environ["ORDERHUB_KEY"]
SOON = 30_000
complaints = []


def ask(what):
    print(what, flush=True)
    answer = sys.stdin.readline().strip()
    assert answer, what
    return answer


def step(what):
    print(f"- {what}", flush=True)


@contextmanager
def told(page):
    """What a person looked at when a step failed is said with the failure."""
    try:
        yield
    except Exception:
        print(f"The page at {page.url} said:\n{page.locator('main').inner_text()}", flush=True)
        raise


def picture(page, name):
    page.screenshot(path=f"{pictures}/{name}.png")


def listen(page):
    """No page may break a promise to the browser: a script error, or a rule of the page's own policy."""
    page.on("pageerror", lambda error: complaints.append(f"script: {error}"))
    page.on("console", lambda said: complaints.append(said.text) if is_complaint(said) else None)


def is_complaint(said):
    # While the hub is down its streams fail, as they should; and a refused form has its status.
    expected = ("Failed to load resource", "htmx:sse:error", "htmx:error", "net::ERR")
    return said.type == "error" and not any(word in said.text for word in expected)


def board(page):
    return page.evaluate(
        "[...document.querySelectorAll('#board tr[data-version]')].map(r => r.id + ':' + r.dataset.version)"
    )


def until_board_moves(page, before):
    page.wait_for_function(
        "before => [...document.querySelectorAll('#board tr[data-version]')]"
        ".map(r => r.id + ':' + r.dataset.version).join() !== before",
        arg=",".join(before),
        timeout=SOON,
    )


def act(page, title, reason):
    """Opens an action of an order, gives the reason and sends it."""
    summary = page.locator("summary", has_text=re.compile(rf"^\s*{title}"))
    action = page.locator(".actions details", has=summary)
    action.locator("summary").click()
    action.get_by_label("Reason").fill(reason)
    action.get_by_role("button", name=title, exact=True).click()


def signs_in(browser):
    step("whoever is not signed in is led to the sign-in, and a wrong key does not open it")
    page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
    listen(page)
    page.goto(f"{base}/console/orders/{order}")
    page.get_by_label("API key").fill("ohk_live_wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("not known")
    page.get_by_label("API key").fill(key)
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(f"{base}/console/orders/{order}")
    step("a link with the key in its fragment signs in by itself, and the key leaves the address")
    other = browser.new_context().new_page()
    listen(other)
    other.goto(f"{base}/console#{key}")
    expect(other).to_have_url(f"{base}/console", timeout=SOON)
    other.context.close()
    return page


def sees_orders_move(page):
    step("orders appear and move without a reload")
    page.goto(f"{base}/console")
    page.evaluate("window.notReloaded = true")
    expect(page.locator("#board tbody tr").first).to_be_visible(timeout=SOON)
    expect(page.locator("#age")).to_have_text("live", timeout=SOON)
    for _ in range(3):
        until_board_moves(page, board(page))
    expect(page.locator("#board .stage-fulfilling").first).to_be_visible(timeout=SOON)
    picture(page, "orders")

    step("a pause holds still, and afterwards shows what came meanwhile")
    page.get_by_role("button", name="Pause").click()
    page.wait_for_timeout(1500)
    still = board(page)
    page.wait_for_timeout(3000)
    assert board(page) == still, "the board moved while it was paused"
    expect(page.locator("#age")).to_have_text("paused")
    page.get_by_role("button", name="Go on").click()
    until_board_moves(page, still)

    step("rows do not move under a pointer that aims at one, and do under one that rests")
    page.mouse.move(600, 300)
    page.wait_for_timeout(1000)
    still = board(page)
    for _ in range(12):
        page.mouse.move(600, 320)
        page.wait_for_timeout(200)
        page.mouse.move(600, 300)
    assert board(page) == still, "rows moved under the pointer"
    until_board_moves(page, still)
    assert page.evaluate("window.notReloaded"), "the page was loaded anew"


def sees_the_hub_come_back(page):
    step("a hub that is gone is seen to be gone, and its return needs no reload")
    ask("kill the hub")
    expect(page.locator("#age")).to_contain_text("stale since", timeout=SOON)
    gone = board(page)
    assert gone, "what was known stays on the page"
    ask("start the hub")
    expect(page.locator("#age")).to_have_text("live", timeout=90_000)
    until_board_moves(page, gone)
    assert page.evaluate("window.notReloaded"), "the page was loaded anew"


def finds_and_filters(page):
    step("an order is found by its id, stages filter, and what an outsider wrote is text")
    # The board of all orders shows the newest: on a slow machine this one is not among them any more.
    page.goto(f"{base}/console?stage=rejected")
    expect(page.locator("#board")).to_contain_text("<b>CON-1</b>", timeout=SOON)
    page.get_by_role("searchbox").fill(order)
    page.get_by_role("searchbox").press("Enter")
    expect(page.locator("#board tbody tr")).to_have_count(1)
    page.get_by_role("searchbox").fill("no such order")
    page.get_by_role("searchbox").press("Enter")
    expect(page.locator("#board")).to_contain_text("No order fits")
    page.get_by_role("link", name="Show all").click()


def acts_on_an_order(page):
    step("an order says why it is where it is; a hold is placed, seen and released")
    page.goto(f"{base}/console")
    moving = page.locator("#board tr", has=page.locator(".stage-fulfilling")).last
    page.goto(base + moving.locator("a").get_attribute("href", timeout=SOON))
    expect(page.get_by_role("heading", name="Why it is here")).to_be_visible()
    act(page, "Hold", "the customer called")
    expect(page.get_by_role("heading", name="Holds")).to_be_visible(timeout=SOON)
    expect(page.locator(".why")).to_contain_text("the customer called")
    expect(page.locator(".timeline")).to_contain_text("placed: the customer called")
    page.locator(".timeline summary").first.click()
    raw = page.locator(".timeline pre").first
    expect(raw).to_contain_text("{")
    picture(page, "order")

    step("another's action appears by itself, and an open part stays open")
    page.evaluate("window.notReloaded = true")
    other = page.context.new_page()
    other.goto(page.url)
    act(other, "Release hold 1", "all is well")
    expect(other.locator(".timeline")).to_contain_text("released: all is well", timeout=SOON)
    other.close()
    page.bring_to_front()
    expect(page.locator(".timeline")).to_contain_text("released: all is well", timeout=SOON)
    expect(page.get_by_role("heading", name="Holds")).to_have_count(0)
    expect(page.locator(".timeline details[open]")).to_have_count(1)
    assert page.evaluate("window.notReloaded"), "the page was loaded anew"

    step("an order that ended says so, and what may not be asked any more says why")
    page.goto(f"{base}/console/orders/{order}")
    expect(page.locator(".steps .over")).to_have_text("rejected")
    expect(page.locator(".refused").first).to_be_visible()


def edits_an_order(page):
    step("an order that stands is edited by a form, and a form that says too little loses nothing")
    page.goto(f"{base}/console/orders/{ask('an order that stands')}")
    edit = page.locator("details[id^='act-edit']")
    edit.locator("summary").click()
    edit.get_by_label("Units").fill("1=1")
    edit.get_by_label("Reason").fill("the buyer called")
    edit.get_by_role("button", name="Edit", exact=True).click()
    expect(page.get_by_role("alert")).to_be_visible(timeout=SOON)
    edit.locator("summary").click()
    edit.get_by_label("Units").fill("1=2")
    edit.get_by_label("Another article").fill("MUG-RED-S")
    edit.get_by_label("Its name").fill("A mug")
    edit.get_by_label("How many").fill("1")
    edit.get_by_label("Each").fill("7.50")
    edit.get_by_label("Reason").fill("the buyer called")
    edit.get_by_role("button", name="Edit", exact=True).click()
    expect(page.locator(".timeline")).to_contain_text("Edit 1 is a part of the order", timeout=SOON)
    expect(page.locator(".title")).to_contain_text("47.48 EUR")
    expect(page.locator("section", has=page.locator("#lines"))).to_contain_text("A mug")
    act(page, "Release hold 1", "the buyer has hung up")
    expect(page.get_by_role("heading", name="Holds")).to_have_count(0)


def fits_small_screens(page):
    step("nothing sticks out on a telephone")
    page.set_viewport_size({"width": 390, "height": 800})
    for path in ("/console", f"/console/orders/{order}"):
        page.goto(base + path)
        wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert wide <= 0, f"{path} sticks out by {wide} pixels"
    page.set_viewport_size({"width": 1280, "height": 800})


def works_without_scripts(browser):
    step("everything works without scripts")
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(f"{base}/console")
    page.get_by_label("API key").fill(key)
    page.get_by_role("button", name="Sign in").click()
    row = page.locator("#board tr", has=page.locator(".stage-fulfilling")).last
    row.locator("a").click()
    act(page, "Hold", "without scripts")
    expect(page.locator(".why")).to_contain_text("without scripts")
    page.get_by_role("button", name="Sign out").click()
    page.goto(f"{base}/console")
    expect(page.get_by_label("API key")).to_be_visible()
    page.context.close()


# The browser's own services stay silent; as root it has no sandbox to go into.
quiet = ["--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"]
with sync_playwright() as playwright:
    flags = quiet + (["--no-sandbox"] if os.geteuid() == 0 else [])
    browser = playwright.chromium.launch(executable_path=browser_path, args=flags)
    page = signs_in(browser)
    with told(page):
        sees_orders_move(page)
        finds_and_filters(page)
        acts_on_an_order(page)
        edits_an_order(page)
        fits_small_screens(page)
    works_without_scripts(browser)
    page.goto(f"{base}/console")
    page.evaluate("window.notReloaded = true")
    expect(page.locator("#age")).to_have_text("live", timeout=SOON)
    sees_the_hub_come_back(page)
    browser.close()

assert not complaints, "the browser complained:\n" + "\n".join(complaints)
