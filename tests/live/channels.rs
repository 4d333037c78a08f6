//! A demo sells through one connector of each kind: web shops, a till, a marketplace and a social shop, sent
//! by staff and by a warehouse's own system. Things go wrong on every way, and the hub is killed. In the end
//! the books of those who sold and worked, and the hub's record, say the same.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use rust_decimal::Decimal;
use serde_json::Value;
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;

use crate::support::api::Api;
use crate::support::checker;
use crate::support::demo::Demo;
use crate::support::patience::until;

/// Enough for a day of the demo's world on a slow and busy machine.
const A_DAY: Duration = Duration::from_mins(6);

const SHOPS: [&str; 2] = ["shop-de", "shop-fr"];
const TILL: &str = "till-muc";
const MARKETPLACE: &str = "walmart-us";
const SOCIAL: &str = "tiktok-de";
const WMS: &str = "north";

struct Day {
    demo: Demo,
    api: Api,
    audit: PgPool,
}

impl Day {
    async fn begin(mut demo: Demo) -> Self {
        demo.start();
        let api = until("the demo answers", A_DAY, || async {
            let api = demo.api().await;
            let asked = api.request(reqwest::Method::GET, "/v1/orders?limit=1");
            let reply = Api::try_send(asked).await?;
            (reply.status == 200).then_some(api)
        })
        .await;
        let config: toml::Table = demo.kept("orderhub.toml").unwrap().parse().unwrap();
        let url = config["store"]["url"].as_str().unwrap();
        let audit = PgPoolOptions::new().max_connections(2).connect(url).await;
        Self {
            api,
            audit: audit.unwrap(),
            demo,
        }
    }

    /// The hub, its servers and its partners end without a word, and begin again with these words.
    async fn again(mut self, signal: &str, options: &'static [&'static str]) -> Self {
        self.audit.close().await;
        self.demo.signal(signal);
        self.demo.leaves_nothing().await;
        self.demo.options = options;
        Self::begin(self.demo).await
    }

    /// The lines of a book without its heading.
    fn book(&self, slug: &str) -> Vec<Value> {
        let text = self.demo.kept(&format!("{slug}.jsonl")).unwrap_or_default();
        // The last line may be being written.
        let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
        let lines = whole.lines().skip(1);
        lines
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// What a book has last of each thing, by the member that names it.
    fn last(&self, slug: &str, name: &str) -> Vec<Value> {
        let mut things = BTreeMap::new();
        for line in self.book(slug) {
            let thing = line.as_object().unwrap().values().next().unwrap();
            if let Some(id) = thing.get(name) {
                things.insert(id.to_string(), thing.clone());
            }
        }
        things.into_values().collect()
    }

    fn count(&self, slug: &str, is: impl Fn(&Value) -> bool) -> usize {
        self.book(slug).iter().filter(|line| is(line)).count()
    }

    async fn completed(&self, channel: &str) -> i64 {
        sqlx::query_scalar(
            "select count(*) from orderhub_check.orders where channel = $1 and stage = 'completed'",
        )
        .bind(channel)
        .fetch_one(&self.audit)
        .await
        .unwrap()
    }

    /// The hub's orders of a channel by the channel's ids, as the API shows them.
    async fn orders(&self, channel: &str) -> BTreeMap<String, Value> {
        let mut orders = BTreeMap::new();
        let mut cursor = String::new();
        loop {
            let path = format!("/v1/orders?limit=200&channel={channel}{cursor}");
            let page = self.api.get(&path).await.expect(200);
            for listed in page["data"].as_array().unwrap() {
                let order = self.api.order(listed["id"].as_str().unwrap()).await;
                let id = order["external_id"].as_str().unwrap().to_owned();
                orders.insert(id, order);
            }
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return orders,
            }
        }
    }
}

fn has_left(work: &Value) -> bool {
    work["shipped_at"].is_string()
}

fn handed_over(line: &Value) -> bool {
    line["moved"]["stage"] == "handed_over"
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_of_selling_through_one_connector_of_each_kind_ends_with_books_that_agree() {
    const BUSY: &[&str] = &["--rate", "240", "--speed", "20000", "--faults"];
    const QUIET: &[&str] = &["--rate", "0", "--speed", "20000"];
    let day = Day::begin(Demo::new(BUSY)).await;
    everybody_goes_on(&day, &BTreeMap::new()).await;
    let before = so_far(&day).await;
    let day = day.again("-KILL", BUSY).await;
    everybody_goes_on(&day, &before).await;
    // Nobody sells any more to speak of: what has begun comes to its end.
    let day = day.again("-INT", QUIET).await;
    every_sale_has_come(&day).await;
    what_was_brought_back_was_given_back(&day).await;
    until("the world comes to rest", A_DAY, || async {
        let rests = checker::is_at_rest(&day.audit, &day.api).await;
        rests.then_some(())
    })
    .await;

    checker::always(&day.audit).await;
    checker::ended_orders_hold_nothing(&day.audit).await;
    let found: Vec<(String, String, String)> =
        sqlx::query_as("select invariant, subject, detail from orderhub_check.findings")
            .fetch_all(&day.audit)
            .await
            .unwrap();
    assert!(found.is_empty(), "{found:?}");
    what_went_over_the_counter_is_done(&day).await;
    let tax = |cents: u64| cents * 8 / 100;
    what_was_sent_was_told(&day, MARKETPLACE, tax).await;
    what_was_sent_was_told(&day, SOCIAL, |_| 0).await;
    the_warehouses_work_agrees(&day).await;
}

/// What each seller has sold to its end and was told of, and what the other warehouse sent.
async fn so_far(day: &Day) -> BTreeMap<&'static str, usize> {
    let mut counts = BTreeMap::new();
    for channel in SHOPS.into_iter().chain([TILL, MARKETPLACE, SOCIAL]) {
        let completed = usize::try_from(day.completed(channel).await).unwrap();
        let told = day.count(channel, |line| line["shipped"].is_object());
        // Nothing comes back to a till.
        let told = if channel == TILL { completed } else { told };
        counts.insert(channel, completed.min(told));
    }
    counts.insert(WMS, day.count(WMS, handed_over));
    counts
}

/// Waits until all of them have gone on.
async fn everybody_goes_on(day: &Day, before: &BTreeMap<&'static str, usize>) {
    until(
        "everybody has sold and been told, or sent something",
        A_DAY,
        || async {
            let now = so_far(day).await;
            let goes_on = |(who, count): (&&str, &usize)| {
                *count >= before.get(*who).copied().unwrap_or_default() + 3
            };
            now.iter().all(goes_on).then_some(())
        },
    )
    .await;
}

/// Waits until the hub knows what was sold where it has to ask.
async fn every_sale_has_come(day: &Day) {
    for channel in [TILL, MARKETPLACE, SOCIAL] {
        let what = format!("every sale of {channel} is an order");
        until(&what, A_DAY, || async {
            let known: i64 =
                sqlx::query_scalar("select count(*) from orderhub_check.orders where channel = $1")
                    .bind(channel)
                    .fetch_one(&day.audit)
                    .await
                    .unwrap();
            let sold = i64::try_from(day.last(channel, "id").len()).unwrap();
            (known >= sold).then_some(())
        })
        .await;
    }
}

/// Waits until the hub knows what the till gave back, to the cent.
async fn what_was_brought_back_was_given_back(day: &Day) {
    let given = day.last(TILL, "id").into_iter();
    let given = given.filter(|sale| !sale["refund"].is_null());
    for sale in given {
        let id = format!("SIMORDER{}", sale["id"]);
        let wanted = cents(sale["refund"]["cents"].as_u64().unwrap());
        until(&format!("{wanted} of {id} are given back"), A_DAY, || async {
            let refunded: Option<Decimal> = sqlx::query_scalar(
                "select refunded from orderhub_check.orders where channel = $1 and external_id = $2",
            )
            .bind(TILL)
            .bind(&id)
            .fetch_optional(&day.audit)
            .await
            .unwrap();
            (refunded == Some(wanted)).then_some(())
        })
        .await;
    }
}

/// Every sale at the counter is a finished order at the hub, and no shelf was asked for it.
async fn what_went_over_the_counter_is_done(day: &Day) {
    let sales = day.last(TILL, "id");
    let orders = day.orders(TILL).await;
    for sale in &sales {
        let order = &orders[&format!("SIMORDER{}", sale["id"])];
        assert_eq!(order["stage"], "completed", "{order}");
        assert_eq!(
            money(&order["totals"]["grand"]),
            cents(goods(sale)),
            "{order}"
        );
        assert_eq!(order["fulfilments"].as_array().unwrap().len(), 0, "{order}");
        let paid = match sale["refund"]["cents"].as_u64() {
            None => "captured",
            Some(given) if given < goods(sale) => "part_refunded",
            Some(_) => "refunded",
        };
        assert_eq!(order["payment"]["status"], paid, "{order}");
    }
    let asked: i64 = sqlx::query_scalar(
        "select count(*) from orderhub_check.reservations where order_id in
             (select order_id from orderhub_check.orders where channel = $1)",
    )
    .bind(TILL)
    .fetch_one(&day.audit)
    .await
    .unwrap();
    assert_eq!(
        asked, 0,
        "something was set aside for what had gone already"
    );
}

/// What the channel sold is what the hub has; what the hub sent, the channel was told once, each parcel by its
/// number; what one cancelled, the other did. What a buyer changes may come too late, as everywhere: of that
/// only counts what the hub has followed.
async fn what_was_sent_was_told(day: &Day, channel: &str, tax: fn(u64) -> u64) {
    let sales = day.last(channel, "id");
    let orders = day.orders(channel).await;
    assert_eq!(orders.len(), sales.len(), "{channel}");
    let mut told = 0;
    for sale in &sales {
        let order = &orders[&sale["id"].to_string()];
        let lines = sale["lines"].as_array().unwrap().iter();
        let taxes: u64 = lines.map(|line| tax(net(line))).sum();
        let shipping = sale["shipping"].as_u64().unwrap();
        let total = goods(sale) + taxes + shipping + tax(shipping);
        let out = taken_out(sale);
        let less = out.map_or(0, |line| net(line) + tax(net(line)));
        let grand = money(&order["totals"]["grand"]);
        let followed = grand == cents(total - less);
        assert!(
            followed || (out.is_some() && grand == cents(total)),
            "{order}"
        );
        assert_eq!(order["holds"].as_array().unwrap().len(), 0, "{order}");
        let parcels = sale["parcels"].as_array().unwrap();
        let number = |of: &Value| of.as_str().unwrap_or_default().to_owned();
        let numbers = parcels.iter().map(|one| number(&one["tracking"]));
        let numbers: BTreeSet<String> = numbers.collect();
        assert_eq!(
            numbers.len(),
            parcels.len(),
            "a parcel was told twice: {sale}"
        );
        let work = order["fulfilments"].as_array().unwrap().iter();
        let left = work.filter(|work| has_left(work));
        let left: BTreeSet<String> = left.map(|work| number(&work["tracking_number"])).collect();
        let stage = order["stage"].as_str().unwrap();
        let over = ["cancelled", "rejected", "expired"].contains(&stage);
        let asked = !sale["asked_at"].is_null();
        if sale["cancelled"].is_null() && !asked && followed {
            assert_eq!(numbers, left, "{sale} {order}");
            assert!(!over, "{channel} was not told of an end: {sale} {order}");
            assert_eq!(stage, "completed", "{order}");
            let gone = out.map_or(0, |line| line["quantity"].as_u64().unwrap());
            assert_eq!(units_sent(sale), units_ordered(sale) - gone, "{sale}");
        } else if sale["cancelled"]["by_buyer"] == false {
            assert!(over, "{sale} {order}");
            assert!(left.is_empty(), "{sale} {order}");
        }
        told += numbers.len();
    }
    assert!(told >= 5, "{channel} was told of {told} parcels");
}

/// The work of the warehouse with a system of its own stands there as it stands at the hub.
async fn the_warehouses_work_agrees(day: &Day) {
    let mut at_the_hub = BTreeMap::new();
    for channel in SHOPS.into_iter().chain([MARKETPLACE, SOCIAL]) {
        for order in day.orders(channel).await.values() {
            for work in order["fulfilments"].as_array().unwrap() {
                if work["location"] == "HAM1" {
                    let id = work["id"].as_str().unwrap().to_owned();
                    at_the_hub.insert(id, work.clone());
                }
            }
        }
    }
    let jobs = day.last(WMS, "fulfilment");
    let mut sent = 0;
    for job in &jobs {
        let id = job["fulfilment"].as_str().unwrap();
        let work = at_the_hub.remove(id);
        let work = work.unwrap_or_else(|| panic!("the hub has no {id}"));
        let stage = job["stage"].as_str().unwrap();
        assert_eq!(stage == "handed_over", has_left(&work), "{job} {work}");
        if matches!(stage, "cancelled" | "rejected") {
            assert_eq!(work["stage"], stage, "{job} {work}");
        }
        sent += usize::from(stage == "handed_over");
    }
    for work in at_the_hub.values() {
        let stage = work["stage"].as_str().unwrap();
        let never = ["planned", "cancelled", "unanswered"].contains(&stage);
        assert!(never, "the warehouse was never asked for {work}");
    }
    assert!(sent >= 5, "{sent} pieces of work were sent");
}

fn net(line: &Value) -> u64 {
    let number = |name: &str| line[name].as_u64().unwrap();
    number("price") * number("quantity") - number("discount")
}

fn goods(sale: &Value) -> u64 {
    sale["lines"].as_array().unwrap().iter().map(net).sum()
}

/// The line that was taken out of a sale before it had left.
fn taken_out(sale: &Value) -> Option<&Value> {
    let place = sale["taken_out"].as_u64()?;
    sale["lines"].get(usize::try_from(place).ok()?.checked_sub(1)?)
}

fn units_ordered(sale: &Value) -> u64 {
    let lines = sale["lines"].as_array().unwrap().iter();
    lines.map(|line| line["quantity"].as_u64().unwrap()).sum()
}

fn units_sent(sale: &Value) -> u64 {
    let parcels = sale["parcels"].as_array().unwrap().iter();
    let units = parcels.flat_map(|parcel| parcel["units"].as_array().unwrap());
    units.map(|unit| unit[1].as_u64().unwrap()).sum()
}

fn cents(cents: u64) -> Decimal {
    Decimal::new(i64::try_from(cents).unwrap(), 2)
}

fn money(amount: &Value) -> Decimal {
    amount.as_str().unwrap().parse().unwrap()
}
