//! Partners that answer at once, or as told.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use orderhub_channels::carriers::{CarrierConnector, LabelCall};
use orderhub_channels::payments::{Means, PaymentCall, PaymentConnector, Sought};
use orderhub_channels::port::{
    CallError, Connector, Forged, Found, Inbound, LabelAnswer, PaymentAnswer, RawRequest, Repeat,
    WorkAnswer,
};
use orderhub_channels::warehouses::{FulfilmentCall, WarehouseConnector};
use orderhub_domain::canonical::CaptureMode;
use orderhub_domain::ids::{FulfilmentId, LocationCode, OrderId, ParcelId};
use orderhub_domain::money::Money;
use orderhub_domain::order::{FulfilmentEvidence, LabelEvidence, PaymentEvidence, Reported};

use crate::locked;

/// What the gateway does with a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mood {
    Fine,
    Declines,
    /// Certainly not done.
    Busy,
    /// Certainly not done, by a partner that works.
    NotNow,
    /// Carries it out and says nothing.
    Silent,
    /// Never answers, never carries out.
    Hangs,
    /// Answers after a second.
    Slow,
}

#[derive(Debug, Default)]
struct Book {
    moods: Vec<Mood>,
    always: Option<Mood>,
    calls: Vec<String>,
    authorized: BTreeMap<OrderId, Money>,
    captured: BTreeMap<String, Money>,
}

/// A gateway with a book of its own.
pub(crate) struct Gateway {
    book: Mutex<Book>,
    repeat: Repeat,
}

impl Gateway {
    pub(crate) fn new(repeat: Repeat) -> Arc<Self> {
        Arc::new(Self {
            book: Mutex::default(),
            repeat,
        })
    }

    /// The next calls go like this, the later ones well.
    pub(crate) fn next(&self, moods: &[Mood]) {
        let mut reversed = moods.to_vec();
        reversed.reverse();
        locked(&self.book).moods = reversed;
    }

    pub(crate) fn always(&self, mood: Option<Mood>) {
        locked(&self.book).always = mood;
    }

    pub(crate) fn calls(&self) -> Vec<String> {
        locked(&self.book).calls.clone()
    }

    /// Orders whose money is set aside.
    pub(crate) fn authorized(&self) -> usize {
        locked(&self.book).authorized.len()
    }

    fn mood(&self, call: String) -> Mood {
        let mut book = locked(&self.book);
        book.calls.push(call);
        let next = book.moods.pop();
        next.or(book.always).unwrap_or(Mood::Fine)
    }
}

/// A partner that sends no webhooks.
macro_rules! silent {
    ($partner:ty) => {
        impl Connector for $partner {
            fn verify(&self, _request: &RawRequest<'_>) -> Result<(), Forged> {
                Err(Forged::Missing)
            }

            fn read(&self, _request: &RawRequest<'_>) -> Vec<Inbound> {
                Vec::new()
            }

            fn is_live(&self) -> bool {
                true
            }
        }
    };
}

fn reference(order: OrderId) -> String {
    format!("pi_{}", order.uuid().simple())
}

silent!(Gateway);

#[async_trait]
impl PaymentConnector for Gateway {
    fn capture_mode(&self) -> CaptureMode {
        CaptureMode::Many
    }

    fn repeat(&self) -> Repeat {
        self.repeat
    }

    async fn authorize(&self, call: &PaymentCall, means: &Means<'_>) -> PaymentAnswer {
        let mood = self.mood(format!("authorize {}", call.effect));
        let reference = reference(call.order);
        if means.token == "declined" || mood == Mood::Declines {
            let code = "card_declined".into();
            return Ok(PaymentEvidence::Declined {
                reference: Some(reference),
                code,
            });
        }
        match mood {
            Mood::Busy => return Err(CallError::not_done("busy")),
            Mood::NotNow => return Err(CallError::not_now("not this one")),
            Mood::Hangs => std::future::pending().await,
            Mood::Slow => tokio::time::sleep(Duration::from_secs(1)).await,
            _ => {}
        }
        let amount = call.amount;
        locked(&self.book).authorized.insert(call.order, amount);
        if mood == Mood::Silent {
            return Err(CallError::unknown("no answer"));
        }
        Ok(PaymentEvidence::Authorized {
            reference,
            amount,
            expires_at: None,
        })
    }

    async fn capture(&self, call: &PaymentCall, reference: &str, _last: bool) -> PaymentAnswer {
        match self.mood(format!("capture {reference}")) {
            Mood::Busy => return Err(CallError::not_done("busy")),
            Mood::NotNow => return Err(CallError::not_now("not this one")),
            Mood::Hangs => std::future::pending().await,
            _ => {}
        }
        let mut book = locked(&self.book);
        book.captured.insert(call.effect.to_string(), call.amount);
        Ok(PaymentEvidence::Captured {
            reference: reference.to_owned(),
            amount: Reported::Part {
                reference: call.effect.to_string(),
                amount: call.amount,
            },
        })
    }

    async fn void(&self, call: &PaymentCall, reference: &str) -> PaymentAnswer {
        self.mood(format!("void {reference}"));
        locked(&self.book).authorized.remove(&call.order);
        Ok(PaymentEvidence::Voided {
            reference: reference.to_owned(),
        })
    }

    async fn refund(&self, call: &PaymentCall, reference: &str) -> PaymentAnswer {
        self.mood(format!("refund {reference}"));
        Ok(PaymentEvidence::Refunded {
            reference: reference.to_owned(),
            amount: Reported::Part {
                reference: call.effect.to_string(),
                amount: call.amount,
            },
        })
    }

    async fn query(
        &self,
        order: OrderId,
        _sought: Sought<'_>,
    ) -> Result<Found<Vec<PaymentEvidence>>, CallError> {
        self.mood(format!("query {order}"));
        let amount = locked(&self.book).authorized.get(&order).copied();
        Ok(amount.map_or(Found::Absent, |amount| {
            Found::There(vec![PaymentEvidence::Authorized {
                reference: reference(order),
                amount,
                expires_at: None,
            }])
        }))
    }
}

/// A warehouse that agrees to everything.
pub(crate) struct Agreeable;

silent!(Agreeable);

#[async_trait]
impl WarehouseConnector for Agreeable {
    async fn request(&self, _call: &FulfilmentCall) -> WorkAnswer {
        Ok(FulfilmentEvidence::Accepted)
    }

    async fn cancel(&self, _: FulfilmentId, _: &LocationCode) -> WorkAnswer {
        Ok(FulfilmentEvidence::Cancelled)
    }
}

/// A carrier that sells every label and remembers what it was asked.
#[derive(Default)]
pub(crate) struct Post {
    sold: Mutex<BTreeMap<ParcelId, LabelCall>>,
}

impl Post {
    pub(crate) fn sold(&self) -> Vec<LabelCall> {
        locked(&self.sold).values().cloned().collect()
    }
}

fn label(parcel: ParcelId) -> LabelEvidence {
    LabelEvidence::Bought {
        service: None,
        account: "post".into(),
        carrier: "Post".into(),
        tracking_number: format!("TRACK-{parcel}"),
        reference: format!("shp_{parcel}"),
        label_url: None,
        cost: None,
    }
}

silent!(Post);

#[async_trait]
impl CarrierConnector for Post {
    fn repeat(&self) -> Repeat {
        Repeat::QueryFirst
    }

    async fn buy(&self, call: &LabelCall) -> LabelAnswer {
        locked(&self.sold).insert(call.parcel, call.clone());
        Ok(label(call.parcel))
    }

    async fn void(&self, _reference: &str) -> LabelAnswer {
        Ok(LabelEvidence::Voided)
    }

    async fn find(&self, parcel: ParcelId) -> Result<Found<LabelEvidence>, CallError> {
        let sold = locked(&self.sold).contains_key(&parcel);
        Ok(if sold {
            Found::There(label(parcel))
        } else {
            Found::Absent
        })
    }
}
