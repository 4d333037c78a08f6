//! A hub in a simulated world: shop, gateway, carrier and staff are processes of the same binary,
//! and things go wrong on every way. In the end the hub's record and their books say the same.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use rust_decimal::Decimal;
use serde_json::Value;
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use tempfile::TempDir;

use crate::postgres::Cluster;
use crate::support::api::Api;
use crate::support::checker;
use crate::support::doubles::easypost::fulfilment_prefix;
use crate::support::doubles::{easypost, shop, stripe};
use crate::support::hub::{Hub, Setup, free_port};
use crate::support::patience::{SOON, until};
use crate::support::shopify;
use crate::support::sim::Sim;

/// Enough for a day in a simulated world on a slow and busy machine.
const A_DAY: Duration = Duration::from_mins(4);

const SKUS: &str = "SKU-1,SKU-2,SKU-3,SKU-4,SKU-5";

/// A hub and the simulated world around it.
struct Town {
    gateway: Sim,
    carrier: Sim,
    shop: Sim,
    warehouse: Sim,
    hub: Hub,
    api: Api,
    audit: PgPool,
    folder: TempDir,
    shop_words: String,
}

impl Town {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        let (http, pay, post, sell) = (free_port(), free_port(), free_port(), free_port());
        let setup = Setup {
            database_url: Cluster::shared().empty_database().await,
            http_port: http,
            stripe_url: format!("http://127.0.0.1:{pay}"),
            stripe_key: stripe::API_KEY.to_owned(),
            easypost_url: format!("http://127.0.0.1:{post}"),
            locations: vec!["BER1".to_owned(), "HAM1".to_owned()],
            shop_url: Some(format!("http://127.0.0.1:{sell}")),
            nats_url: None,
            policy: String::new(),
        };
        let mut hub = Hub::prepare(&setup);
        let key = hub.make_key("staff", "ops:act,inventory:write");
        let at = |port: u16| format!("--addr 127.0.0.1:{port} --faults some --seed 7");
        let book = |kind: &str| format!("--book {}", path.join(kind).display());
        let hook =
            |family: &str| format!("--webhook-url http://127.0.0.1:{http}/v1/hooks/{family}");
        let gateway = format!(
            "{} {} {} --api-key {} --webhook-secret {}",
            at(pay),
            book("gateway"),
            hook("payments/stripe-eu"),
            stripe::API_KEY,
            stripe::WEBHOOK_SECRET
        );
        let carrier = format!(
            "{} {} {} --api-key {} --webhook-secret {} --speed 3600",
            at(post),
            book("carrier"),
            hook("carriers/easypost"),
            easypost::API_KEY,
            easypost::WEBHOOK_SECRET
        );
        let shop_words = format!(
            "{} {} --hub http://127.0.0.1:{http} --slug shop-de --skus {SKUS} --secret {} \
             --access-token {}",
            at(sell),
            book("shop"),
            shopify::SECRET,
            shop::ACCESS_TOKEN
        );
        let warehouse = format!(
            "--hub http://127.0.0.1:{http} --key {key} --locations BER1,HAM1 --skus {SKUS} \
             --speed 3600 --seed 7"
        );
        let shop = format!("{shop_words} --rate 3");
        // They wait for the hub, whoever is started first.
        let (gateway, carrier, shop, warehouse) = (
            Sim::start(path, "gateway", &gateway),
            Sim::start(path, "carrier", &carrier),
            Sim::start(path, "shop", &shop),
            Sim::start(path, "warehouse", &warehouse),
        );
        hub.start().await;
        let audit = PgPoolOptions::new()
            .max_connections(2)
            .connect(&setup.database_url)
            .await
            .unwrap();
        Self {
            gateway,
            carrier,
            shop,
            warehouse,
            api: hub.api(),
            hub,
            audit,
            folder,
            shop_words,
        }
    }

    /// The lines of a book without its heading.
    fn book(&self, kind: &str) -> Vec<Value> {
        let text = std::fs::read_to_string(self.folder.path().join(kind)).unwrap();
        // The last line may be being written.
        let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
        let lines = whole.lines().skip(1);
        lines
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// What the gateway carried out, in order: what, for which order, how much in cents.
    fn payments(&self) -> Vec<(String, String, i64)> {
        let book = self.book("gateway");
        let applied = book.iter().filter_map(|line| line.get("applied"));
        let applied = applied.map(|done| {
            let text = |name: &str| done[name].as_str().unwrap().to_owned();
            (text("did"), text("order"), done["amount"].as_i64().unwrap())
        });
        applied.collect()
    }

    /// Orders whose money is set aside and neither taken nor released.
    fn held(&self) -> BTreeSet<String> {
        let mut held = BTreeSet::new();
        for (did, order, _) in self.payments() {
            match did.as_str() {
                "authorized" => held.insert(order),
                _ => held.remove(&order),
            };
        }
        held
    }

    /// The shop closes, and opens again without selling anything to speak of: it only tells what is
    /// left to tell, and listens.
    async fn close_the_shop(&mut self) {
        assert!(self.shop.terminate().await.success());
        let words = format!("{} --rate 0.001", self.shop_words);
        self.shop = Sim::start(self.folder.path(), "shop", &words);
    }

    /// Waits until nothing is under way but what waits for a person.
    async fn rest(&self) {
        until("the world comes to rest", A_DAY, || async {
            let rests = checker::is_at_rest(&self.audit, &self.api).await;
            rests.then_some(())
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_in_a_simulated_world_ends_with_books_that_agree() {
    let mut town = Town::start().await;
    until("orders come and go", A_DAY, || async {
        let completed = checker::orders_in(&town.audit, &["completed"]).await;
        let cancelled = checker::orders_in(&town.audit, &["cancelled"]).await;
        (completed >= 10 && cancelled >= 2 && town.held().len() >= 3).then_some(())
    })
    .await;
    let (held, before) = (town.held(), town.payments().len());
    town.gateway.crash();
    until("the gateway goes on", A_DAY, || async {
        (town.payments().len() > before + 10).then_some(())
    })
    .await;
    town.close_the_shop().await;
    town.rest().await;

    let later = &town.payments()[before..];
    let mut later = later.iter();
    assert!(
        later.any(|(_, order, _)| held.contains(order)),
        "no payment from before the crash was ended after it"
    );
    checker::versions_have_no_gap(&town.audit).await;
    checker::an_external_id_has_one_order(&town.audit).await;
    checker::ledgers_have_no_gap(&town.audit).await;
    checker::nothing_was_promised_that_was_not_there(&town.audit).await;
    checker::counters_are_the_sum_of_the_ledger(&town.audit).await;
    checker::money_entries_add_up_to_zero(&town.audit).await;
    checker::cash_is_what_was_captured_less_what_was_refunded(&town.audit).await;
    checker::no_effect_is_open_longer_than(&town.audit, Duration::from_mins(1)).await;
    checker::ended_orders_hold_nothing(&town.audit).await;
    money_agrees(&town).await;
    labels_agree(&town).await;
    the_shop_knows(&town);
    assert!(town.gateway.terminate().await.success());
    assert!(town.carrier.terminate().await.success());
    assert!(town.shop.terminate().await.success());
    assert!(town.warehouse.terminate().await.success());
    assert!(town.hub.terminate().await.success());
}

/// What the hub says was taken and given back at the gateway is what the gateway took and gave.
async fn money_agrees(town: &Town) {
    let mut sums: BTreeMap<String, BTreeMap<String, (u32, i64)>> = BTreeMap::new();
    for (did, order, amount) in town.payments() {
        let sum = sums.entry(order).or_default().entry(did).or_default();
        *sum = (sum.0 + 1, sum.1 + amount);
    }
    let rows: Vec<(String, Decimal, Decimal)> =
        sqlx::query_as("select order_id, captured, refunded from orderhub_check.orders")
            .fetch_all(&town.audit)
            .await
            .unwrap();
    let rows: BTreeMap<_, _> = rows
        .into_iter()
        .map(|row| (row.0, (row.1, row.2)))
        .collect();
    let mut taken = BTreeSet::new();
    for (order, sums) in &sums {
        let of = |did: &str| sums.get(did).copied().unwrap_or_default();
        let known = rows.get(order);
        let (captured, refunded) = known.unwrap_or_else(|| panic!("nobody has {order}"));
        assert!(
            of("authorized").0 <= 1,
            "{order} is authorised more than once"
        );
        assert!(of("captured").0 <= 1, "{order} is captured more than once");
        if of("authorized").0 > 0 {
            assert_eq!(
                *captured,
                Decimal::new(of("captured").1, 2),
                "{order} captured"
            );
            assert_eq!(
                *refunded,
                Decimal::new(of("refunded").1, 2),
                "{order} refunded"
            );
        }
        if of("captured").0 > 0 {
            taken.insert(order.clone());
        }
    }
    let asked: Vec<String> = sqlx::query_scalar(
        "select distinct order_id from orderhub_check.events where kind = 'payment.captured'
         and order_id in (select order_id from orderhub_check.events
                          where kind = 'payment.capture_requested')",
    )
    .fetch_all(&town.audit)
    .await
    .unwrap();
    assert!(asked.len() > 3, "only {} captures", asked.len());
    for order in asked {
        assert!(
            taken.contains(&order),
            "the gateway captured nothing for {order}"
        );
    }
}

/// The hub's labels are the carrier's labels, and no fulfilment has two that count.
async fn labels_agree(town: &Town) {
    let mut bought: BTreeMap<String, Value> = BTreeMap::new();
    for line in town.book("carrier") {
        for kind in ["bought", "given_back"] {
            if let Some(shipment) = line.get(kind) {
                let id = shipment["id"].as_str().unwrap().to_owned();
                bought.insert(id, shipment.clone());
            }
        }
    }
    let mut valid = BTreeSet::new();
    for shipment in bought.values() {
        if shipment["label"]["given_back"] == false {
            let reference = shipment["reference"].as_str().unwrap();
            assert!(valid.insert(reference), "two labels for {reference}");
        }
    }
    let rows: Vec<(String, i64)> = sqlx::query_as(
        "select order_id, count(*) filter (where kind = 'shipment.label_bought')
         from orderhub_check.events group by order_id",
    )
    .fetch_all(&town.audit)
    .await
    .unwrap();
    let mut recorded = 0;
    for (order, count) in &rows {
        let prefix = fulfilment_prefix(order);
        let of_order = bought
            .values()
            .filter(|shipment| shipment["reference"].as_str().unwrap().starts_with(&prefix));
        assert_eq!(
            *count,
            i64::try_from(of_order.count()).unwrap(),
            "labels of {order}"
        );
        recorded += count;
    }
    assert_eq!(recorded, i64::try_from(bought.len()).unwrap());
}

/// The shop noted shipments with the carrier's tracking codes, each unit at most once.
fn the_shop_knows(town: &Town) {
    let mut orders: BTreeMap<u64, Value> = BTreeMap::new();
    for line in town.book("shop") {
        for kind in ["sold", "shipped", "cancelled"] {
            if let Some(order) = line.get(kind) {
                orders.insert(order["id"].as_u64().unwrap(), order.clone());
            }
        }
    }
    let mut codes = BTreeSet::new();
    for order in orders.values() {
        let mut shipped = 0;
        for shipment in order["shipments"].as_array().unwrap() {
            codes.insert(shipment["tracking"].as_str().unwrap().to_owned());
            let units = shipment["units"].as_array().unwrap().iter();
            shipped += units.map(|unit| unit[1].as_u64().unwrap()).sum::<u64>();
        }
        let lines = order["basket"]["lines"].as_array().unwrap().iter();
        let sold: u64 = lines.map(|line| line["quantity"].as_u64().unwrap()).sum();
        assert!(shipped <= sold, "{order}");
    }
    assert!(
        codes.len() >= 10,
        "the shop knows of {} parcels",
        codes.len()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_taken_address_is_told_in_one_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let words = format!(
        "--addr {address} --webhook-url http://127.0.0.1:9/ --webhook-secret s3 --api-key k3"
    );
    for kind in ["gateway", "carrier"] {
        let mut sim = Sim::start(folder.path(), kind, &words);
        assert_eq!(sim.ended().await.code(), Some(3), "{kind}");
        let told = format!("error: the address {address} cannot be used");
        assert!(sim.said().contains(&told), "{}", sim.said());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_simulator_waits_for_a_hub_that_is_not_there_and_ends_when_it_is_told_to() {
    let folder = tempfile::tempdir().unwrap();
    let hub = format!("http://127.0.0.1:{}", free_port());
    let shop = format!("--hub {hub} --slug shop-de --secret s3 --skus SKU-1");
    let staff = format!("--hub {hub} --key ohk_none");
    for (kind, words) in [("shop", shop), ("warehouse", staff)] {
        let mut sim = Sim::start(folder.path(), kind, &words);
        until("it says that it waits", SOON, || async {
            sim.said().contains("it is waited for").then_some(())
        })
        .await;
        assert!(sim.terminate().await.success(), "{kind}");
        assert_eq!(sim.said().matches("it is waited for").count(), 1, "{kind}");
    }
}
