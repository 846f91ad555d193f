"""The filter language, by itself and on a subscription."""

import pytest

from attendance_sandbox.pubsub.filters import FilterError, compile_filter
from tests.integration.test_sandbox_pubsub_support import SUBSCRIPTION, Cloud

SITE_A = {"site": "a", "kind": "reply"}
SITE_B = {"site": "b", "iana.org/language_tag": "en-GB"}
BARE: dict[str, str] = {}


@pytest.mark.parametrize(
    ("source", "matching"),
    [
        ("", [SITE_A, SITE_B, BARE]),
        ('attributes.site = "a"', [SITE_A]),
        ('attributes.site="a"', [SITE_A]),
        ('attributes.site != "a"', [SITE_B, BARE]),
        ("attributes:site", [SITE_A, SITE_B]),
        ("NOT attributes:site", [BARE]),
        ('attributes:"iana.org/language_tag"', [SITE_B]),
        ('hasPrefix(attributes."iana.org/language_tag", "en")', [SITE_B]),
        ('hasPrefix(attributes.site, "")', [SITE_A, SITE_B]),
        ('attributes.site = "a" AND attributes.kind = "reply"', [SITE_A]),
        ('attributes.site = "a" OR attributes.site = "b"', [SITE_A, SITE_B]),
        ('attributes:site AND (attributes.site = "b" OR attributes:kind)', [SITE_A, SITE_B]),
        ('NOT (attributes.site = "a" OR attributes.site = "b")', [BARE]),
        ('NOT attributes.site = "a" AND attributes:site', [SITE_B]),
        ("NOT NOT attributes:kind", [SITE_A]),
        ('attributes.site = "A"', []),
    ],
)
def test_a_filter_matches(source, matching):
    matches = compile_filter(source)
    assert [attributes for attributes in (SITE_A, SITE_B, BARE) if matches(attributes)] == matching


def test_strings_know_escapes():
    matches = compile_filter(r'attributes.name = "say \"hé\\\u00e9\""')
    assert matches({"name": 'say "hé\\é"'})


def test_keywords_in_quotes_are_keys():
    assert compile_filter('attributes."AND" = "NOT"')({"AND": "NOT"})
    assert compile_filter('attributes:"attributes"')({"attributes": ""})


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("attributes.site = a", "double quotes"),
        ("attributes.site = 'a'", "unexpected character '"),
        ('attributes.site == "a"', "double quotes"),
        ('attributes.site < "a"', "unexpected character <"),
        ('attributes.site = "a', 'unexpected character "'),
        (r'attributes.site = "\q"', "escape"),
        ('site = "a"', "expected attributes"),
        ("attributes", "expected ."),
        ("attributes.site", "expected = or !="),
        ('attributes:AND = "x"', "key"),
        ('attributes."a".b = "x"', "expected = or !="),
        ("(attributes:site", r"expected \)"),
        ("attributes:site)", "expected end of filter"),
        ("attributes:site attributes:kind", "expected end of filter"),
        ("attributes:site AND", "expected attributes"),
        ("attributes:a and attributes:b", "expected end of filter"),
        ("attributes:a AND attributes:b OR attributes:c", "parentheses"),
        ('hasPrefix(attributes:site, "a")', "expected ."),
        ("hasPrefix(attributes.site)", "expected ,"),
        ('attributes.site = "' + "a" * 240 + '"', "256 bytes"),
    ],
)
def test_what_is_not_in_the_language_is_refused_with_the_reason(source, complaint):
    with pytest.raises(FilterError, match=complaint):
        compile_filter(source)


def test_a_subscription_delivers_only_what_matches(monkeypatch):
    with Cloud(monkeypatch) as cloud:
        cloud.subscribe(filter='attributes.site = "a" AND NOT attributes:test')
        cloud.publish(b"1", site="a")
        cloud.publish(b"2", site="b")
        cloud.publish(b"3", site="a", test="yes")
        cloud.publish(b"4")
        assert [received.message.data for received in cloud.pull()] == [b"1"]
        assert len(cloud.server.unacknowledged(SUBSCRIPTION)) == 1
