"""The sentences hosts read when the Web SDK refuses."""

from itertools import combinations

import pytest
from django.utils import translation

from meetings.sdk_errors import sdk_error_texts

CODES = [
    "1",
    "2",
    "3",
    "200",
    "3000",
    "3001",
    "3003",
    "3004",
    "3005",
    "3008",
    "3009",
    "3082",
    "3100",
    "3265",
    "3603",
    "3610",
    "3611",
    "3623",
    "3625",
    "3633",
    "3634",
    "3635",
    "3636",
    "3702",
    "3704",
    "3705",
    "3706",
    "3707",
    "3708",
    "3709",
    "3710",
    "3711",
    "3712",
    "3713",
    "3714",
    "4003",
    "4004",
    "4005",
    "4006",
    "4007",
    "4008",
    "4009",
    "4011",
    "4012",
    "4013",
    "4014",
    "4015",
    "4016",
    "4017",
    "4018",
    "4019",
    "6603",
    "10000",
]

# Codes for one cause with one remedy. Any other two codes must read differently.
SAME_CAUSE = [
    {"1", "200"},
    {"3001", "3610"},
    {"3082", "3100"},
    {"3265", "3623"},
    {"3603", "3611"},
    {"3625", "3702", "3709"},
    {"3704", "3710"},
    {"3706", "3714"},
    {"4012", "4013"},
]


@pytest.mark.parametrize("code", [*CODES, "", "default"])
def test_every_code_has_a_sentence_and_a_next_step(code):
    text = sdk_error_texts()[code]

    assert set(text) == {"message", "next"}
    assert all(len(part) > 20 and part.endswith(".") for part in text.values())


def test_nothing_but_the_known_codes_is_listed():
    assert set(sdk_error_texts()) == {*CODES, "", "default"}


def test_codes_of_one_cause_share_their_text():
    texts = sdk_error_texts()

    for family in SAME_CAUSE:
        assert len({tuple(texts[code].values()) for code in family}) == 1


@pytest.mark.parametrize("part", ["message", "next"])
def test_different_causes_never_share_a_text(part):
    texts = sdk_error_texts()

    for one, other in combinations(texts, 2):
        if not any({one, other} <= family for family in SAME_CAUSE):
            assert texts[one][part] != texts[other][part], (one, other)


def test_texts_are_plain_strings_made_in_the_active_language():
    with translation.override("en"):
        message = sdk_error_texts()["3712"]["message"]

    assert type(message) is str


def test_no_sentence_speaks_in_codes_or_jargon():
    for text in sdk_error_texts().values():
        sentence = " ".join(text.values()).lower()
        assert not any(word in sentence for word in ("zak", "jwt", "token", "null", "wasm"))
