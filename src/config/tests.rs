//! The configuration's promises, on texts.

use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;

use jiff::SignedDuration;
use orderhub_domain::canonical::CaptureMode;
use orderhub_domain::policy::{ReviewDefault, ScreeningPolicy, WhenDegraded};

use super::*;

const WHOLE: &str = r#"
[http]
addr = "127.0.0.1:8080"
[policy]
reservation_ttl = "10m"
auto_close = "14d"
capture = "at_shipment"
[[sales]]
slug = "shop-de"
kind = "shopify"
secrets = [{ env = "SHOP_SECRET" }]
payment = "stripe-eu"
[[sales]]
slug = "web"
kind = "direct"
[[payments]]
slug = "stripe-eu"
kind = "stripe"
api_key = { env = "STRIPE_KEY" }
webhook_secrets = [{ env = "STRIPE_HOOK" }]
base_url = "http://127.0.0.1:9301"
capture = "many"
[[carriers]]
slug = "easypost"
kind = "easypost"
api_key = { env = "EASY_KEY" }
webhook_secrets = [{ env = "EASY_HOOK" }]
[[warehouses]]
slug = "own"
kind = "managed"
[[locations]]
code = "BER1"
warehouse = "own"
country = "DE"
lat = 52.5
lon = 13.4
"#;

/// The newest secret of the first sales channel.
fn first_secret(config: &Config) -> &str {
    match config.sales[0].connection.own.get("secrets") {
        Some(Own::Secrets(secrets)) => secrets[0].expose(),
        other => panic!("the connection has secrets, not {other:?}"),
    }
}

fn sources(text: &str) -> Sources {
    let environment = [
        ("SHOP_SECRET", "shop-words"),
        ("STRIPE_KEY", "sk_test_words"),
        ("STRIPE_HOOK", "hook-words"),
        ("EASY_KEY", "EZAKwords"),
        ("EASY_HOOK", "easy-words"),
    ];
    Sources {
        file: Some((text.to_owned(), "orderhub.toml".to_owned())),
        environment: environment
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
        flags: Vec::new(),
    }
}

fn faults(text: &str) -> Vec<String> {
    let faults = Config::load(&sources(text)).expect_err("faults");
    faults
        .0
        .iter()
        .map(|fault| format!("{}: {}", fault.at, fault.what))
        .collect()
}

#[test]
fn the_rules_of_screening_are_read_and_shown_as_they_are_in_force() {
    let text = r#"
[policy]
review_sla = "4h"
review_default = "approve"
[policy.screening]
window = "1h"
email_orders = 3
email_weight = 60
refuse_at = 200
when_degraded = "review"
[policy.screening.amount_from]
EUR = "500.00"
JPY = "80000"
"#;
    let config = Config::load(&sources(text)).expect("a configuration");
    let rules = &config.policy.screening;
    assert_eq!(config.policy.review_default, ReviewDefault::Approve);
    assert_eq!(rules.window, SignedDuration::from_hours(1));
    assert_eq!((rules.email.from, rules.email.weight), (3, 60));
    assert_eq!(rules.payment, ScreeningPolicy::default().payment);
    assert_eq!(rules.amount_from["JPY"].to_string(), "80000");
    assert_eq!(rules.when_degraded, WhenDegraded::Review);
    let shown = &shown(&config)["policy"];
    assert_eq!(shown["review_sla"], "4h");
    assert_eq!(shown["screening"]["amount_from"]["EUR"], "500");
    assert_eq!(shown["screening"]["refuse_at"], 200);
}

#[test]
fn a_business_calendar_is_read_and_shown_as_it_is_written() {
    let text = r#"
[policy.business_hours]
timezone = "Europe/Berlin"
monday = ["13:00-17:00", "09:00-12:00"]
friday = "18:00-24:00"
holidays = ["2026-12-25"]
"#;
    let config = Config::load(&sources(text)).expect("a configuration");
    let calendar = config.policy.business_hours.as_ref().expect("a calendar");
    assert_eq!(calendar.week[0].len(), 2);
    let shown = &shown(&config)["policy"]["business_hours"];
    assert_eq!(shown["timezone"], "Europe/Berlin");
    assert_eq!(shown["monday"][0], "09:00-12:00");
    assert_eq!(shown["friday"][0], "18:00-24:00");
    assert_eq!(shown["holidays"][0], "2026-12-25");
    let none = Config::load(&sources("[policy]\n")).expect("a configuration");
    assert_eq!(none.policy.business_hours, None);
}

#[test]
fn a_business_calendar_that_cannot_be_meant_is_named_in_every_part() {
    let text = r#"
[policy.business_hours]
timezone = "Berlin"
monday = ["09:00-12:00", "11:00-17:00"]
tuesday = "17:00-09:00"
holidays = ["25.12.2026"]
mittwoch = "09:00-17:00"
"#;
    let mut expected: Vec<String> = [
        "holidays: must be days like 2026-12-25, not \"25.12.2026\"",
        "mittwoch: is not known here",
        "monday: must have hours that do not overlap",
        "timezone: must be a name like Europe/Berlin",
        "tuesday: must be hours like 09:00-17:00 or 18:00-24:00, not \"17:00-09:00\"",
    ]
    .map(|fault| format!("policy.business_hours.{fault}"))
    .into();
    expected.sort();
    let mut found = faults(text);
    found.sort();
    for (found, expected) in found.iter().zip(&expected) {
        assert!(found.starts_with(expected), "{found} is not {expected}");
    }
    assert_eq!(found.len(), expected.len(), "{found:?}");
    let idle = faults("[policy.business_hours]\ntimezone = \"UTC\"\n");
    assert_eq!(
        idle,
        ["policy.business_hours.monday: or another day must have hours, like 09:00-17:00"]
    );
}

#[test]
fn rules_of_screening_that_cannot_be_meant_are_all_named() {
    let text = r#"
[policy]
review_default = "wait"
[policy.screening]
window = "31d"
email_orders = 1
review_at = 50
refuse_at = 40
emial_weight = 3
[policy.screening.amount_from]
EUR = "500.001"
XYZ = "1.00"
JPY = 80000
"#;
    let amount = "must be an ISO 4217 code and an amount above zero as text, like EUR = \"500.00\"";
    let amounts =
        ["EUR", "JPY", "XYZ"].map(|code| format!("policy.screening.amount_from.{code}: {amount}"));
    let mut expected: Vec<String> = [
        "policy.review_default: must be reject or approve",
        "policy.screening.window: must not be longer than 30d",
        "policy.screening.email_orders: must be a whole number from 2 to 250",
        "policy.screening.refuse_at: must not be less than review_at",
        "policy.screening.emial_weight: is not known here; did you mean email_weight?",
    ]
    .map(str::to_owned)
    .into();
    expected.extend(amounts);
    expected.sort();
    let mut found = faults(text);
    found.sort();
    assert_eq!(found, expected);
}

#[test]
fn a_whole_file_is_read() {
    let config = Config::load(&sources(WHOLE)).expect("a configuration");
    assert_eq!(config.http.addr.port(), 8080);
    assert_eq!(config.admin.addr.port(), 7071);
    assert_eq!(config.policy.reservation_ttl, SignedDuration::from_mins(10));
    assert_eq!(config.payments[0].connection.mode, None);
    assert_eq!(config.payments[0].capture, CaptureMode::Many);
    assert_eq!(first_secret(&config), "shop-words");
    assert_eq!(config.locations[0].kind, "warehouse");
}

#[test]
fn nothing_at_all_is_a_configuration() {
    let config = Config::load(&Sources::default()).expect("defaults");
    assert_eq!(config.http.addr.to_string(), "127.0.0.1:7070");
    assert_eq!(config.policy, Policy::default());
    assert!(config.store.is_none());
}

#[test]
fn flags_win_over_the_environment_and_that_over_the_file() {
    let mut sources = sources(WHOLE);
    let set = |sources: &mut Sources, name: &str, value: &str| {
        sources
            .environment
            .insert(name.to_owned(), value.to_owned());
    };
    set(&mut sources, "ORDERHUB__HTTP__ADDR", "127.0.0.1:1");
    set(&mut sources, "ORDERHUB__POLICY__DEFAULT_WEIGHT_G", "250");
    set(&mut sources, "DATABASE_URL", "postgres://hub:word@db/hub");
    let config = Config::load(&sources).expect("a configuration");
    assert_eq!(config.http.addr.port(), 1);
    assert_eq!(config.policy.default_weight_g, 250);
    assert_eq!(config.given["http.addr"], "ORDERHUB__HTTP__ADDR");
    assert_eq!(config.given["store.url"], "DATABASE_URL");
    sources
        .flags
        .push(("http.addr".into(), "127.0.0.1:2".into()));
    assert_eq!(
        Config::load(&sources)
            .expect("a configuration")
            .http
            .addr
            .port(),
        2
    );
}

#[test]
fn every_fault_is_told_at_once_with_the_nearest_name() {
    let told = faults(
        "[htttp]\n[policy]\nresevation_ttl = \"15m\"\nauto_close = \"soon\"\n\
         [[sales]]\nslug = \"Shop\"\nkind = \"shopfy\"\n[[payments]]\nslug = \"p\"\nkind = \"stripe\"\n\
         [[locations]]\ncode = \"B\"\nwarehouse = \"none\"\n",
    );
    let all = told.join("\n");
    for part in [
        "htttp: is not known here; did you mean http?",
        "policy.resevation_ttl: is not known here; did you mean reservation_ttl?",
        "policy.auto_close: must be a duration",
        "sales[0].slug: must be 1 to 32",
        "sales[0].kind: is not a kind of connection; did you mean shopify?",
        "payments[0].api_key: is missing",
        "payments[0].webhook_secrets: is missing",
        "locations[0].warehouse: there is no [[warehouses]] with the slug none",
    ] {
        assert!(all.contains(part), "{part} is not in:\n{all}");
    }
}

#[test]
fn what_is_on_or_off_is_said_by_true_or_false() {
    let amazon = |value: &str| {
        format!(
            "[[sales]]\nslug = \"own\"\nkind = \"amazon\"\nseller_id = \"AOWN\"\n\
             marketplaces = \"A1PA6795UKMFR9\"\nclient_id = \"own\"\n\
             client_secret = {{ env = \"SHOP_SECRET\" }}\n\
             refresh_token = {{ env = \"STRIPE_KEY\" }}\nacknowledge = {value}\n"
        )
    };
    for (value, on) in [("true", true), ("false", false)] {
        let config = Config::load(&sources(&amazon(value))).expect("a configuration");
        let settings = config.sales[0].connection.settings();
        assert_eq!(settings.flag("acknowledge"), on);
        assert!(!settings.flag("refunds"), "what is not said is off");
    }
    let told = faults(&amazon("\"true\"")).join("\n");
    let fault = "sales[0].acknowledge: must be true or false";
    assert!(told.contains(fault), "{told}");
}

#[test]
fn bad_secrets_are_refused() {
    let with = |secret: &str| {
        faults(&format!(
            "[[sales]]\nslug = \"s\"\nkind = \"shopify\"\nsecrets = {secret}\n"
        ))
        .join("\n")
    };
    assert!(with("[\"plain\"]").contains("secrets stand outside"));
    assert!(with("[{ env = \"NOT_SET\" }]").contains("NOT_SET is not set"));
    assert!(with("[]").contains("at least one secret"));
    let mut sources =
        sources("[[sales]]\nslug = \"s\"\nkind = \"shopify\"\nsecrets = [{ env = \"S\" }]\n");
    for value in ["", "  ", "changeme", "SECRET"] {
        sources.environment.insert("S".into(), value.into());
        assert!(Config::load(&sources).is_err(), "\"{value}\"");
    }
}

#[test]
fn a_secret_file_must_not_be_for_everybody() {
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    file.write_all(b"file-words\n").expect("written");
    let text = format!(
        "[[sales]]\nslug = \"s\"\nkind = \"shopify\"\nsecrets = [{{ file = \"{}\" }}]\n",
        file.path().display()
    );
    let mode = |mode| std::fs::set_permissions(file.path(), std::fs::Permissions::from_mode(mode));
    mode(0o644).expect("a mode");
    assert!(faults(&text).join("").contains("can be read by everybody"));
    mode(0o640).expect("a mode");
    let config = Config::load(&sources(&text)).expect("a configuration");
    assert_eq!(first_secret(&config), "file-words");
}

#[test]
fn no_secret_is_ever_shown() {
    let mut sources = sources(WHOLE);
    let url = "postgres://hub:db-words@db/hub?password=db-words";
    sources
        .environment
        .insert("DATABASE_URL".into(), url.into());
    let config = Config::load(&sources).expect("a configuration");
    let printed = format!("{} {config:?}", shown(&config));
    assert!(!printed.contains("words"), "{printed}");
    assert!(printed.contains("postgres://hub:***@db/hub"), "{printed}");
}

#[test]
fn faults_of_the_file_itself_do_not_repeat_it() {
    let told = faults("[store]\nurl = \"postgres://u:words@h\n").join("");
    assert!(
        told.contains("orderhub.toml, line 2") && !told.contains("words"),
        "{told}"
    );
}

#[test]
fn base_urls_are_bare_and_plain_http_is_for_loopback() {
    let with = |url: &str| {
        let text =
            format!("[[warehouses]]\nslug = \"w\"\nkind = \"managed\"\nbase_url = \"{url}\"\n");
        Config::load(&sources(&text)).is_ok()
    };
    for url in [
        "https://api.example",
        "http://127.0.0.1:9301",
        "http://[::1]:1",
        "http://localhost/",
    ] {
        assert!(with(url), "{url}");
    }
    for url in [
        "http://api.example",
        "https://api.example/v1",
        "ftp://x",
        "api.example",
        "https://u:p@h",
    ] {
        assert!(!with(url), "{url}");
    }
}
