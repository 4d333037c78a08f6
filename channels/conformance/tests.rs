//! The kit, held against every kind, and against connectors that are wrong in one way each.

use std::sync::atomic::{AtomicU64, Ordering};

use orderhub_domain::order::ChannelFact;

use super::*;
use crate::port::InboundOrder;
use crate::registry::tests::whole;

#[test]
fn every_kind_does_what_every_kind_must() {
    let mut broken = Vec::new();
    for about in registry::kinds() {
        let settings = whole(about);
        let findings = try_connection(about, &settings).expect("a connection");
        assert!(!findings.is_empty(), "{}", about.name);
        for finding in findings {
            if let Verdict::Fails(why) = finding.verdict {
                broken.push(format!("{} {}: {why}", about.name, finding.check));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

/// A connection that is wrong in one way.
struct Wrong {
    genuine: Arc<dyn Connector>,
    believes_all: bool,
    mistake: Mistake,
}

/// What is made of an item that arrived then.
type Mistake = fn(Inbound, Timestamp) -> Vec<Inbound>;

impl Connector for Wrong {
    fn verify(&self, request: &RawRequest<'_>) -> Result<(), Forged> {
        if self.believes_all {
            Ok(())
        } else {
            self.genuine.verify(request)
        }
    }

    fn read(&self, request: &RawRequest<'_>) -> Vec<Inbound> {
        let items = self.genuine.read(request).into_iter();
        items
            .flat_map(|item| (self.mistake)(item, request.received_at))
            .collect()
    }

    fn is_live(&self) -> bool {
        true
    }
}

/// The checks that find something at a connection of a kind which makes this mistake.
fn found(name: &str, believes_all: bool, mistake: Mistake) -> Vec<&'static str> {
    let about = registry::kinds().find(|about| about.name == name);
    let about = about.expect("a kind");
    let settings = whole(about);
    let genuine = registry::connector(about, &settings).expect("a connection");
    let kit = Kit {
        about,
        settings: &settings,
        connection: Arc::new(Wrong {
            genuine,
            believes_all,
            mistake,
        }),
        specimen: registry::specimen(about).expect("a specimen"),
        now: Timestamp::now(),
    };
    let findings = findings(&kit).into_iter();
    let failed = findings.filter(|finding| matches!(finding.verdict, Verdict::Fails(_)));
    failed.map(|finding| finding.check).collect()
}

/// No mistake.
fn right(item: Inbound, _: Timestamp) -> Vec<Inbound> {
    vec![item]
}

fn with(mut item: Inbound, change: impl FnOnce(&mut InboundOrder)) -> Vec<Inbound> {
    if let Inbound::Order(order) = &mut item {
        change(order);
    }
    vec![item]
}

#[test]
fn a_connection_without_a_mistake_is_found_to_have_none() {
    for name in ["woocommerce", "stripe", "easypost"] {
        assert!(found(name, false, right).is_empty(), "{name}");
    }
}

#[test]
fn who_believes_everybody_is_found() {
    assert_eq!(found("woocommerce", true, right), ["forged"]);
    assert_eq!(found("stripe", true, right), ["forged", "clock skew"]);
}

#[test]
fn an_order_that_changes_whenever_it_is_delivered_is_found() {
    let by_arrival = |item, arrived| {
        with(item, |order| {
            order.submission.draft.changed_at = Some(arrived);
        })
    };
    assert_eq!(found("woocommerce", false, by_arrival), ["duplicate"]);
}

#[test]
fn a_thing_that_is_another_one_each_time_is_found() {
    static TIMES: AtomicU64 = AtomicU64::new(0);
    /// So many times something was read: what a name must not be made of.
    fn times() -> u64 {
        TIMES.fetch_add(1, Ordering::Relaxed)
    }
    let renumbered = |item, _| {
        with(item, |order| {
            for line in &mut order.submission.draft.lines {
                line.external_id = format!("{}-{}", line.external_id, times());
            }
        })
    };
    assert_eq!(found("woocommerce", false, renumbered), ["duplicate"]);
    let renamed = |item, _| match item {
        Inbound::Payment {
            reference,
            order,
            occurred_at,
            test,
            evidence,
        } => vec![Inbound::Payment {
            reference: format!("{reference}-{}", times()),
            order,
            occurred_at,
            test,
            evidence,
        }],
        other => vec![other],
    };
    assert_eq!(found("stripe", false, renamed), ["duplicate"]);
}

#[test]
fn a_sighting_that_is_dated_by_its_arrival_is_found() {
    let dated = |item, arrived| match item {
        Inbound::Scans {
            tracking_number,
            carrier,
            test,
            mut scans,
            proof,
        } => {
            for scan in &mut scans {
                scan.at = arrived;
            }
            vec![Inbound::Scans {
                tracking_number,
                carrier,
                test,
                scans,
                proof,
            }]
        }
        other => vec![other],
    };
    assert_eq!(found("easypost", false, dated), ["duplicate"]);
}

#[test]
fn ids_that_went_through_a_float_are_found() {
    let rounded = |item, _| {
        with(item, |order| {
            let id = order.submission.draft.external_id.parse::<f64>();
            order.submission.draft.external_id = id.expect("a number").to_string();
        })
    };
    assert_eq!(found("woocommerce", false, rounded), ["ids above 2^53"]);
}

#[test]
fn lines_that_are_left_out_are_found() {
    let first = |item, _| with(item, |order| order.submission.draft.lines.truncate(250));
    assert_eq!(found("woocommerce", false, first), ["500 lines"]);
}

#[test]
fn a_total_that_is_made_to_fit_is_found() {
    let fitted = |item, _| {
        with(item, |order| {
            let draft = &mut order.submission.draft;
            let gap = draft.stated_total.minus(draft.totals().grand);
            if gap.is_positive() {
                let price = &mut draft.lines[1].unit_price;
                *price += gap.amount();
            }
        })
    };
    assert_eq!(found("woocommerce", false, fitted), ["bad money"]);
}

#[test]
fn a_cancellation_that_is_not_heard_is_found() {
    let deaf = |item, _| {
        with(item, |order| {
            let told = |fact: &ChannelFact| !matches!(fact, ChannelFact::Cancelled { .. });
            order.facts.retain(told);
        })
    };
    assert_eq!(found("woocommerce", false, deaf), ["reordered and late"]);
}

#[test]
fn names_and_titles_that_were_made_plain_are_found() {
    let plain = |item, _| {
        with(item, |order| {
            for line in &mut order.submission.draft.lines {
                line.title.retain(|letter| letter.is_ascii());
            }
        })
    };
    assert_eq!(found("woocommerce", false, plain), ["emoji"]);
}

#[test]
fn a_line_without_a_sku_that_is_dropped_is_found() {
    let dropped = |item, _| {
        with(item, |order| {
            let lines = &mut order.submission.draft.lines;
            lines.retain(|line| line.sku.as_ref().is_some_and(|sku| sku.0 != "77"));
        })
    };
    assert_eq!(found("woocommerce", false, dropped), ["unknown SKU"]);
}

#[test]
fn a_word_that_nobody_knows_and_that_moves_something_is_found() {
    let guessed = |item, _| match item {
        Inbound::Unknown { .. } => vec![Inbound::Changed(crate::port::Resource {
            kind: "order".into(),
            id: "1".into(),
        })],
        other => vec![other],
    };
    assert_eq!(found("stripe", false, guessed), ["unknown enum"]);
}

#[test]
fn what_is_lost_is_found() {
    let lost = |_, _| Vec::new();
    assert_eq!(found("easypost", false, lost), ["a parcel", "duplicate"]);
    assert_eq!(
        found("stripe", false, lost),
        ["a payment", "duplicate", "ids above 2^53"]
    );
}
