//! A reader of orders with three members: enough for the edge, which knows no more of an order.

use jiff::Timestamp;
use orderhub_domain::canonical::{
    Address, Customer, DraftLine, DraftTender, FulfilledBy, OrderDraft, PrivateDetails, Submission,
    TaxMode, Terms,
};
use orderhub_domain::ids::Sku;
use orderhub_domain::money::{Currency, Money};
use orderhub_domain::quantity::Quantity;
use serde_json::Value;

use crate::http::json::{body_hash, object};
use crate::intake::{Intake, ParsedOrder, Unreadable};

/// Reads `{channel, external_id, sku}` as an order of one unit for 10.00. One with lines of its own, as files
/// have them, is of the SKU `A`.
pub(super) struct Reader;

impl Intake for Reader {
    fn read(&self, body: &[u8]) -> Result<ParsedOrder, Unreadable> {
        let fields = object(body).map_err(|problem| {
            if problem.status() == 400 {
                let detail = "not an object".to_owned();
                return Unreadable::Malformed {
                    code: problem.code(),
                    detail,
                };
            }
            Unreadable::Invalid(problem.errors().to_vec())
        })?;
        let body_hash = body_hash(body).map_err(|_| Unreadable::Invalid(Vec::new()))?;
        let text = |name: &str| match fields.get(name) {
            Some(Value::String(text)) => text.clone(),
            _ => String::new(),
        };
        let has_lines = fields.contains_key("lines");
        let sku = if has_lines {
            "A".to_owned()
        } else {
            text("sku")
        };
        let eur = Currency::from_code("EUR").expect("a currency");
        let ten = Money::from_minor(1_000, eur).expect("in range");
        let draft = OrderDraft {
            changed_at: None,
            awaits_release: false,
            point: None,
            external_id: text("external_id"),
            number: None,
            placed_at: Timestamp::UNIX_EPOCH,
            currency: eur,
            tax_mode: TaxMode::Inclusive,
            test: false,
            cancelled_at: None,
            destination: None,
            pickup_location: Some(text("pickup_location"))
                .filter(|code| !code.is_empty())
                .map(Into::into),
            lines: vec![DraftLine {
                customs: None,
                part_of: None,
                external_id: "1".into(),
                sku: Some(Sku(sku)),
                title: "A thing".into(),
                quantity: Quantity::units(1),
                unit_price: ten.amount(),
                discounts: Vec::new(),
                taxes: Vec::new(),
                weight_g: None,
                fulfilled_by: FulfilledBy::Us,
            }],
            shipping: Vec::new(),
            fees: Vec::new(),
            discounts: Vec::new(),
            tenders: vec![DraftTender {
                amount: ten,
                terms: Terms::Invoice,
            }],
            stated_total: ten,
        };
        let violations = draft.violations();
        if !violations.is_empty() {
            return Err(Unreadable::Invalid(violations));
        }
        let customer = Customer {
            name: Some("Ada Lovelace".into()),
            email: Some("ada@lovelace.example".into()),
            ..Customer::default()
        };
        Ok(ParsedOrder {
            channel: text("channel").as_str().into(),
            submission: Submission {
                draft,
                private: PrivateDetails {
                    customer: Some(customer),
                    ship_to: Some(Address {
                        lines: vec!["Main Street 1".into()],
                        city: Some("Berlin".into()),
                        ..Address::default()
                    }),
                    ..PrivateDetails::default()
                },
            },
            body_hash,
        })
    }
}
