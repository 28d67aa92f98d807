"""Input that should not be sent, and is."""

from typing import Any

from hypothesis import strategies as st

NAMES = (
    "../x",
    "../../etc/passwd",
    "octo/..",
    "octo/../hello",
    "octo/hello/",
    "octo//hello",
    "octo",
    "/hello",
    "octo/",
    "",
    " ",
    "octo\\hello",
    "octo/hel lo",
    "octo/hello?x=1",
    "octo/hello#x",
    "octo/hello%2f..",
    "octo@evil.example/hello",
    "https://github.com/octo/hello",
    "оcto/hello",  # a Cyrillic o
    "octo/ｈello",  # a full-width h
    "octo/hello\u202e",
    "octo/he\u200bllo",
    "octo/hello\n",
    "octo/hello\x00",
    "o" * 300 + "/hello",
    "octo/" + "h" * 300,
    "#watch/hello",
    "octo/#state",
    "octo/hello' OR 1=1 --",
    "octo/%",
    "octo/\ud800",
)
"""Names of repositories that GitHub could not have given. (White space around a name is forgiven.)"""

FORGIVEN = ("octo/hello\n",)

texts = st.one_of(
    st.text(max_size=40), st.sampled_from(NAMES), st.sampled_from(["\x00", "%", "a" * 5000, "null", "-1", "9" * 400])
)
scalars: st.SearchStrategy[Any] = st.one_of(
    st.none(), st.booleans(), st.integers(), st.integers(-3, 9000), st.floats(allow_nan=True), texts
)
values: st.SearchStrategy[Any] = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(texts, inner, max_size=4)),
    max_leaves=8,
)
json_values: st.SearchStrategy[Any] = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(allow_nan=False, allow_infinity=False),
        texts.map(lambda t: t.encode("utf-8", "replace").decode()),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.text("abcdefg_/", max_size=6), inner, max_size=5)
    ),
    max_leaves=12,
)
