"""What the page says when words alone cannot be imagined; no browser is needed."""

import asyncio

import pytest

from motionalchemy.server.answers import Refused, invalid

pytest.importorskip("gradio", reason="the page needs Gradio")
page_words, page_ask = (pytest.importorskip(f"motionalchemy.server.page_{name}") for name in ("words", "ask"))


@pytest.mark.parametrize("spoken", page_words.LANGUAGES)
@pytest.mark.parametrize(
    ("last", "refused", "word"),
    [
        ("last.png", None, "no_picture"),
        (None, invalid("nano draws places"), "not_imagined"),
        (None, invalid("seconds -1 are too few", "seconds"), "seconds"),
    ],
)
def test_what_cannot_be_imagined_is_said_in_the_person_s_language(spoken, last, refused, word):
    class Service:
        async def create(self, who, body):
            raise refused

    desk = page_ask.Desk(Service(), spoken)
    with pytest.raises(Refused) as raised:
        asyncio.run(desk.animate(None, None, "a glorp", "2", {}, last))
    assert desk.refusal(raised.value) == (page_words.words(spoken).get(word) if word != "seconds" else
                                          page_words.refusal(spoken, refused))  # fmt: skip
