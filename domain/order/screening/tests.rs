//! Rule by rule, what each adds; and that worse never scores less.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use rust_decimal::Decimal;

use super::*;
use crate::canonical::*;
use crate::money::Currency;
use crate::policy::CountRule;

fn money(text: &str, code: &str) -> Money {
    let currency = Currency::from_code(code).expect("a currency");
    Money::exact(text.parse().expect("a number"), currency).expect("an amount")
}

fn quiet() -> Features {
    Features {
        counts: Counts::Read,
        address: AddressCheck::Plausible,
        ..Features::unknown(money("49.90", "EUR"))
    }
}

fn strict() -> ScreeningPolicy {
    let rule = |from, weight| CountRule { from, weight };
    ScreeningPolicy {
        window: SignedDuration::from_mins(10),
        email: rule(5, 50),
        payment: rule(3, 40),
        address: rule(10, 30),
        amount_weight: 25,
        amount_from: BTreeMap::from([
            ("EUR".to_owned(), Decimal::from(1_000)),
            ("JPY".to_owned(), Decimal::from(150_000)),
        ]),
        country_mismatch_weight: 20,
        first_order_weight: 5,
        implausible_address_weight: 15,
        review_at: 50,
        refuse_at: Some(150),
        when_degraded: WhenDegraded::Pass,
    }
}

fn submission() -> Submission {
    let eur = Currency::from_code("EUR").expect("a currency");
    let home = Address {
        lines: vec!["Chausseestr. 1".into()],
        city: Some("Berlin".into()),
        postcode: Some("10115".into()),
        country: Some("DE".into()),
        ..Address::default()
    };
    Submission {
        draft: OrderDraft {
            changed_at: None,
            awaits_release: false,
            external_id: "W-1".into(),
            number: None,
            placed_at: Timestamp::UNIX_EPOCH,
            currency: eur,
            tax_mode: TaxMode::Inclusive,
            test: false,
            cancelled_at: None,
            destination: Some("DE".into()),
            point: None,
            pickup_location: None,
            lines: Vec::new(),
            shipping: Vec::new(),
            fees: Vec::new(),
            discounts: Vec::new(),
            tenders: vec![DraftTender {
                amount: money("49.90", "EUR"),
                terms: Terms::ToAuthorize {
                    gateway: "stripe-eu".into(),
                    token: "pm_1".into(),
                    capture: CaptureMode::Once,
                },
            }],
            stated_total: money("49.90", "EUR"),
        },
        private: PrivateDetails {
            customer: Some(Customer {
                email: Some("Ada@Shop.example".into()),
                ..Customer::default()
            }),
            ship_to: Some(home.clone()),
            bill_to: Some(home),
            ..PrivateDetails::default()
        },
    }
}

type Change = fn(&mut Features);

/// One line a rule: what is changed about a quiet order, and what that adds.
#[test]
fn each_rule_adds_its_weight_from_its_threshold_on_and_not_before() {
    use Rule::*;
    let table: [(Change, Option<(Rule, u32)>); 16] = [
        (|f| f.email_orders = Some(4), None),
        (|f| f.email_orders = Some(5), Some((EmailVelocity, 50))),
        (|f| f.email_orders = Some(10), Some((EmailVelocity, 100))),
        (|f| f.email_orders = Some(500), Some((EmailVelocity, 200))),
        (|f| f.payment_orders = Some(2), None),
        (|f| f.payment_orders = Some(3), Some((PaymentVelocity, 40))),
        (|f| f.address_orders = Some(9), None),
        (|f| f.address_orders = Some(10), Some((AddressVelocity, 30))),
        (|f| f.amount = money("999.99", "EUR"), None),
        (|f| f.amount = money("1000.00", "EUR"), Some((Amount, 25))),
        (|f| f.amount = money("149999", "JPY"), None),
        (|f| f.amount = money("150000", "JPY"), Some((Amount, 25))),
        (|f| f.amount = money("999999999.00", "USD"), None),
        (
            |f| f.country_mismatch = Some(true),
            Some((CountryMismatch, 20)),
        ),
        (|f| f.first_order = Some(true), Some((FirstOrder, 5))),
        (
            |f| f.address = AddressCheck::Implausible(Vec::new()),
            Some((ImplausibleAddress, 15)),
        ),
    ];
    for (change, added) in table {
        let mut features = quiet();
        change(&mut features);
        let judgement = judge(&features, &strict());
        let expected: Vec<ScreeningReason> = added
            .map(|(rule, points)| ScreeningReason { rule, points })
            .into_iter()
            .collect();
        assert_eq!(judgement.reasons, expected, "{features:?}");
        let score = added.map_or(0, |(_, points)| points);
        assert_eq!(judgement.score, score, "{features:?}");
    }
}

#[test]
fn the_score_decides_between_pass_review_and_refuse() {
    let verdict = |email_orders, rules: &ScreeningPolicy| {
        let features = Features {
            email_orders: Some(email_orders),
            ..quiet()
        };
        judge(&features, rules).verdict
    };
    assert_eq!(verdict(4, &strict()), Verdict::Pass);
    assert_eq!(verdict(5, &strict()), Verdict::Review);
    assert_eq!(verdict(14, &strict()), Verdict::Review);
    assert_eq!(verdict(15, &strict()), Verdict::Refuse);
    let lenient = ScreeningPolicy {
        refuse_at: None,
        ..strict()
    };
    assert_eq!(verdict(1_000_000, &lenient), Verdict::Review);
}

#[test]
fn the_default_rules_let_ordinary_orders_pass() {
    let worst = Features {
        amount: money("100000.00", "EUR"),
        email_orders: Some(1_000),
        payment_orders: Some(1_000),
        address_orders: Some(1_000),
        first_order: Some(true),
        country_mismatch: Some(true),
        address: AddressCheck::Implausible(Vec::new()),
        ..quiet()
    };
    let judgement = judge(&worst, &ScreeningPolicy::default());
    assert_eq!(judgement.verdict, Verdict::Pass);
    assert_eq!(judgement.score, 40, "what is odd is said all the same");
}

#[test]
fn what_could_not_be_found_out_is_said_and_policy_decides() {
    let unread = Features {
        counts: Counts::Unread,
        address: AddressCheck::NotChecked,
        ..quiet()
    };
    let judgement = judge(&unread, &strict());
    assert_eq!(judgement.degraded, [Missing::Counts, Missing::Address]);
    assert_eq!(judgement.verdict, Verdict::Pass);
    let careful = ScreeningPolicy {
        when_degraded: WhenDegraded::Review,
        ..strict()
    };
    assert_eq!(judge(&unread, &careful).verdict, Verdict::Review);
    assert_eq!(judge(&quiet(), &careful).verdict, Verdict::Pass);
    let asks_nothing = ScreeningPolicy {
        implausible_address_weight: 0,
        when_degraded: WhenDegraded::Review,
        ..ScreeningPolicy::default()
    };
    let judgement = judge(&unread, &asks_nothing);
    assert_eq!(
        judgement.degraded,
        [],
        "nothing that a rule asks for is missing"
    );
}

#[test]
fn a_mark_is_the_same_however_it_is_typed() {
    let typed = marks(&submission());
    let mut other = submission();
    other.private.customer = Some(Customer {
        email: Some("  ada@shop.EXAMPLE ".into()),
        ..Customer::default()
    });
    if let Some(home) = &mut other.private.ship_to {
        home.lines = vec!["CHAUSSEESTR 1".into()];
        home.name = Some("Somebody Else".into());
    }
    assert_eq!(marks(&other), typed);
    let kinds: Vec<_> = typed.iter().map(|mark| mark.kind).collect();
    assert_eq!(
        kinds,
        [MarkKind::Email, MarkKind::Payment, MarkKind::Address]
    );
    if let Some(home) = &mut other.private.ship_to {
        home.lines = vec!["Chausseestr. 11".into()];
    }
    assert_ne!(marks(&other), typed);
}

#[test]
fn a_mark_is_never_printed_and_test_orders_have_none() {
    let printed = format!("{:?}", marks(&submission()));
    for personal in ["ada", "pm_1", "chaussee"] {
        assert!(!printed.contains(personal), "{printed}");
    }
    let mut test = submission();
    test.draft.test = true;
    assert_eq!(marks(&test), []);
}

#[test]
fn features_count_this_order_too_and_name_nobody() {
    let seen = |kind, recent, before| Sighting {
        kind,
        recent,
        before,
    };
    let mut order = submission();
    if let Some(bill_to) = &mut order.private.bill_to {
        bill_to.country = Some("FR".into());
    }
    let sightings = Sightings::Read(vec![
        seen(MarkKind::Email, 4, true),
        seen(MarkKind::Payment, 0, false),
    ]);
    let features = Features::of(&order, &sightings);
    assert_eq!(features.email_orders, Some(5));
    assert_eq!(features.payment_orders, Some(1));
    assert_eq!(features.address_orders, None);
    assert_eq!(features.first_order, Some(false));
    assert_eq!(features.country_mismatch, Some(true));
    let stored = serde_json::to_string(&features).expect("JSON");
    for personal in ["ada", "Ada", "Berlin", "10115", "Chaussee", "pm_1"] {
        assert!(!stored.contains(personal), "{stored}");
    }
    assert_eq!(
        serde_json::from_str::<Features>(&stored).ok(),
        Some(features)
    );
}

fn features() -> impl Strategy<Value = Features> {
    let count = || prop::option::of(0_u32..2_000);
    let flag = || prop::option::of(any::<bool>());
    let counts = (count(), count(), count());
    (counts, flag(), flag(), any::<bool>(), 0_i64..100_000_000).prop_map(
        |((email, payment, address), first, mismatch, odd, cents)| Features {
            amount: Money::from_minor(cents, Currency::from_code("EUR").expect("a currency"))
                .expect("an amount"),
            email_orders: email,
            payment_orders: payment,
            address_orders: address,
            first_order: first,
            country_mismatch: mismatch,
            address: if odd {
                AddressCheck::Implausible(Vec::new())
            } else {
                AddressCheck::Plausible
            },
            ..quiet()
        },
    )
}

fn rules() -> impl Strategy<Value = ScreeningPolicy> {
    let weight = || 0_u32..u32::MAX;
    let rule =
        || (2_u32..100, 0_u32..u32::MAX).prop_map(|(from, weight)| CountRule { from, weight });
    let weights = (weight(), weight(), weight(), weight());
    ((rule(), rule(), rule()), weights, 1_u32..1_000_000).prop_map(
        |((email, payment, address), weights, least)| ScreeningPolicy {
            email,
            payment,
            address,
            amount_weight: weights.0,
            country_mismatch_weight: weights.1,
            first_order_weight: weights.2,
            implausible_address_weight: weights.3,
            amount_from: BTreeMap::from([("EUR".to_owned(), Decimal::new(least.into(), 2))]),
            ..strict()
        },
    )
}

proptest! {
    /// Each feature made worse, one at a time, under any rules.
    #[test]
    fn the_score_never_falls_when_a_feature_grows_worse(
        before in features(),
        rules in rules(),
        more in 1_u32..5_000,
    ) {
        let worse: [Change; 3] = [
            |f| f.first_order = Some(true),
            |f| f.country_mismatch = Some(true),
            |f| f.address = AddressCheck::Implausible(Vec::new()),
        ];
        let mut grown: Vec<Features> = worse
            .iter()
            .map(|change| {
                let mut after = before.clone();
                change(&mut after);
                after
            })
            .collect();
        let add = |count: Option<u32>| Some(count.unwrap_or_default() + more);
        let extra = Money::from_minor(more.into(), before.amount.currency()).expect("an amount");
        grown.extend([
            Features { email_orders: add(before.email_orders), ..before.clone() },
            Features { payment_orders: add(before.payment_orders), ..before.clone() },
            Features { address_orders: add(before.address_orders), ..before.clone() },
            Features { amount: before.amount.plus(extra), ..before.clone() },
        ]);
        let score = judge(&before, &rules).score;
        for after in grown {
            prop_assert!(judge(&after, &rules).score >= score, "{:?}", after);
        }
    }
}

#[test]
fn an_amount_too_many_times_its_threshold_to_be_told_counts_as_the_most() {
    let mut policy = strict();
    let least = Decimal::new(1, 28);
    policy.amount_from.insert("EUR".to_owned(), least);
    let features = Features {
        amount: money("99999.00", "EUR"),
        ..quiet()
    };
    let most = policy.amount_weight * 4;
    assert_eq!(judge(&features, &policy).score, most);
}
