"""Tables of results sort by any column, and read the same without scripts."""

from playwright.sync_api import Browser
from sample_site import Sample


def values(page, column: int) -> list[float]:
    """The values of a column of the first table."""
    return page.locator("[data-sortable]").first.evaluate(
        "(table, place) => [...table.tBodies[0].rows].map((row) => Number(row.cells[place].dataset.value))", column
    )


def test_a_column_sorts_the_best_first_and_then_the_other_way(browser: Browser, sample: Sample) -> None:
    page = browser.new_page()
    page.goto(f"{sample.site.as_uri()}/results/index.html")
    column = 3  # after the model, the method, and the first judge
    before = values(page, column)
    button = page.locator("[data-sortable]").first.locator("thead tr:last-child th").nth(column).get_by_role("button")
    button.click()
    assert values(page, column) == sorted(before, reverse=True) != before
    button.press("Enter")
    assert values(page, column) == sorted(before)
    head = page.locator("[data-sortable]").first.locator("thead tr:last-child th")
    assert [head.nth(place).get_attribute("aria-sort") for place in (2, 3)] == [None, "ascending"]
    page.close()


def test_without_scripts_the_best_of_the_first_judge_leads(browser: Browser, sample: Sample) -> None:
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(f"{sample.site.as_uri()}/results/index.html")
    first = [
        row.locator("td[data-value]").first for row in page.locator("[data-sortable]").first.locator("tbody tr").all()
    ]
    found = [float(cell.get_attribute("data-value") or "nan") for cell in first]
    assert found == sorted(found, reverse=True) and len(found) > 3
    assert page.locator("thead button").count() == 0
    page.context.close()
