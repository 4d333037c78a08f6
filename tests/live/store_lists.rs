//! The order list, as the trailing reader writes it.

use std::time::Duration;

use orderhub::store::{OrderFilter, Store};
use orderhub_actors::ports::{
    Append, Appended, Claims, Journal, LaneWriter, OrderRef, Ownership, RefKind, Whose,
};
use orderhub_channels::port::UnderWay;
use orderhub_domain::ids::OrderId;
use orderhub_domain::order::{Edge, Event, Hold, HoldScope, ReturnEvent, ReturnLabel, Stage};
use orderhub_domain::policy::ReturnPayer;
use tokio_util::sync::CancellationToken;

use crate::contract::fixture::{NewOrder, append, at, eur, micros, noted, payment_ref};
use crate::world::{Database, channel};

async fn scene() -> (Store, Claims) {
    let store = Database::new().await.store("a").await;
    let claims = store.claim_all(&[]).await.expect("claimed");
    (store, claims)
}

async fn commit(store: &Store, batch: &[Append]) {
    let answers = store.lane().commit(batch).await;
    assert_eq!(answers, vec![Appended::Committed; batch.len()]);
}

fn held(number: u32, reason: &str) -> Event {
    Event::HoldPlaced {
        hold: Hold {
            id: number,
            scope: HoldScope::Order,
            blocks: vec![Edge::Ship],
            reason: reason.to_owned(),
            owner: "system".to_owned(),
            since: at(0),
            until: None,
            on_expiry: orderhub_domain::order::OnExpiry::default(),
        },
    }
}

fn all() -> OrderFilter {
    OrderFilter {
        limit: 100,
        ..OrderFilter::default()
    }
}

async fn ids(store: &Store, filter: OrderFilter) -> Vec<OrderId> {
    let page = store.list_orders(&filter).await.expect("listed");
    page.orders.iter().map(|listing| listing.order).collect()
}

#[tokio::test]
async fn filters_find_what_they_name() {
    let (store, claims) = scene().await;
    let (one, two) = (channel(&store).await, channel(&store).await);
    let mut lamp = NewOrder::named(one, "W-100%");
    lamp.draft.lines[0].sku = Some("LAMP".into());
    let chair = NewOrder::named(one, "W-1000");
    let table = NewOrder::named(two, "T-1");
    let mut batch: Vec<Append> = [&lamp, &chair, &table]
        .map(|order| order.create(&claims))
        .into();
    batch[1].refs.push(payment_ref("pi_chair"));
    commit(&store, &batch).await;
    let placed = append(
        table.id,
        &claims,
        2,
        vec![held(1, "fraud_review"), held(2, "total_mismatch")],
        Stage::Screening,
    );
    commit(&store, &[placed]).await;
    let mut trail = store.order_trail();
    assert_eq!(trail.catch_up().await.expect("read"), 8);

    let mut newest_first = vec![lamp.id, chair.id, table.id];
    newest_first.sort();
    newest_first.reverse();
    assert_eq!(ids(&store, all()).await, newest_first);
    let of = |filter: OrderFilter| ids(&store, filter);
    assert_eq!(
        of(OrderFilter {
            stage: Some(Stage::Screening),
            ..all()
        })
        .await,
        [table.id]
    );
    assert_eq!(
        of(OrderFilter {
            channel: Some(two),
            ..all()
        })
        .await,
        [table.id]
    );
    assert_eq!(
        of(OrderFilter {
            sku: Some("LAMP".into()),
            ..all()
        })
        .await,
        [lamp.id]
    );
    let hold = |reason: &str| OrderFilter {
        hold: Some(reason.to_owned()),
        ..all()
    };
    assert_eq!(of(hold("any")).await, [table.id]);
    assert_eq!(of(hold("fraud_review")).await, [table.id]);
    assert!(of(hold("weather")).await.is_empty());
    let q = |text: &str| OrderFilter {
        q: Some(text.to_owned()),
        ..all()
    };
    assert_eq!(of(q("W-100%")).await, [lamp.id], "not a pattern");
    assert_eq!(of(q("#T")).await, [table.id], "by its number");
    assert_eq!(of(q("pi_chair")).await, [chair.id], "by a reference");
    assert_eq!(of(q(&table.id.to_string())).await, [table.id]);
    assert!(of(q("W\0")).await.is_empty());
    let changed = OrderFilter {
        updated_after: Some(micros(2, 1)),
        ..all()
    };
    assert_eq!(of(changed).await, [table.id]);

    let released = Event::HoldReleased {
        hold: 1,
        reason: "looked".to_owned(),
    };
    let released = append(table.id, &claims, 4, vec![released], Stage::Reserving);
    commit(&store, &[released]).await;
    trail.catch_up().await.expect("read");
    assert!(of(hold("fraud_review")).await.is_empty());
    let page = store.list_orders(&hold("any")).await.expect("listed");
    let listing = &page.orders[0];
    assert_eq!(
        listing.holds.values().collect::<Vec<_>>(),
        ["total_mismatch"]
    );
    assert_eq!((listing.stage, listing.version), (Stage::Reserving, 5));
    assert_eq!(listing.total, eur(1999));
    assert_eq!(listing.updated_at, micros(5, 1));
}

#[tokio::test]
async fn an_order_is_found_by_what_a_person_calls_it() {
    let (store, claims) = scene().await;
    let channel = channel(&store).await;
    let [chair, table] = ["W-1000", "W-100"].map(|name| NewOrder::named(channel, name));
    commit(&store, &[chair.create(&claims), table.create(&claims)]).await;
    store.order_trail().catch_up().await.expect("read");
    let of = |text: &str| {
        let named = OrderFilter {
            named: Some(text.to_owned()),
            ..all()
        };
        let store = store.clone();
        async move { ids(&store, named).await }
    };
    assert_eq!(of("W-1000").await, [chair.id]);
    assert_eq!(of("W-100").await, [table.id], "no beginning");
    let number = chair.draft.number.as_deref().expect("a number");
    assert_eq!(of(number).await, [chair.id]);
    let digits = table.id.uuid().simple().to_string();
    for ending in [&digits[28..], &digits[15..], &digits.to_uppercase()] {
        assert_eq!(of(ending).await, [table.id], "{ending}");
    }
    assert!(of(&digits[29..]).await.is_empty(), "too short to tell");
    assert!(of(&digits[..8]).await.is_empty(), "a beginning");
    assert!(of("W\0").await.is_empty());
}

#[tokio::test]
async fn pages_follow_on_each_other() {
    let (store, claims) = scene().await;
    let channel = channel(&store).await;
    let orders: Vec<NewOrder> = (0..7).map(|_| NewOrder::of(channel)).collect();
    let batch: Vec<Append> = orders.iter().map(|order| order.create(&claims)).collect();
    commit(&store, &batch).await;
    store.order_trail().catch_up().await.expect("read");
    let mut seen = Vec::new();
    let mut filter = OrderFilter { limit: 3, ..all() };
    loop {
        let page = store.list_orders(&filter).await.expect("listed");
        assert!(page.orders.len() <= 3);
        seen.extend(page.orders.iter().map(|listing| listing.order));
        match page.next {
            Some(last) => filter.before = Some(last),
            None => break,
        }
    }
    let mut expected: Vec<OrderId> = orders.iter().map(|order| order.id).collect();
    expected.sort();
    expected.reverse();
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn the_reader_follows_by_itself_and_counts_nothing_twice() {
    let (store, claims) = scene().await;
    let order = NewOrder::of(channel(&store).await);
    let stop = CancellationToken::new();
    let readers = [(); 2].map(|()| tokio::spawn(store.order_trail().run(stop.clone())));
    commit(&store, &[order.create(&claims)]).await;
    for version in 2..12 {
        let events = vec![noted("step")];
        commit(
            &store,
            &[append(order.id, &claims, version, events, Stage::Reserving)],
        )
        .await;
    }
    let mut version = 0;
    for _ in 0..100 {
        tokio::time::sleep(Duration::from_millis(50)).await;
        let page = store.list_orders(&all()).await.expect("listed");
        version = page.orders.first().map_or(0, |listing| listing.version);
        if version == 12 {
            break;
        }
    }
    assert_eq!(version, 12);
    stop.cancel();
    for reader in readers {
        reader.await.expect("no panic");
    }
    assert_eq!(store.order_trail().catch_up().await.expect("read"), 0);
}

/// What `ups` is to know of parcels under way, by their numbers.
async fn numbers(store: &Store, whose: Whose, mark: &str, limit: u32) -> Vec<String> {
    let parcels = store.under_way("ups", whose, mark, limit).await;
    let parcels = parcels.expect("read").into_iter();
    parcels.map(|parcel| parcel.number).collect()
}

/// Three orders that are known under these names, the last of which has ended.
async fn labelled(refs: [Vec<OrderRef>; 3]) -> (Store, [NewOrder; 3]) {
    let (store, claims) = scene().await;
    let channel = channel(&store).await;
    let orders = [(); 3].map(|()| NewOrder::of(channel));
    let batch: Vec<Append> = orders.iter().map(|order| order.create(&claims)).collect();
    commit(&store, &batch).await;
    let stages = [Stage::Fulfilling, Stage::Fulfilling, Stage::Completed];
    let mut batch = Vec::new();
    for ((order, stage), refs) in orders.iter().zip(stages).zip(refs) {
        let labels = append(order.id, &claims, 2, vec![noted("labels")], stage);
        batch.push(Append { refs, ..labels });
    }
    commit(&store, &batch).await;
    let mut trail = store.order_trail();
    trail.catch_up().await.expect("read");
    (store, orders)
}

#[tokio::test]
async fn who_follows_others_parcels_knows_each_by_its_carrier_and_whose_it_is() {
    let own = |number: &str| OrderRef {
        kind: RefKind::Tracking,
        scope: "ups".to_owned(),
        value: number.to_owned(),
    };
    let first = vec![
        OrderRef::of_parcel("Own Bikes", "7"),
        OrderRef::of_parcel("UPS", "8"),
        OrderRef {
            scope: "easypost".to_owned(),
            ..own("8")
        },
    ];
    let second = vec![OrderRef::of_parcel("DPD", "7"), own("9")];
    let ended = vec![OrderRef::of_parcel("UPS", "10"), own("10")];
    let (store, [one, two, _]) = labelled([first, second, ended]).await;
    let parcel = |order: &NewOrder, number: &str, carrier: Option<&str>| UnderWay {
        order: order.id,
        test: false,
        number: number.to_owned(),
        carrier: carrier.map(str::to_owned),
    };
    let all = [
        parcel(&two, "7", Some("dpd")),
        parcel(&one, "7", Some("ownbikes")),
        parcel(&one, "8", Some("ups")),
        parcel(&two, "9", None),
    ];
    let under_way = async |mark: &str, limit| {
        let parcels = store.under_way("ups", Whose::Everybodys, mark, limit).await;
        parcels.expect("read")
    };
    assert_eq!(under_way("", 10).await, all);
    assert_eq!(under_way("", 1).await, all[..1]);
    assert_eq!(under_way(&all[0].place(), 2).await, all[1..3]);
    assert_eq!(under_way(&all[3].place(), 10).await, []);
    assert_eq!(numbers(&store, Whose::Own, "", 10).await, ["9"]);
}

#[tokio::test]
async fn parcels_under_way_are_those_of_orders_in_hand_page_by_page() {
    let tracked = |account: &str, number: &str| OrderRef {
        kind: RefKind::Tracking,
        scope: account.to_owned(),
        value: number.to_owned(),
    };
    let first = vec![
        tracked("ups", "b"),
        tracked("ups", "B"),
        payment_ref("pi_parcels"),
    ];
    let second = vec![tracked("ups", "a-1"), tracked("dhl", "c")];
    let ended = vec![tracked("ups", "d")];
    let (store, _) = labelled([first, second, ended]).await;
    let under_way = async |mark: &str, limit| numbers(&store, Whose::Own, mark, limit).await;
    assert_eq!(under_way("", 10).await, ["B", "a-1", "b"]);
    assert_eq!(under_way("", 2).await, ["B", "a-1"]);
    assert_eq!(under_way("a-1", 2).await, ["b"]);
    assert_eq!(under_way("b", 2).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_parcel_on_its_way_back_is_under_way_whatever_the_stage_of_its_order() {
    let (store, claims) = scene().await;
    let channel = channel(&store).await;
    let order = NewOrder::of(channel);
    commit(&store, &[order.create(&claims)]).await;
    let label = |value: &str| {
        Event::Return(ReturnEvent::LabelIssued {
            number: 1,
            label: ReturnLabel {
                carrier: "UPS".to_owned(),
                tracking_number: value.to_owned(),
                cost: None,
                paid_by: ReturnPayer::Buyer,
            },
        })
    };
    let mut trail = store.order_trail();
    let mut version = 2;
    let mut say = async |event: Event, refs: Vec<OrderRef>| {
        let mut told = append(order.id, &claims, version, vec![event], Stage::Completed);
        told.refs = refs;
        commit(&store, &[told]).await;
        version += 1;
        trail.catch_up().await.expect("read");
        numbers(&store, Whose::Own, "", 10).await
    };
    let tracked = |value: &str| OrderRef {
        kind: RefKind::Tracking,
        scope: "ups".to_owned(),
        value: value.to_owned(),
    };
    assert_eq!(say(noted("shipped"), vec![tracked("OUT-1")]).await, [""; 0]);
    assert_eq!(
        say(label("BACK-1"), vec![tracked("BACK-1")]).await,
        ["BACK-1"]
    );
    assert_eq!(
        say(label("BACK-2"), vec![tracked("BACK-2")]).await,
        ["BACK-2"]
    );
    let gone = ReturnEvent::NoShow {
        number: 1,
        missing: Vec::new(),
    };
    assert_eq!(say(Event::Return(gone), Vec::new()).await, [""; 0]);
}
