//! `format`: what each format takes and refuses. Figures with check digits and codes were checked against
//! python-stdnum 2.2 and pycountry 26.2, addresses against Python's `ipaddress`, JSON against its `json`.

use lockgate_rules::{Check, Status};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{column, single, try_bind, verdict};

/// Texts of a format, and texts that are not.
struct Format {
    name: &'static str,
    good: &'static [&'static str],
    bad: &'static [&'static str],
}

const FORMATS: &[Format] = &[
    // From the HTML standard's examples as WebKit tests them.
    Format {
        name: "email",
        good: &[
            "something@something.com",
            "someone@localhost.localdomain",
            "someone@127.0.0.1",
            "a@b.b",
            "a/b@domain.com",
            "{}@domain.com",
            "m*'!%@something.com",
            "tu!!7n7.ad##0!!!@company.ca",
            "%@com.com",
            "!#$%&'*+/=?^_`{|}~.-@com.com",
            ".wooly@example.com",
            "wo..oly@example.com",
            "someone@do-main.com",
            "somebody@example",
            "x@x.museum",
            "first.last+tag@sub.example.co.uk",
        ],
        bad: &[
            "invalid:email@example.com",
            "@somewhere.com",
            "example.com",
            "@@example.com",
            "a space@example.com",
            "something@ex..ample.com",
            "a\\b@c",
            "someone@somewhere.com.",
            "\"testblah\"@example.com",
            "someone@somewhere.com@",
            "someone@somewhere_com",
            "someone@some:where.com",
            ".",
            "F/s/f/a@feo+re.com",
            "a@b@c.com",
            " a@p.com",
            "a@p.com ",
            "a\t@p.com",
            "ddjk-s-jk@asl-.com",
            "someone@do-.com",
            "somebody@-p.com",
            "somebody@-.com",
            "a@",
            "zürich@example.com",
            "a@b.c\n",
            "a@xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.com",
        ],
    },
    // From RFC 3986, section 1.1.2, and the WHATWG standard.
    Format {
        name: "url",
        good: &[
            "https://example.com",
            "http://example.com:8042/over/there?name=ferret#nose",
            "ftp://ftp.is.co.za/rfc/rfc1808.txt",
            "ldap://[2001:db8::7]/c=GB?objectClass?one",
            "telnet://192.0.2.16:80/",
            "http://localhost",
            "http://localhost:8080/",
            "https://user:pa%20ss@example.com/a;b=1/@x?q=a+b&c=%C3%BC#frag/ment?",
            "https://münchen.de/straße?größe=1",
            "http://例え.テスト/",
            "https://example.com.",
            "https://example.com?x#y",
            "HTTPS://EXAMPLE.COM/%7Efoo",
            "s3://bucket_1/key/with(parens)",
            "http://xn--mnchen-3ya.de",
            "http://a-b.c--d.com",
            "http://1.2.3.4",
            "http://example.com:/",
            "http://[::ffff:1.2.3.4]:65535",
        ],
        bad: &[
            "",
            "example.com",
            "//example.com",
            "/path",
            "mailto:a@example.com",
            "http:/example.com",
            "http:example.com",
            "http://",
            "http:///path",
            "http://?q",
            "://example.com",
            "1http://example.com",
            "http://exa mple.com",
            "http://example.com/a b",
            "http://example.com/a%2",
            "http://example.com/%zz",
            "http://example.com/<x>",
            "http://example.com/\"x\"",
            "http://example.com:65536",
            "http://example.com:80a",
            "http://256.1.1.1",
            "http://1.2.3",
            "http://-a.com",
            "http://a-.com",
            "http://a..b",
            "http://.com",
            "http://[::1",
            "http://[1.2.3.4]",
            "http://[::1]x",
            "http://a@b@c",
            "http://exa^mple.com",
            "http://example.com/\n",
            "http://example.com/a#b#c",
            "http://example.com\\a",
            " http://example.com",
            "http://user name@example.com",
            "http://aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.com",
        ],
    },
    // From inet_pton.
    Format {
        name: "ipv4",
        good: &["0.0.0.0", "255.255.255.255", "192.0.2.1"],
        bad: &[
            "256.0.0.1",
            "1.2.3",
            "1.2.3.4.5",
            "01.2.3.4",
            "1.2.3.4 ",
            "1.2.3.4/24",
            "0x1.2.3.4",
            "1..3.4",
            "٣.2.3.4",
            "",
            "-1.2.3.4",
        ],
    },
    // From RFC 4291, section 2.2.
    Format {
        name: "ipv6",
        good: &[
            "ABCD:EF01:2345:6789:ABCD:EF01:2345:6789",
            "2001:DB8:0:0:8:800:200C:417A",
            "FF01::101",
            "::1",
            "::",
            "::13.1.68.3",
            "::FFFF:129.144.52.38",
            "1:2:3:4:5:6:7::",
        ],
        bad: &[
            "1::2::3",
            ":::",
            "12345::",
            "1:2:3:4:5:6:7",
            "1:2:3:4:5:6:7:8:9",
            "fe80::1%eth0",
            "::1/64",
            "[::1]",
            "::1.2.3",
            "1.2.3.4",
            "g::",
            "",
            ":1:2:3:4:5:6:7",
        ],
    },
    // From IEEE 802.
    Format {
        name: "mac",
        good: &["00:1A:2b:3C:4d:5E", "00-1a-2b-3c-4d-5e", "001a.2b3c.4d5e"],
        bad: &[
            "00:1A:2B:3C:4D",
            "00:1A:2B:3C:4D:5E:6F",
            "00-1A:2B-3C:4D-5E",
            "001A2B3C4D5E",
            "0:1A:2B:3C:4D:5E",
            "00:1G:2B:3C:4D:5E",
            "00:1A:2B:3C:4D:5E:",
            "",
        ],
    },
    // From RFC 9562.
    Format {
        name: "uuid",
        good: &[
            "f81d4fae-7dec-11d0-a765-00a0c91e6bf6",
            "C232AB00-9414-11EC-B3C8-9F6BDECED846",
            "017F22E2-79B0-7CC3-98C4-DC0C0C07398F",
            "00000000-0000-0000-0000-000000000000",
            "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF",
        ],
        bad: &[
            "f81d4fae7dec11d0a76500a0c91e6bf6",
            "{f81d4fae-7dec-11d0-a765-00a0c91e6bf6}",
            "urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6",
            "f81d4fae-7dec-11d0-a765-00a0c91e6bf",
            "f81d4fae-7dec-11d0-a765-00a0c91e6bfg",
            "f81d4fae-7dec-11d0a-765-00a0c91e6bf6",
            "f81d4fae-7dec-11d0-a765-00a0c91e6bf6 ",
            "",
        ],
    },
    // From E.164.
    Format {
        name: "phone",
        good: &["+41446681800", "+14155552671", "+442071838750", "+6834000", "+123456789012345"],
        bad: &[
            "0446681800",
            "+0446681800",
            "+1234567890123456",
            "41446681800",
            "0041446681800",
            "+41 44 668 18 00",
            "+1-415-555-2671",
            "+",
            "+4",
            "+41٤46681800",
            "",
        ],
    },
    // From ISO 8601.
    Format {
        name: "iso_date",
        good: &["2024-01-31", "2024-02-29", "2000-02-29", "0001-01-01", "9999-12-31"],
        bad: &[
            "2023-02-29",
            "1900-02-29",
            "2024-13-01",
            "2024-00-10",
            "2024-01-32",
            "2024-1-31",
            "20240131",
            "2024-01-31T00:00:00",
            "31.01.2024",
            "2024/01/31",
            " 2024-01-31",
            "+2024-01-31",
            "2024-W05-3",
            "2024-031",
            "٢٠٢٤-01-31",
            "",
        ],
    },
    // From RFC 3339, section 5.8.
    Format {
        name: "iso_datetime",
        good: &[
            "1985-04-12T23:20:50.52Z",
            "1996-12-19T16:39:57-08:00",
            "1990-12-31T23:59:60Z",
            "1990-12-31T15:59:60-08:00",
            "1937-01-01T12:00:27.87+00:20",
            "2024-01-31T12:00:00",
            "2024-01-31T12:00:00.123456789",
            "2024-01-31t12:00:00z",
        ],
        bad: &[
            "2024-01-31",
            "2024-01-31 12:00:00",
            "2024-01-31T12:00",
            "2024-01-31T24:00:00",
            "2024-01-31T12:60:00",
            "2024-01-31T12:00:61",
            "2024-02-30T12:00:00Z",
            "2024-01-31T12:00:00+1",
            "2024-01-31T12:00:00+01",
            "2024-01-31T12:00:00+0100",
            "2024-01-31T12:00:00+24:00",
            "2024-01-31T12:00:00.",
            "2024-01-31T12:00:00.Z",
            "2024-01-31T12:00:00,5Z",
            "2024-01-31T12:00:00 Z",
            "2024-01-31T",
            "2024-01-31T1é:00:00",
            "2024-01-31T12:00:00+é1:00",
            "T12:00:00",
            "",
        ],
    },
    // From RFC 8259, section 13, and JSONTestSuite.
    Format {
        name: "json",
        good: &[
            "{}",
            "[]",
            "null",
            "true",
            "-0.5e+10",
            "\"ü\\u00fc\\n\"",
            " {\"a\": [1, {\"b\": null}]} ",
            "[100E400]",
            "\"\\ud83d\\ude00\"",
        ],
        bad: &[
            "",
            "{",
            "[1,]",
            "{\"a\":1,}",
            "{'a':1}",
            "NaN",
            "01",
            "1.",
            ".5",
            "+1",
            "\"\t\"",
            "\"\\x\"",
            "nul",
            "[1] x",
            "{a:1}",
            "{\"a\" 1}",
            "\"a",
        ],
    },
    // From ISO 3166-1.
    Format {
        name: "iso3166_alpha2",
        good: &["CH", "GB", "ZW", "AD", "SS"],
        bad: &["ch", "UK", "XX", "XK", "EU", "CHE", "C", " CH", "AN", "ZZ", "Ch", ""],
    },
    // From ISO 3166-1.
    Format {
        name: "iso3166_alpha3",
        good: &["CHE", "GBR", "ZWE", "AND", "SSD"],
        bad: &["che", "CH", "XKX", "ROM", "YUG", "EUR", "CHEE", ""],
    },
    // From ISO 3166-1.
    Format { name: "iso3166", good: &["CH", "CHE"], bad: &["756", "ch", "Switzerland", ""] },
    // From ISO 4217, list one.
    Format {
        name: "iso4217",
        good: &["CHF", "EUR", "USD", "XAU", "XXX", "SLE", "VED", "XCG", "ZWG", "AED"],
        bad: &["chf", "DEM", "HRK", "BGN", "ANG", "ZWL", "BTC", "EURO", "€", "978", ""],
    },
    // From the examples of the SWIFT registry, and of ISO 13616.
    Format {
        name: "iban",
        good: &[
            "GB82WEST12345698765432",
            "GB29NWBK60161331926819",
            "DE89370400440532013000",
            "FR1420041010050500013M02606",
            "CH9300762011623852957",
            "NO9386011117947",
            "MT84MALT011000012345MTLCAST001S",
            "SA0380000000608010167519",
            "BR1800360305000010009795493C1",
            "BE68539007547034",
            "NL91ABNA0417164300",
            "LC55HEMM000100010012001200023015",
            "MU17BOMM0101101030300200000MUR",
            "XK051212012345678906",
            "RU0204452560040702810412345678901",
            "AD1200012030200359100100",
            "SC18SSCB11010000000000001497USD",
            "IL620108000000099999999",
        ],
        bad: &[
            "GB82WEST12345698765431",
            "GB82 WEST 1234 5698 7654 32",
            "gb82west12345698765432",
            "GB82WEST1234569876543",
            "GB82WEST123456987654320",
            "DE8937040044053201300A",
            "DE89370400440532013001",
            "XX82WEST12345698765432",
            "US64SVBKUS6S3300958879",
            "GB",
            "GB82",
            "GBA2WEST12345698765432",
            "GB8é",
            "Zürich",
            "",
            "ééééééééééé",
            "CH93007620116238529570",
        ],
    },
    // From the test numbers of Stripe and PayPal.
    Format {
        name: "credit_card",
        good: &[
            "4111111111111111",
            "4242424242424242",
            "5555555555554444",
            "378282246310005",
            "6011111111111117",
            "3056930009020004",
            "3566002020360505",
            "6200000000000005",
            "4222222222222",
            "4111 1111 1111 1111",
            "4111-1111-1111-1111",
            "6759649826438453",
            "6304000000000000000",
        ],
        bad: &[
            "4111111111111112",
            "4242424242424241",
            "378282246310006",
            "79927398713",
            "0000000000000000",
            "4111  1111 1111 1111",
            "4111111111111111 ",
            "-4111111111111111",
            "41111111111111111111",
            "٤111111111111111",
            "4111.1111.1111.1111",
            "4111-",
            "abc",
            "",
        ],
    },
    // From the manual of the International ISBN Agency, and Wikipedia.
    Format {
        name: "isbn",
        good: &[
            "0-306-40615-2",
            "0306406152",
            "0-8044-2957-X",
            "080442957X",
            "978-0-306-40615-7",
            "9780306406157",
            "978 3 16 148410 0",
            "979-10-90636-07-1",
        ],
        bad: &[
            "0-306-40615-3",
            "0-306-40615-X",
            "978-0-306-40615-8",
            "977-0-306-40615-0",
            "97803064061",
            "080442957x",
            "X804429570",
            "978-0--306-40615-7",
            "-9780306406157",
            "978030640615X",
            "0-8044-2957-XX",
            "9780306406157-",
            "X",
            "ISBN 0306406152",
            "",
        ],
    },
    // From the examples beside the pattern of semver.org.
    Format {
        name: "semver",
        good: &[
            "0.0.4",
            "1.2.3",
            "10.20.30",
            "1.1.2-prerelease+meta",
            "1.1.2+meta",
            "1.1.2+meta-valid",
            "1.0.0-alpha",
            "1.0.0-alpha.beta.1",
            "1.0.0-alpha0.valid",
            "1.0.0-rc.1+build.1",
            "1.2.3----RC-SNAPSHOT.12.9.1--.12+788",
            "1.0.0+0.build.1-rc.10000aaa-kk-0.1",
            "99999999999999999999999.999999999999999999.99999999999999999",
            "1.0.0-0A.is.legal",
        ],
        bad: &[
            "1",
            "1.2",
            "1.2.3-0123",
            "1.2.3-0123.0123",
            "1.1.2+.123",
            "+invalid",
            "-invalid",
            "alpha",
            "1.0.0-alpha_beta",
            "1.0.0-alpha..",
            "01.1.1",
            "1.01.1",
            "1.1.01",
            "1.2.3.DEV",
            "1.2-SNAPSHOT",
            "1.2.31.2.3----RC-SNAPSHOT.12.09.1--..12+788",
            "v1.2.3",
            "-1.0.3-gamma+b7718",
            "1.2.3 ",
            "",
        ],
    },
    // From RFC 4648, section 8.
    Format {
        name: "hex",
        good: &["00", "DEADbeef", "666F6F626172", "f"],
        bad: &["", "0x1f", "g0", "de ad", "ａｂ", "-1"],
    },
    // From RFC 4648, section 10.
    Format {
        name: "base64",
        good: &["Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy", "+/+/"],
        bad: &[
            "", "Zg", "Zg=", "Z===", "Zh==", "Zm9=", "Zm9v\n", "-_-_", "Zm9v====", "=Zm9", "Zg==Zg==",
            "Zm 9v", "Zm9é", "====",
        ],
    },
];

/// The texts that fail, in order.
fn failing<'a>(format: &Value, kind: &str, texts: &[&'a str]) -> Vec<&'a str> {
    let fails = |text: &&str| {
        let batch = single("x", column(kind, &[Some(*text), None]));
        let found = verdict("format", json!({"column": "x", "is": format}), &batch);
        assert_eq!((found.n_evaluated, found.n_null), (1, 1), "{format} {text:?}: {}", found.observed_text);
        found.status == Status::Fail
    };
    texts.iter().copied().filter(fails).collect()
}

#[test]
fn a_format_takes_its_own_and_nothing_else() {
    for Format { name, good, bad } in FORMATS {
        assert_eq!(failing(&json!(name), "utf8", good), Vec::<&str>::new(), "{name}");
        assert_eq!(failing(&json!(name), "view", bad), *bad, "{name}");
    }
}

#[test]
fn a_format_is_the_same_in_every_layout_and_of_several_rows() {
    for Format { name, good, bad } in FORMATS {
        let texts: Vec<Option<&str>> = good.iter().chain(*bad).chain(*good).copied().map(Some).collect();
        for kind in ["utf8", "large", "view", "dict"] {
            let batch = single("x", column(kind, &texts));
            let found = verdict("format", json!({"column": "x", "is": name}), &batch);
            assert_eq!(
                (found.n_evaluated, found.n_failed),
                (texts.len() as u64, bad.len() as u64),
                "{name} {kind}"
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_of_a_format_or_is_not(texts in prop::collection::vec(any::<String>(), 1..20), at in 0..100_usize, c in any::<char>()) {
        for Format { name, good, .. } in FORMATS {
            let text = good[at % good.len()];
            let place = (0..=at % (text.len() + 1)).rev().find(|place| text.is_char_boundary(*place)).unwrap();
            let altered = format!("{}{c}{}", &text[..place], &text[place..]);
            let all: Vec<Option<&str>> = texts.iter().chain([&altered]).map(|text| Some(text.as_str())).collect();
            let found = verdict("format", json!({"column": "x", "is": name}), &single("x", column("view", &all)));
            prop_assert_eq!(found.n_evaluated, all.len() as u64);
        }
    }
}

#[test]
fn a_pattern_says_how_dates_and_times_are_written() {
    let refused =
        |pattern: &str, texts: &[&'static str]| failing(&json!({"strftime": pattern}), "utf8", texts);
    let swiss = ["31.01.2024", "1.2.2024", "31.02.2024", "2024-01-31", "31.01.2024 ", "32.01.2024", ""];
    assert_eq!(refused("%d.%m.%Y", &swiss), swiss[2..]);
    assert_eq!(refused("%Y-%m", &["2024-01", "2024-13", "2024-01-31"]), ["2024-13", "2024-01-31"]);
    assert_eq!(refused("%H:%M", &["23:59", "24:00", "12:60", "12"]), ["24:00", "12:60", "12"]);
    let times = ["2024-01-31 12:00:00", "2024-01-31T12:00:00", "2024-02-30 12:00:00"];
    assert_eq!(refused("%Y-%m-%d %H:%M:%S", &times), times[1..]);
    assert_eq!(refused("%Y-%m-%dT%H:%M:%S%z", &["2024-01-31T12:00:00+0100", "2024-01-31T12:00:00"]).len(), 1);
    assert_eq!(refused("%A %F", &["Wednesday 2024-01-31", "Monday 2024-01-31"]), ["Monday 2024-01-31"]);
    for (pattern, fault) in
        [("%Q", "has a directive that is not known"), ("today", "has no directive"), ("", "has no directive")]
    {
        let error = Check::parse("format", &json!({"column": "x", "is": {"strftime": pattern}})).unwrap_err();
        assert_eq!((error.key.as_deref(), error.message), (Some("is"), format!("\"{pattern}\" {fault}")));
    }
}

#[test]
fn formats_are_of_texts_and_have_a_name() {
    let schema = single("x", column("int64", &[])).schema();
    let errors = try_bind(&[("format", json!({"column": "x", "is": "email"}))], &schema).unwrap_err();
    assert_eq!(errors[0].key.as_deref(), Some("column"));
    for is in [json!("e-mail"), json!("strftime"), json!(4217), json!({"email": 1})] {
        let error = Check::parse("format", &json!({"column": "x", "is": is})).unwrap_err();
        assert_eq!(error.key.as_deref(), Some("is"), "{}", error.message);
    }
    let error = Check::parse("format", &json!({"column": "x"})).unwrap_err();
    assert_eq!(error.key.as_deref(), Some("is"));
}
