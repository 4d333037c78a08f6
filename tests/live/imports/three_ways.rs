//! The same sale by webhook, by poll and by file, in every order of coming: one order with one id, which is
//! lived once if it was alive when it was first heard of, and never if a file told of it as over.

use serde_json::{Value, json};

use super::count;
use super::files::File;
use super::{ids_of, verdicts, words_of};
use crate::support::checker;
use crate::support::doubles::woo::{Woo, now};
use crate::support::journey;
use crate::support::operator::Operator;
use crate::support::patience::{AFTER_A_CRASH, until};
use crate::support::world::World;

/// Sales by the ways in which they come, the first way first: `w`ebhook, `p`oll, `f`ile.
const SALES: [(u32, &str); 6] = [
    (41, "wpf"),
    (42, "wfp"),
    (43, "pwf"),
    (44, "pfw"),
    (45, "fwp"),
    (46, "fpw"),
];

/// Sales that were alive when the hub heard of them first.
const ALIVE: [u32; 4] = [41, 42, 43, 44];

/// The shop's export of a sale, which says that it is over.
fn row(id: u32) -> String {
    format!(
        "{id},completed,20.00,EUR,2026-11-20 09:00:00,own_card,\
         id:{id}0|name:A mug|sku:MUG|quantity:1|subtotal:20.00|total:20.00|total_tax:0"
    )
}

/// Imports a file with a sale; its verdict, and the order's id.
fn import(world: &World, id: u32) -> (String, String) {
    let heading =
        "order_id,status,order_total,order_currency,date,payment_method,line_items".to_owned();
    let file = File::of(&[heading, row(id)]);
    let line = format!(
        "import woocommerce-csv {} --channel woo -o json",
        file.path()
    );
    let told = verdicts(&Operator::of(world).run(&line).expect(0));
    (words_of(&told)[0].to_owned(), ids_of(&told)[0].to_owned())
}

/// The one order of a sale; `None` while there is none.
async fn known(world: &World, id: u32) -> Option<String> {
    let known = checker::orders_with(&world.audit, "woo", &id.to_string()).await;
    assert!(known.len() <= 1, "{id} is {known:?}");
    known.into_iter().next()
}

/// The shop has all sales, changed now, and has been asked for them since the hub began.
async fn poll(world: &mut World, shop: &Woo) {
    let now = now();
    shop.has(&SALES.map(|(id, _)| shop.order(id, &now)));
    world.hub.kill();
    world.hub.start().await;
    // The cursor moves once everything of a page is on disk.
    until("all sales were asked for", AFTER_A_CRASH, || async {
        let cursor = sqlx::query_scalar::<_, String>(
            "select cursor from orderhub_check.poll_cursors where source = 'sales/woo'",
        );
        let cursor = cursor.fetch_optional(&world.audit).await.unwrap();
        cursor.filter(|cursor| cursor.as_str() >= now.as_str())
    })
    .await;
}

/// A sale comes in one way; the order's id.
async fn come(way: char, world: &World, shop: &Woo, id: u32) -> String {
    let before = known(world, id).await;
    match way {
        'w' => shop.push(&world.api, &shop.order(id, &now())).await,
        'f' => {
            let (verdict, named) = import(world, id);
            let expected = if before.is_some() {
                "exists"
            } else {
                "imported"
            };
            assert_eq!(verdict, expected, "{id}");
            assert_eq!(Some(named), known(world, id).await);
        }
        // It came with all others.
        _ => {}
    }
    let after = known(world, id).await.expect("it is an order");
    assert!(before.is_none_or(|before| before == after), "{id}");
    after
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_sale_by_webhook_poll_and_file_is_one_order_in_any_order_of_coming() {
    let shop = Woo::start().await;
    let mut world = World::start_under(&shop.section()).await;
    world.api.count("BER1", "MUG", 10).await;
    until("the shop is asked after a start", AFTER_A_CRASH, || async {
        (shop.asked() > 0).then_some(())
    })
    .await;

    // Each way at its turn; what is polled comes with a kill, as the shop is asked at a start.
    for (id, ways) in SALES {
        for way in ways.chars().take_while(|way| *way != 'p') {
            come(way, &world, &shop, id).await;
        }
    }
    poll(&mut world, &shop).await;
    for (id, ways) in SALES {
        for way in ways.chars().skip_while(|way| *way != 'p') {
            come(way, &world, &shop, id).await;
        }
    }
    let mut ids = Vec::new();
    for (id, _) in SALES {
        ids.push(known(&world, id).await.expect("an order"));
    }

    // What lives is shipped once, and its buyer is told once.
    let mut tracked = Vec::new();
    for (id, order) in ALIVE.into_iter().zip(&ids) {
        let tracking = journey::ship(&world.api, order).await;
        tracked.push((id, order.clone(), tracking));
    }
    for (_, order, _) in &tracked {
        until("the shop has heard of it", AFTER_A_CRASH, || async {
            let told = checker::events_of(&world.audit, order, "order.channel_notified").await;
            (told == 1).then_some(())
        })
        .await;
    }
    nothing_twice(&world, &shop, &tracked).await;

    // Everything again, after another kill: by poll, by webhook and by file.
    poll(&mut world, &shop).await;
    for (place, (id, _)) in SALES.into_iter().enumerate() {
        for way in ['w', 'f', 'w'] {
            assert_eq!(come(way, &world, &shop, id).await, ids[place]);
        }
    }
    nothing_twice(&world, &shop, &tracked).await;
    for id in &ids[ALIVE.len()..] {
        let shown = world.api.order(id).await;
        let over = (&shown["stage"], &shown["history"]["end"]);
        assert_eq!(over, (&json!("closed"), &json!("completed")));
        assert_eq!(
            checker::events_of(&world.audit, id, "order.imported").await,
            1
        );
    }
    checker::always(&world.audit).await;
}

/// One order a sale; each living one has its money and its shipment once, and the others nothing.
async fn nothing_twice(world: &World, shop: &Woo, tracked: &[(u32, String, String)]) {
    assert_eq!(checker::orders(&world.audit).await, 6);
    let counters = checker::counters(&world.audit, "BER1", "MUG").await;
    assert_eq!(counters, (6, 0, 0), "four units left, once");
    assert!(world.stripe.book().is_empty(), "the shop had the money");
    let labels = world.easypost.labels().len();
    assert_eq!(labels, tracked.len());
    for (id, order, tracking) in tracked {
        let imported = checker::events_of(&world.audit, order, "order.imported").await;
        assert_eq!(imported, 0, "{id}");
        let shown = world.api.order(order).await;
        assert_eq!(shown["payment"]["captured"], "20.00", "{id}");
        let notes = shop.notes_of(*id);
        assert_eq!(notes.len(), 1, "{notes:?}");
        assert!(notes[0].contains(tracking), "{notes:?}");
        let completed = json!({ "status": "completed" });
        let changes = shop.changes_of(*id);
        let ends = changes.iter().filter(|change| **change == completed);
        assert_eq!(ends.count(), 1, "{changes:?}");
    }
    for (id, _) in SALES.into_iter().filter(|(id, _)| !ALIVE.contains(id)) {
        let told: Vec<Value> = shop.changes_of(id);
        assert_eq!((shop.notes_of(id), told), (Vec::new(), Vec::new()));
    }
    let booked = count(
        world,
        "select count(distinct order_id) from orderhub_check.money_ledger",
    );
    assert_eq!(booked.await, 4);
}
