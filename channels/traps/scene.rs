//! Connections to try, and what they read. A message is the one that the kind itself writes of a plain sale, a
//! plain payment or a plain sighting, changed in the point that a trap is about, and signed where the vendor
//! signs.

use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;
use orderhub_domain::canonical::{DraftLine, OrderDraft};
use orderhub_domain::money::{Currency, Money};
use orderhub_domain::order::PaymentEvidence;
use secrecy::ExposeSecret;
use serde_json::Value;

use crate::port::{Connector, Forged, Inbound, InboundOrder, RawRequest, Statement};
use crate::registry::tests::whole;
use crate::registry::{self, Family};
use crate::settings::Settings;
use crate::specimen::{
    Sale, SaleLine, SaleState, Scene, Seen, Sighting, Signing, Specimen, Taken, Taking, Thing,
};

const URL: &str = "https://hub.example/v1/hooks/traps";

/// The hub's order that gateways are told about.
pub(super) const ORDER: &str = "ord_0199f3c8a2b17def8a6b1c2d3e4f5061";

/// When everything happened.
pub(super) fn noon() -> Timestamp {
    at("2026-03-01T12:00:00Z")
}

pub(super) fn at(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

pub(super) fn money(amount: &str, currency: &str) -> Money {
    let currency = Currency::from_code(currency).expect("a currency");
    Money::exact(amount.parse().expect("a decimal"), currency).expect("money")
}

pub(super) fn eur(amount: &str) -> Money {
    money(amount, "EUR")
}

/// Two mugs at 19.99 and a tee at 5.00.
pub(super) fn sale() -> Sale {
    sale_in("EUR", "19.99", "5.00", "44.98")
}

/// The same at other prices.
pub(super) fn sale_in(currency: &str, mug: &str, tee: &str, total: &str) -> Sale {
    let line = |id, sku: &str, title: &str, quantity, price: &str| SaleLine {
        id,
        sku: Some(sku.to_owned()),
        title: title.to_owned(),
        quantity,
        unit_price: money(price, currency),
    };
    Sale {
        id: 4711,
        placed_at: at("2026-03-01T09:30:00Z"),
        changed_at: at("2026-03-01T09:45:00Z"),
        buyer: "Ada Example".to_owned(),
        lines: vec![
            line(11, "MUG-1", "Mug", 2, mug),
            line(12, "TEE-2", "Tee", 1, tee),
        ],
        total: money(total, currency),
        state: SaleState::Paid,
    }
}

/// Something that happened to a payment of 15.00 EUR.
pub(super) fn taking(what: Taken) -> Taking {
    Taking {
        number: 77,
        order: ORDER.to_owned(),
        amount: eur("15.00"),
        what,
        at: noon(),
    }
}

/// A live connection that has everything its kind takes.
pub(super) struct Vendor {
    settings: Settings,
    pub(super) connection: Arc<dyn Connector>,
    specimen: &'static dyn Specimen,
}

/// The connection of a kind by its name.
pub(super) fn vendor(name: &str) -> Vendor {
    vendor_at(name, "https://127.0.0.1:9")
}

/// The same, of a vendor that is found at this address.
pub(super) fn vendor_at(name: &str, base_url: &str) -> Vendor {
    let about = registry::kinds().find(|about| about.name == name);
    let about = about.unwrap_or_else(|| panic!("there is no {name}"));
    let mut settings = whole(about);
    settings.base_url = Some(base_url.to_owned());
    let connection = registry::connector(about, &settings).expect("a connection");
    assert!(connection.is_live(), "{name}");
    let specimen = registry::specimen(about).expect("what it sends");
    Vendor {
        settings,
        connection,
        specimen,
    }
}

/// The names of a family's kinds that say something of themselves.
pub(super) fn names(family: Family) -> Vec<&'static str> {
    let kinds = registry::kinds().filter(|about| about.family == family);
    let sending = kinds.filter(|about| registry::specimen(about).is_some());
    let names: Vec<_> = sending.map(|about| about.name).collect();
    assert!(!names.is_empty());
    names
}

/// Leaves a message as it is.
pub(super) fn as_it_is(_: &mut Value) {}

impl Vendor {
    fn scene(&self) -> Scene<'_> {
        Scene {
            settings: &self.settings,
            url: URL,
            at: noon(),
        }
    }

    /// Whether the vendor states such a thing at all: some push carts and no orders.
    pub(super) fn states(&self, thing: Thing<'_>) -> bool {
        self.specimen.state(thing, &self.scene()).is_some()
    }

    /// What is stated of a thing, after a change.
    pub(super) fn stated(&self, thing: Thing<'_>, change: impl FnOnce(&mut Value)) -> Statement {
        let stated = self.specimen.state(thing, &self.scene());
        changed(stated.expect("something to say"), change)
    }

    /// What is pushed of a thing where it is only named.
    pub(super) fn word(&self, thing: Thing<'_>) -> Statement {
        let word = self.specimen.word(thing, &self.scene());
        word.expect("a word of it")
    }

    /// Signed as the vendor signs.
    pub(super) fn signed(&self, mut stated: Statement) -> Statement {
        if let Signing::By { key, .. } = self.specimen.signing()
            && let Ok(Some(secret)) = self.settings.secret_if_any(key)
        {
            let scene = self.scene();
            self.specimen
                .sign(&mut stated, secret.expose_secret(), &scene);
        }
        stated
    }

    /// What is read of bytes that came as they are.
    pub(super) fn read(&self, stated: &Statement) -> Vec<Inbound> {
        with_request(stated, |request| self.connection.read(request))
    }

    pub(super) fn verify(&self, stated: &Statement) -> Result<(), Forged> {
        with_request(stated, |request| self.connection.verify(request))
    }

    /// What is read of a text that came under these headers.
    pub(super) fn hears(&self, headers: &[(&str, &str)], text: &str) -> Vec<Inbound> {
        self.read(&Statement::new(headers.iter().copied(), text))
    }

    /// The one thing that is read of a plain sale, after a change.
    pub(super) fn sale(&self, change: impl FnOnce(&mut Value)) -> Inbound {
        self.sale_of(&sale(), change)
    }

    /// The one thing that is read of this sale, after a change.
    pub(super) fn sale_of(&self, sale: &Sale, change: impl FnOnce(&mut Value)) -> Inbound {
        let mut read = self.read(&self.signed(self.stated(Thing::Sale(sale), change)));
        if read.len() > 1 {
            // What has to be looked up beside it is nothing else.
            read.retain(|item| !matches!(item, Inbound::Changed(_)));
        }
        only(read)
    }

    /// The order that a plain sale is read as, after a change.
    pub(super) fn order(&self, change: impl FnOnce(&mut Value)) -> InboundOrder {
        order(self.sale(change))
    }

    /// The draft of it.
    pub(super) fn draft(&self, change: impl FnOnce(&mut Value)) -> OrderDraft {
        self.order(change).submission.draft
    }

    /// What is read of something that happened to a plain payment, after a change.
    pub(super) fn taking(&self, what: Taken, change: impl FnOnce(&mut Value)) -> Vec<Inbound> {
        self.taking_of(&taking(what), change)
    }

    /// What is read of something that happened to this payment, after a change.
    pub(super) fn taking_of(
        &self,
        taking: &Taking,
        change: impl FnOnce(&mut Value),
    ) -> Vec<Inbound> {
        self.read(&self.signed(self.stated(Thing::Taking(taking), change)))
    }

    /// The one thing that is read of a plain sighting, after a change.
    pub(super) fn sighting(&self, seen: Seen, change: impl FnOnce(&mut Value)) -> Inbound {
        let sighting = Sighting {
            tracking_number: "OWN0000000001".to_owned(),
            seen,
            at: noon(),
        };
        only(self.read(&self.signed(self.stated(Thing::Sighting(&sighting), change))))
    }
}

/// With its JSON changed.
pub(super) fn changed(mut stated: Statement, change: impl FnOnce(&mut Value)) -> Statement {
    let mut body: Value = serde_json::from_slice(&stated.raw).expect("JSON");
    change(&mut body);
    stated.raw = body.to_string().into_bytes();
    stated
}

fn with_request<T>(stated: &Statement, told: impl FnOnce(&RawRequest<'_>) -> T) -> T {
    let mut headers = HeaderMap::new();
    for (name, value) in &stated.headers {
        let name = HeaderName::from_bytes(name.as_bytes()).expect("a header's name");
        headers.insert(name, HeaderValue::from_str(value).expect("a header"));
    }
    told(&RawRequest {
        headers: &headers,
        body: &stated.raw,
        url: URL,
        received_at: noon(),
    })
}

pub(super) fn only(mut read: Vec<Inbound>) -> Inbound {
    assert_eq!(read.len(), 1, "{read:?}");
    read.remove(0)
}

pub(super) fn order(read: Inbound) -> InboundOrder {
    match read {
        Inbound::Order(order) => *order,
        other => panic!("not an order: {other:?}"),
    }
}

/// Under which topic it is kept.
pub(super) fn topic(read: Inbound) -> String {
    match read {
        Inbound::Unknown { topic } => topic,
        other => panic!("not kept as unknown: {other:?}"),
    }
}

/// What payments are said to have done.
pub(super) fn evidence(read: Vec<Inbound>) -> Vec<PaymentEvidence> {
    let of = |item| match item {
        Inbound::Payment { evidence, .. } => evidence,
        other => panic!("not a payment: {other:?}"),
    };
    read.into_iter().map(of).collect()
}

/// The line of a SKU.
pub(super) fn line<'a>(draft: &'a OrderDraft, sku: &str) -> &'a DraftLine {
    let of = |line: &&DraftLine| line.sku.as_ref().is_some_and(|own| own.0 == sku);
    draft
        .lines
        .iter()
        .find(of)
        .unwrap_or_else(|| panic!("no line of {sku}"))
}

/// That the parts of an order come to this total, and it says so.
pub(super) fn comes_to(draft: &OrderDraft, total: &str) {
    assert_eq!(draft.stated_total.amount().to_string(), total);
    assert_eq!(draft.totals().grand, draft.stated_total, "{draft:?}");
    assert_eq!(draft.violations(), []);
}
