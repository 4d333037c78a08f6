//! The columns of deliveries in the statement that appends.

use jiff_sqlx::{Timestamp, ToSqlx};
use orderhub_domain::order::Transit;
use sqlx::Postgres;
use sqlx::postgres::PgArguments;
use sqlx::query::QueryAs;
use uuid::Uuid;

use super::super::transits::service;

#[derive(Default)]
pub(super) struct TransitRows<'a> {
    id: Vec<Uuid>,
    fulfilment: Vec<i32>,
    parcel: Vec<i32>,
    account: Vec<&'a str>,
    carrier: Vec<&'a str>,
    service: Vec<&'a str>,
    origin: Vec<&'a str>,
    destination: Vec<&'a str>,
    took: Vec<i64>,
    delivered_at: Vec<Timestamp>,
}

impl<'a> TransitRows<'a> {
    pub(super) fn push(&mut self, order: Uuid, transit: &'a Transit) {
        let lane = &transit.lane;
        self.id.push(order);
        self.fulfilment.push(transit.fulfilment.into());
        self.parcel.push(transit.parcel.into());
        self.account.push(lane.account.as_str());
        self.carrier.push(&lane.carrier);
        self.service.push(service(lane));
        self.origin.push(&lane.origin);
        self.destination.push(&lane.destination);
        // The column holds more than nothing.
        self.took.push(transit.took.as_secs().max(1));
        self.delivered_at.push(transit.delivered_at.to_sqlx());
    }

    /// Binds them in the order of the statement.
    pub(super) fn bind(
        self,
        query: QueryAs<'a, Postgres, (i32, bool), PgArguments>,
    ) -> QueryAs<'a, Postgres, (i32, bool), PgArguments> {
        query
            .bind(self.id)
            .bind(self.fulfilment)
            .bind(self.parcel)
            .bind(self.account)
            .bind(self.carrier)
            .bind(self.service)
            .bind(self.origin)
            .bind(self.destination)
            .bind(self.took)
            .bind(self.delivered_at)
    }
}
