//! What auditors see.

use jiff::Timestamp;
use orderhub_actors::ports::{Appended, LaneWriter, StockAppend, StockAppended, StockWriter};
use orderhub_domain::canonical::Terms;
use orderhub_domain::order::{Account, Effect, Event, OpenedEffect, Stage, StockLine, transfer};
use orderhub_domain::quantity::Quantity;
use orderhub_domain::stock::{LocationStock, StockCommand};
use rust_decimal::Decimal;
use sqlx::Row;

use crate::audit::{Audit, authorized, cents, tender, to_authorize};
use crate::contract::fixture::{NewOrder, append, at, eur};
use crate::world::channel;

#[tokio::test]
async fn an_order_is_one_row_with_the_words_of_the_interface() {
    let mut audit = Audit::new().await;
    let order = audit
        .order(vec![tender(1999, to_authorize())], vec![])
        .await;
    let rows = audit
        .rows(
            "select * from orderhub_check.orders where order_id = $1",
            &order,
        )
        .await;
    let row = &rows[0];
    assert_eq!(row.get::<String, _>("order_id"), order.id.to_string());
    assert!(row.get::<String, _>("channel").starts_with("web-"));
    assert_eq!(row.get::<String, _>("external_id"), order.draft.external_id);
    assert_eq!(row.get::<i64, _>("version"), 2);
    assert_eq!(row.get::<String, _>("stage"), "confirmed");
    assert_eq!(row.get::<String, _>("body_hash"), "ab".repeat(32));
    assert_eq!(row.get::<String, _>("currency"), "EUR");
    let wake_at: jiff_sqlx::Timestamp = row.get("wake_at");
    assert_eq!(wake_at.to_jiff(), at(60));
    assert_eq!(audit.money(&order).await, cents([1999, 0, 0, 0]));

    let events = audit
        .rows(
            "select * from orderhub_check.events where order_id = $1 order by version",
            &order,
        )
        .await;
    let kinds: Vec<String> = events.iter().map(|event| event.get("kind")).collect();
    assert_eq!(kinds, ["order.received", "order.screened"]);
    let seqs: Vec<i64> = events.iter().map(|event| event.get("seq")).collect();
    assert_eq!(seqs, [1, 2]);
    let epoch = audit.claims.shards[&order.id.shard()];
    assert!(
        events
            .iter()
            .all(|event| event.get::<i64, _>("epoch") == epoch)
    );
}

#[tokio::test]
async fn effects_open_fail_and_close() {
    let mut audit = Audit::new().await;
    let order = NewOrder::of(channel(&audit.store).await);
    let opened = |version| Event::EffectOpened {
        effect: OpenedEffect {
            id: order.id.effect(version),
            effect: Effect::AuthorizePayment {
                tender: 1,
                amount: eur(1999),
            },
        },
    };
    let postponed = |attempt, unknown| Event::EffectPostponed {
        postpones: order.id.effect(3),
        effect_kind: "authorize_payment".to_owned(),
        attempt,
        next_try_at: at(90),
        reason: "no answer".to_owned(),
        unknown,
    };
    let closing = Event::PaymentReported {
        tender: 1,
        payment: authorized(1999),
        postings: Vec::new(),
        closes: vec![order.id.effect(3)],
    };
    let events = vec![
        opened(3),
        postponed(1, false),
        postponed(2, true),
        closing,
        opened(7),
    ];
    let batch = [
        order.create(&audit.claims),
        append(order.id, &audit.claims, 2, events, Stage::Authorizing),
    ];
    let answers = audit.store.lane().commit(&batch).await;
    assert_eq!(answers, vec![Appended::Committed; 2]);
    let rows = audit
        .rows(
            "select * from orderhub_check.effects where order_id = $1 order by opened_at",
            &order,
        )
        .await;
    assert_eq!(rows.len(), 2);
    for (row, version, state, attempts) in [(&rows[0], 3, "closed", 2), (&rows[1], 7, "open", 0)] {
        assert_eq!(
            row.get::<String, _>("effect_id"),
            order.id.effect(version).to_string()
        );
        assert_eq!(row.get::<String, _>("kind"), "authorize_payment");
        assert_eq!(row.get::<String, _>("state"), state);
        assert_eq!(row.get::<i32, _>("attempts"), attempts);
        let closed: Option<jiff_sqlx::Timestamp> = row.get("closed_at");
        let closed = closed.map(jiff_sqlx::Timestamp::to_jiff);
        assert_eq!(closed, (state == "closed").then(|| recorded(6)));
    }
}

/// When the fixture records version `version`.
fn recorded(version: i64) -> Timestamp {
    crate::contract::fixture::micros(version, 1)
}

#[tokio::test]
async fn the_sides_of_an_entry_add_up_to_zero() {
    let mut audit = Audit::new().await;
    let confirmed = Event::Confirmed {
        postings: transfer(Account::Revenue, Account::Receivable, eur(1999)),
    };
    let paid = Event::SettledByChannel {
        tender: 1,
        amount: eur(1999),
        postings: transfer(Account::Receivable, Account::Cash("web".into()), eur(1999)),
    };
    let prepaid = tender(1999, Terms::Prepaid { reference: None });
    let order = audit.order(vec![prepaid], vec![confirmed, paid]).await;
    let rows = audit
        .rows(
            "select entry, sum(amount) as sum, max(currency) as currency, count(*) as sides, \
                    sum(amount) filter (where account like 'cash:%') as cash \
             from orderhub_check.money_ledger where order_id = $1 group by entry order by entry",
            &order,
        )
        .await;
    assert_eq!(rows.len(), 2);
    for row in &rows {
        assert_eq!(row.get::<Decimal, _>("sum"), Decimal::ZERO);
        assert_eq!(row.get::<i64, _>("sides"), 2);
        assert_eq!(row.get::<String, _>("currency"), "EUR");
    }
    assert_eq!(
        rows[1].get::<Option<Decimal>, _>("cash"),
        Some(Decimal::new(1999, 2))
    );
}

#[tokio::test]
async fn the_ledger_sums_to_the_stock_and_an_effect_is_one_row() {
    let mut audit = Audit::new().await;
    let order = NewOrder::of(channel(&audit.store).await);
    let mut stock = LocationStock::empty("BER1".into());
    let two_of = |line| StockLine {
        line,
        sku: "SKU-1".into(),
        quantity: Quantity::units(2),
    };
    let count = StockCommand::Count {
        sku: "SKU-1".into(),
        on_hand: 10,
        buffer: Some(1),
        backorder_limit: None,
        unpicked: Vec::new(),
    };
    let reserve = StockCommand::Reserve {
        order: order.id,
        attempt: 1,
        channel: orderhub_domain::ids::ChannelId(uuid::Uuid::nil()),
        lines: vec![two_of(1), two_of(2)],
        expires_at: at(900),
        queued: false,
    };
    let mut lane = audit.store.stock_lane();
    for (command, effect) in [(count, None), (reserve, Some(order.id.effect(3)))] {
        let change = stock.decide(&command, effect, at(0)).change;
        stock.apply(&change);
        let append = StockAppend {
            location: "BER1".into(),
            epoch: audit.claims.locations[&"BER1".into()],
            change,
            now: at(0),
        };
        assert_eq!(lane.commit(&[append]).await, vec![StockAppended::Committed]);
    }
    let ledger = audit
        .rows(
            "select * from orderhub_check.stock_ledger where order_id = $1",
            &order,
        )
        .await;
    assert_eq!(ledger.len(), 1, "two lines of one SKU");
    assert_eq!(ledger[0].get::<i64, _>("d_reserved"), 4);
    assert_eq!(ledger[0].get::<i64, _>("seq"), 2);
    let reservations = audit
        .rows(
            "select * from orderhub_check.reservations where order_id = $1 order by line",
            &order,
        )
        .await;
    let states: Vec<String> = reservations.iter().map(|row| row.get("state")).collect();
    assert_eq!(states, ["soft", "soft"]);
    let different: i64 = sqlx::query_scalar(
        "select count(*) from orderhub_check.stock s join ( \
             select location, sku, sum(d_on_hand) as on_hand, sum(d_reserved) as reserved, \
                    sum(d_allocated) as allocated \
             from orderhub_check.stock_ledger group by 1, 2) l using (location, sku) \
         where (s.on_hand, s.reserved, s.allocated) is distinct from (l.on_hand, l.reserved, l.allocated)",
    )
    .fetch_one(&mut audit.direct)
    .await
    .expect("compared");
    assert_eq!(different, 0);
}

#[tokio::test]
async fn every_view_of_the_interface_is_there() {
    let mut audit = Audit::new().await;
    let views = [
        (
            "orders",
            "order_id channel external_id version stage body_hash currency total authorized captured refunded wake_at",
        ),
        (
            "events",
            "order_id version shard seq epoch kind command_id recorded_at",
        ),
        (
            "stock",
            "location sku on_hand reserved allocated backorder_limit shortfall waiting inbound",
        ),
        (
            "stock_ledger",
            "location seq sku d_on_hand d_reserved d_allocated cause order_id recorded_at reference",
        ),
        (
            "reservations",
            "order_id line location attempt sku quantity state rev expires_at since promise work_day",
        ),
        (
            "effects",
            "order_id effect_id kind state attempts opened_at closed_at",
        ),
        ("money_ledger", "order_id entry account amount currency"),
        ("location_pauses", "location paused said_at said_by reason"),
        ("parked", "message_id source reason received_at"),
        ("shard_owner", "shard node epoch"),
        ("publish_cursor", "shard published last_seq"),
        ("stock_cursor", "location published last_seq"),
        (
            "logbook",
            "location seq after_seq kind sku name body recorded_at",
        ),
        ("logbook_cursor", "location published last_seq"),
        (
            "inbound",
            "location sku reference quantity received expected_at",
        ),
        (
            "quotas",
            "location sku channel units reserved taken version",
        ),
        (
            "quota_changes",
            "location sku channel version units said_at said_by reason after_seq",
        ),
        (
            "transits",
            "order_id fulfilment parcel account carrier service origin destination took_s delivered_at",
        ),
        ("feeds", "source sequence as_of applied_at gaps missing"),
        ("poll_cursors", "source cursor moved_at"),
    ];
    for (view, columns) in views {
        let found: Vec<String> = sqlx::query_scalar(
            "select column_name::text from information_schema.columns \
             where table_schema = 'orderhub_check' and table_name = $1 order by ordinal_position",
        )
        .bind(view)
        .fetch_all(&mut audit.direct)
        .await
        .expect("listed");
        assert_eq!(found.join(" "), columns, "{view}");
    }
    let owned: i64 = sqlx::query_scalar(
        "select count(*) from orderhub_check.shard_owner where node = 'a' and epoch > 0",
    )
    .fetch_one(&mut audit.direct)
    .await
    .expect("counted");
    assert_eq!(owned, 256);
}
