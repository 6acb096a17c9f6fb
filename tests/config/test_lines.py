import tomllib

from hypothesis import given
from hypothesis import strategies as st

from careline.config.lines import key_lines

TRICKY = '''\
# a comment with [brackets] and "quotes
top = 1
[brands.acme]          # trailing [comment]
name = "A = [b]"
terms = [
  "x # no comment",    # a comment ] here
  'y]',
]
about = """
[channels.fake]
fake = 1
\\""" still "quoted" """""
raw = \'\'\'
[also.fake]
\'\'\'
hours.mon = ["09:00"]
"quoted key" . 'other' = {inner = 1, "more" = "}"}

[[deadlines]]
when = {intent = "problem"}
[[deadlines]]
first_reply = "1h"
[deadlines.when]
intent = "question"
  [channels."a.b"]
  kind="x"
'''


def test_lines_of_tables_keys_and_arrays() -> None:
    tomllib.loads(TRICKY)  # it is valid
    lines = key_lines(TRICKY)
    assert lines["top",] == 2
    assert lines["brands", "acme"] == 3
    assert lines["brands", "acme", "terms"] == 5
    assert lines["brands", "acme", "about"] == 9
    assert lines["brands", "acme", "raw"] == 13
    assert lines["brands", "acme", "hours"] == lines["brands", "acme", "hours", "mon"] == 16
    assert lines["brands", "acme", "quoted key", "other"] == 17
    assert lines["deadlines", 0] == 19
    assert lines["deadlines", 0, "when"] == 20
    assert lines["deadlines", 1] == 21
    assert lines["deadlines", 1, "first_reply"] == 22
    assert lines["deadlines", 1, "when", "intent"] == 24
    assert lines["channels", "a.b", "kind"] == 26


def test_text_in_strings_is_never_a_key() -> None:
    assert not any("fake" in path or "also" in path for path in key_lines(TRICKY))


def test_an_empty_text_has_no_lines() -> None:
    assert key_lines("") == {}
    assert key_lines("\n# only this") == {}


NAMES = st.text("abc-_1", min_size=1, max_size=4)
VALUES = st.sampled_from(
    ["1", '"]\\""', "'['", '"""\n[x]\ny = 1\n"""', "'''\n\"\n'''", "[\n1,\n2 # ]\n]", '""', "1.5"]
)


@given(st.dictionaries(NAMES, st.dictionaries(NAMES, VALUES, max_size=4), max_size=4))
def test_every_key_of_any_text_is_on_its_line(tables: dict[str, dict[str, str]]) -> None:
    text = ""
    for table, keys in tables.items():
        text += f"[t.{table}]\n" + "".join(f"{key} = {value}\n" for key, value in keys.items())
    lines, rows = key_lines(text), text.split("\n")
    for table, keys in tomllib.loads(text).get("t", {}).items():
        assert rows[lines["t", table] - 1] == f"[t.{table}]"
        for key in keys:
            assert rows[lines["t", table, key] - 1].startswith(f"{key} = ")
