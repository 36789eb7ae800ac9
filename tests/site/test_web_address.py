"""The address of a site: plain, in ASCII, and safe wherever it is written."""

import random
from xml.etree import ElementTree

import pytest
from pydantic import ValidationError

from atlas.site import SiteMetadata
from atlas.site.crawlers import crawler_files
from atlas.site.web_address import web_address

GOOD = {
    "https://you.github.io/atlas/": "https://you.github.io/atlas/",
    "https://you.github.io/atlas": "https://you.github.io/atlas/",
    "http://me.example": "http://me.example/",
    "HTTPS://Me.Example:8443/A/b//": "https://me.example:8443/A/b/",
    "http://localhost:8000/": "http://localhost:8000/",
    "http://127.0.0.1/x": "http://127.0.0.1/x/",
    "http://[2001:DB8::1]:80/": "http://[2001:db8::1]:80/",
    "https://münchen.example/bücher/": "https://xn--mnchen-3ya.example/b%C3%BCcher/",
    "https://xn--mnchen-3ya.example/b%C3%BCcher/": "https://xn--mnchen-3ya.example/b%C3%BCcher/",
    "https://例え.example/絵/": "https://xn--r8jz45g.example/%E7%B5%B5/",
    "https://me.example/~me/a&b'(c)/": "https://me.example/~me/a&b%27(c)/",
    "https://my_host.example./": "https://my_host.example./",
}
BAD = [
    *("me.example", "/atlas/", "//me.example/", "ftp://me.example/", "file:///etc/passwd", "javascript:alert(1)"),
    *("https", "https://", "https:///x", "https://:80/", "https://me.example:/", "https://me.example:0/"),
    *("https://me.example:99999/", "https://me.example:x/", "https://user@me.example/", "https://@me.example/"),
    *("https://user:word@me.example/", "https://me.example/?", "https://me.example/?x=1", "https://me.example/#"),
    *("https://me.example/#x", " https://me.example/", "https://me.example/ ", "https://me.example/a b/"),
    *("https://me.example/\n", "https://me\n.example/", "https://me.example/\t", "https://me.example/\x00"),
    *("https://me.example/\x7f", "https://me.example/\x85", "https://me.example/\xa0", "https://me.example/\u2028"),
    *('https://me.example/"', "https://me.example/<b>", "https://me.example\\x", "https://me.example/`"),
    *("https://me.example/{x}", "https://me.example/^", "https://me.example/%", "https://me.example/%zz"),
    *("https://me.example//other.example/", "https://me.example/../x/", "https://me.example/./"),
    *("https://me..example/", "https://-me.example/", "https://me.example-/", "https://.example/", "https://[::1/"),
    *("https://[me]/", f"https://{'a' * 64}.example/", f"https://{'a.' * 130}example/", "https://℀.example/"),
    *("https://me.example/%2e%2e/x/", "https://me.example/.%2E/", "https://[v1.me]/", "https://[fe80::1%25eth0]/"),
    *("https://1.2.3.999/", "https://256/", "https://0x7f.1/", "https://me.example.1/"),
]


@pytest.mark.parametrize(("given", "plain"), GOOD.items())
def test_addresses_are_written_in_one_way(given: str, plain: str) -> None:
    assert SiteMetadata(url=given).url == plain == web_address(plain)


@pytest.mark.parametrize("given", BAD)
def test_what_is_no_plain_address_is_refused(given: str) -> None:
    with pytest.raises(ValidationError, match="must be a web address such as https://you.github.io/atlas/"):
        SiteMetadata(url=given)


@pytest.mark.parametrize("host", ["straße.example", "λόγος.example", "a\u200db.example"])
def test_a_host_that_can_be_written_in_two_ways_is_refused(host: str) -> None:
    with pytest.raises(ValidationError, match="xn--"):
        SiteMetadata(url=f"https://{host}/")


def test_whatever_is_given_comes_out_plain_or_not_at_all() -> None:
    dice = random.Random(0)
    letters = "htps:/@[]?#%&'\"<> \n\\.-_~aZ0ü日\u202e\x00"
    passed = 0
    for _ in range(4000):
        text = "https://me.example/" if dice.random() < 0.7 else "https://"
        text += "".join(dice.choice(letters) for _ in range(dice.randint(0, 6)))
        try:
            address = web_address(text)
        except ValueError:
            continue
        passed += 1
        assert address.isascii() and address.isprintable() and address.endswith("/")
        assert not set(address) & set(" \"'<>\\?#@`{}") - {"@"} and "@" not in address.split("/")[2]
        assert web_address(address) == address
    assert passed > 100


@pytest.mark.parametrize("field", ["title", "author", "licence", "description"])
@pytest.mark.parametrize("letter", ["\x00", "\x1b", "\x7f", "\x85", "\u2028"])
def test_words_have_no_control_characters(field: str, letter: str) -> None:
    with pytest.raises(ValidationError, match="control characters"):
        SiteMetadata.model_validate({field: f"a{letter}b"})


@pytest.mark.parametrize("field", ["title", "author", "licence"])
def test_only_the_description_has_line_breaks(field: str) -> None:
    assert SiteMetadata(description="one\ntwo\t.").description == "one\ntwo\t."
    with pytest.raises(ValidationError, match="line breaks"):
        SiteMetadata.model_validate({field: "one\ntwo"})


# --- files for search engines ----------------------------------------------------------------------------------------


def locations(document: bytes) -> list[str | None]:
    return [element.text for element in ElementTree.fromstring(document).iter() if element.tag.endswith("}loc")]


def test_a_sitemap_is_escaped() -> None:
    addresses = ["", "m/a&b/<c>/\"d'.html"]
    files = crawler_files("https://me.example/a&b/", addresses)
    assert locations(files["sitemap.xml"]) == [f"https://me.example/a&b/{address}" for address in addresses]
    assert b"&amp;b/&lt;c&gt;" in files["sitemap.xml"]
    assert files["robots.txt"].decode().splitlines() == [
        "User-agent: *",
        "Allow: /",
        "Sitemap: https://me.example/a&b/sitemap.xml",
    ]


def test_without_an_address_there_is_only_robots() -> None:
    assert list(crawler_files("", ["a.html"])) == ["robots.txt"]


def test_a_large_site_has_several_sitemaps() -> None:
    addresses = [f"{number}.html" for number in range(7)]
    url = "https://me.example/"
    files = crawler_files(url, addresses, most=3)
    names = ["sitemap-1.xml", "sitemap-2.xml", "sitemap-3.xml"]
    assert locations(files["sitemap.xml"]) == [url + name for name in names]
    assert [address for name in names for address in locations(files[name])] == [url + address for address in addresses]
    assert len(files) == 5
