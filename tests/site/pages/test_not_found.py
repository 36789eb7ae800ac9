"""404.html: hosts show it at any depth, so that it may need no other file."""

import base64
import hashlib
import re

from sample_site import Document, Sample


def test_it_carries_all_it_needs_and_its_policy_names_that_by_hash(sample: Sample) -> None:
    text = sample.text("404.html")
    document = Document(text)
    assert document.all("link") == [] and document.all("img") == []
    assert len(document.all("h1")) == 1 == len(document.all("main"))
    (policy,) = [it.attributes["content"] for it in document.all("meta") if "http-equiv" in it.attributes]
    assert policy.startswith("default-src 'none';") and "unsafe" not in policy
    for name in ("style", "script"):
        (content,) = re.findall(f"<{name}>(.*?)</{name}>", text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{name}-src 'sha256-{digest}'" in policy
