//! An auditor's connection beside a store, and the pieces of payments.

use orderhub::store::Store;
use orderhub_actors::ports::{Appended, Claims, LaneWriter, Ownership};
use orderhub_domain::canonical::{CaptureMode, DraftTender, Terms};
use orderhub_domain::order::{Event, PaymentEvidence, Stage};
use rust_decimal::Decimal;
use sqlx::postgres::{PgConnection, PgRow};
use sqlx::{Connection, Row};

use crate::contract::fixture::{NewOrder, append, eur};
use crate::world::{Database, channel};

pub(crate) struct Audit {
    pub(crate) store: Store,
    pub(crate) claims: Claims,
    pub(crate) direct: PgConnection,
}

impl Audit {
    pub(crate) async fn new() -> Self {
        let database = Database::new().await;
        let store = database.store("a").await;
        let claims = store.claim_all(&["BER1".into()]).await.expect("claimed");
        let direct = PgConnection::connect(&database.url)
            .await
            .expect("connected");
        Self {
            store,
            claims,
            direct,
        }
    }

    /// An order with these tenders and these events after the first two.
    pub(crate) async fn order(
        &mut self,
        tenders: Vec<DraftTender>,
        events: Vec<Event>,
    ) -> NewOrder {
        let mut order = NewOrder::of(channel(&self.store).await);
        order.draft.tenders = tenders;
        let mut batch = vec![order.create(&self.claims)];
        batch.push(append(order.id, &self.claims, 2, events, Stage::Confirmed));
        let answers = self.store.lane().commit(&batch).await;
        assert_eq!(answers, vec![Appended::Committed; 2]);
        order
    }

    pub(crate) async fn rows(&mut self, statement: &'static str, order: &NewOrder) -> Vec<PgRow> {
        sqlx::query(statement)
            .bind(order.id.to_string())
            .fetch_all(&mut self.direct)
            .await
            .expect(statement)
    }

    /// Total, authorised, captured and refunded.
    pub(crate) async fn money(&mut self, order: &NewOrder) -> [Decimal; 4] {
        let rows = self
            .rows(
                "select * from orderhub_check.orders where order_id = $1",
                order,
            )
            .await;
        assert_eq!(rows.len(), 1);
        ["total", "authorized", "captured", "refunded"].map(|column| rows[0].get(column))
    }
}

pub(crate) fn cents(cents: [i64; 4]) -> [Decimal; 4] {
    cents.map(|cents| Decimal::new(cents, 2))
}

pub(crate) fn tender(cents: i64, terms: Terms) -> DraftTender {
    DraftTender {
        amount: eur(cents),
        terms,
    }
}

pub(crate) fn to_authorize() -> Terms {
    Terms::ToAuthorize {
        gateway: "stripe-eu".into(),
        token: "pm_1".to_owned(),
        capture: CaptureMode::Many,
    }
}

pub(crate) fn authorized(cents: i64) -> PaymentEvidence {
    PaymentEvidence::Authorized {
        reference: "pi_1".to_owned(),
        amount: eur(cents),
        expires_at: None,
    }
}
