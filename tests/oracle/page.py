"""Reads a report or a profile as a strict reader of HTML would: every element is closed where it was opened, every id is
there once and every link within the page leads somewhere, and nothing points out of the page. Prints all
text that is not script or style."""
import json
import sys
from html.parser import HTMLParser

VOID = {"meta", "link", "input", "br", "img"}


class Page(HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.open, self.ids, self.links, self.text = [], [], [], []
        self.headings, self.scripts, self.data = [], 0, None

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        for name, value in attributes.items():
            assert not name.startswith("on"), f"{name} on {tag}"
            assert name != "style", "a style of its own breaks the page's policy"
            if name in ("href", "src", "action", "data", "poster", "srcset", "formaction", "xlink:href"):
                assert value.startswith("#") or value == "data:,", f"{tag} {name}={value}"
                self.links.append(value)
            if name == "id":
                self.ids.append(value)
        assert tag not in ("img", "iframe", "object", "embed", "form", "base"), tag
        if tag == "script":
            self.scripts += 1
            self.data = attributes.get("type") == "application/json"
        if tag in ("h1", "h2", "h3"):
            self.headings.append(tag)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag):
        assert tag not in VOID and self.open and self.open.pop() == tag, f"</{tag}> in {self.open}"

    def handle_data(self, data):
        where = self.open[-1] if self.open else ""
        if where == "script" and self.data:
            json.loads(data)
        elif where not in ("script", "style"):
            self.text.append(data)


page = Page()
with open(sys.argv[1], encoding="utf-8") as file:
    page.feed(file.read())
page.close()
assert not page.open, page.open
assert page.scripts == int(sys.argv[2]), page.scripts
assert len(page.ids) == len(set(page.ids)), page.ids
assert all(link[1:] in page.ids for link in page.links if link != "data:,"), page.links
assert page.headings[0] == "h1" and page.headings.count("h1") == 1, page.headings
print("".join(page.text))
