//! The kit, held against every kind, and against connectors that are wrong in one way each.

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
    mistake: fn(Inbound) -> Vec<Inbound>,
}

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
        items.flat_map(self.mistake).collect()
    }

    fn is_live(&self) -> bool {
        true
    }
}

/// The checks that find something at a connection of a kind which makes this mistake.
fn found(
    name: &str,
    believes_all: bool,
    mistake: fn(Inbound) -> Vec<Inbound>,
) -> Vec<&'static str> {
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
fn right(item: Inbound) -> Vec<Inbound> {
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
fn ids_that_went_through_a_float_are_found() {
    let rounded = |item| {
        with(item, |order| {
            let id = order.submission.draft.external_id.parse::<f64>();
            order.submission.draft.external_id = id.expect("a number").to_string();
        })
    };
    assert_eq!(found("woocommerce", false, rounded), ["ids above 2^53"]);
}

#[test]
fn lines_that_are_left_out_are_found() {
    let first = |item| with(item, |order| order.submission.draft.lines.truncate(250));
    assert_eq!(found("woocommerce", false, first), ["500 lines"]);
}

#[test]
fn a_total_that_is_made_to_fit_is_found() {
    let fitted = |item| {
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
    let deaf = |item| {
        with(item, |order| {
            let told = |fact: &ChannelFact| !matches!(fact, ChannelFact::Cancelled { .. });
            order.facts.retain(told);
        })
    };
    assert_eq!(found("woocommerce", false, deaf), ["reordered and late"]);
}

#[test]
fn names_and_titles_that_were_made_plain_are_found() {
    let plain = |item| {
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
    let dropped = |item| {
        with(item, |order| {
            let lines = &mut order.submission.draft.lines;
            lines.retain(|line| line.sku.as_ref().is_some_and(|sku| sku.0 != "77"));
        })
    };
    assert_eq!(found("woocommerce", false, dropped), ["unknown SKU"]);
}

#[test]
fn a_word_that_nobody_knows_and_that_moves_something_is_found() {
    let guessed = |item| match item {
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
    let lost = |_| Vec::new();
    assert_eq!(found("easypost", false, lost), ["a parcel"]);
    assert_eq!(
        found("stripe", false, lost),
        ["a payment", "ids above 2^53"]
    );
}
