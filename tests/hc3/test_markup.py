"""The HTML that Home Center 3 allows in texts, as pieces without any."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from eplua_twisted.hc3.markup import MAX_TEXT, pieces_of, plain_text


class MarkupTests(SynchronousTestCase):
    def test_text_alone(self) -> None:
        self.assertEqual(pieces_of("21.5 °C"), [{"text": "21.5 °C"}])
        self.assertEqual(pieces_of(""), [])

    def test_values_are_shown_as_lua_writes_them(self) -> None:
        values: list[tuple[Any, str]] = [
            (21, "21"),
            (True, "true"),
            (None, ""),
            ([1], "[1]"),
        ]
        for value, shown in values:
            self.assertEqual(plain_text(pieces_of(value)), shown)

    def test_styles(self) -> None:
        self.assertEqual(
            pieces_of("a<b>b<i>c</i></b><u>d</u>"),
            [
                {"text": "a"},
                {"text": "b", "bold": True},
                {"text": "c", "bold": True, "italic": True},
                {"text": "d", "underline": True},
            ],
        )

    def test_colours(self) -> None:
        for tag in (
            "<font color='Red'>",
            '<font size=3 color="red">',
            "<FONT COLOR=red>",
            '<span style="color: red">',
        ):
            found = pieces_of(f"{tag}x</{tag[1:5]}>y")
            self.assertEqual(found, [{"text": "x", "colour": "red"}, {"text": "y"}])
        self.assertEqual(
            pieces_of("<font color='#0f08'>x"), [{"text": "x", "colour": "#0f08"}]
        )

    def test_what_is_no_colour_is_left_out(self) -> None:
        for colour in ("url(http://x)", "var(--a)", "1;x", "#xyz"):
            self.assertEqual(pieces_of(f'<font color="{colour}">x'), [{"text": "x"}])

    def test_lines(self) -> None:
        for text in ("a<br>b", "a<br/>b", "<p>a</p><p>b</p>", "<div>a</div>b", "a\nb"):
            self.assertEqual(plain_text(pieces_of(text)), "a\nb", text)
        table = "<table><tr><td>a</td><td>1</td></tr><tr><td>b</td></tr></table>"
        self.assertEqual(plain_text(pieces_of(table)), "a 1\nb")

    def test_entities(self) -> None:
        self.assertEqual(
            plain_text(pieces_of("1&nbsp;&lt;&#50; &amp;lt;")), "1\xa0<2 &lt;"
        )

    def test_what_is_no_known_tag_is_text(self) -> None:
        for text in (
            "<script>alert(1)</script>",
            "<svg onload=alert(1)>",
            "a < b > c",
            "<nil>",
            "<b",
            "<",
            "</>",
        ):
            self.assertEqual(plain_text(pieces_of(text)), text)

    def test_tags_made_of_entities_are_text(self) -> None:
        self.assertEqual(
            pieces_of("&lt;b&gt;x<i>&lt;/i&gt;"),
            [{"text": "<b>x"}, {"text": "</i>", "italic": True}],
        )

    def test_links_and_pictures_are_left_out(self) -> None:
        text = '<a href="javascript:x()">go</a><img src=x onerror=y><!-- note -->!'
        self.assertEqual(pieces_of(text), [{"text": "go!"}])

    def test_long_texts_are_cut(self) -> None:
        self.assertEqual(len(plain_text(pieces_of("x" * 10 * MAX_TEXT))), MAX_TEXT + 1)

    @given(st.text(alphabet="<>/b ipt&;l\n'\"=#-!", max_size=60))
    def test_any_text_gives_pieces(self, text: str) -> None:
        for piece in pieces_of(text):
            self.assertTrue(piece["text"])
