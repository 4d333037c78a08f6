//! Payout files: read in, looked through, and decided about by people.

use std::collections::BTreeMap;
use std::sync::Mutex;

use jiff::Timestamp;
use orderhub_actors::api::HubApi;
use orderhub_channels::settlement::FileFormat;
use orderhub_domain::ids::OrderId;
use orderhub_domain::money::{Currency, Money};
use orderhub_domain::order::{ChannelFact, Fact};
use serde_json::Value;

use super::*;
use crate::settlement::{
    KeptLine, LineFilter, Page, Payer, PayoutFile, Payouts, Resolution, Source, Unreconciled,
    UnreconciledFilter, UnreconciledPage, UnreconciledPlace,
};

/// Files and lines in memory.
#[derive(Default)]
pub(super) struct Kept {
    files: Mutex<BTreeMap<Uuid, PayoutFile>>,
    lines: Mutex<BTreeMap<Uuid, (Uuid, KeptLine)>>,
}

/// A gateway with a format of its own, and a channel without.
pub(super) fn payers() -> BTreeMap<Slug, Payer> {
    let payer = |slug: &str, format, channel| Payer {
        source: Source {
            slug: slug.into(),
            channel,
        },
        format,
    };
    let stripe = Some(FileFormat::StripeBalance);
    BTreeMap::from([
        ("stripe-eu".into(), payer("stripe-eu", stripe, None)),
        ("web".into(), payer("web", None, Some(channel_id("web")))),
    ])
}

#[async_trait]
impl Payouts for Kept {
    async fn keep_lines(&self, file: Uuid, lines: &[KeptLine]) -> Result<(), Unavailable> {
        let mut kept = self.lines.lock().expect("a lock");
        for line in lines {
            let mut line = line.clone();
            line.resolution = kept
                .get(&line.id)
                .and_then(|(_, known)| known.resolution.clone());
            kept.insert(line.id, (file, line));
        }
        Ok(())
    }

    async fn begin_file(&self, file: &PayoutFile) -> Result<Uuid, Unavailable> {
        let mut files = self.files.lock().expect("a lock");
        let same = |known: &&PayoutFile| known.source == file.source && known.sha256 == file.sha256;
        if let Some(known) = files.values().find(same) {
            return Ok(known.id);
        }
        files.insert(file.id, file.clone());
        Ok(file.id)
    }

    async fn finish_file(&self, file: &PayoutFile) -> Result<(), Unavailable> {
        let mut files = self.files.lock().expect("a lock");
        files.insert(file.id, file.clone());
        Ok(())
    }

    async fn files(
        &self,
        _after: Option<Uuid>,
        _limit: u16,
    ) -> Result<Page<PayoutFile>, Unavailable> {
        let files = self.files.lock().expect("a lock");
        Ok((files.values().rev().cloned().collect(), None))
    }

    async fn lines(&self, filter: &LineFilter) -> Result<Page<KeptLine>, Unavailable> {
        let lines = self.lines.lock().expect("a lock");
        let wanted = |line: &&KeptLine| {
            filter.id.is_none_or(|id| id == line.id)
                && filter
                    .verdict
                    .as_ref()
                    .is_none_or(|verdict| *verdict == line.verdict)
                && (!filter.open || (line.verdict != "matched" && line.resolution.is_none()))
        };
        let found = lines.values().map(|(_, line)| line).filter(wanted);
        Ok((found.cloned().collect(), None))
    }

    async fn resolve(
        &self,
        line: Uuid,
        resolution: &Resolution,
    ) -> Result<Option<KeptLine>, Unavailable> {
        let mut lines = self.lines.lock().expect("a lock");
        let open = lines
            .get_mut(&line)
            .filter(|(_, line)| line.verdict != "matched");
        Ok(open.map(|(_, line)| {
            line.resolution = Some(resolution.clone());
            line.clone()
        }))
    }

    async fn unreconciled(
        &self,
        filter: &UnreconciledFilter,
    ) -> Result<UnreconciledPage, Unavailable> {
        let after = filter.after.map_or(0, |place| place.version);
        let wanted = |capture: &Unreconciled| {
            filter.sources.contains(&capture.source)
                && capture.place.version > after
                && filter
                    .before
                    .is_none_or(|at| capture.place.captured_at < at)
        };
        let mut found: Vec<_> = captures().into_iter().filter(wanted).collect();
        let more = found.len() > usize::from(filter.limit);
        found.truncate(filter.limit.into());
        let next = found.last().filter(|_| more).map(|last| last.place);
        Ok((found, next))
    }
}

/// An old capture and a new one of the gateway, and one of a channel that pays out in no file.
fn captures() -> Vec<Unreconciled> {
    let euro = Currency::from_code("EUR").expect("a currency");
    let amount = Money::from_minor(1999, euro).expect("an amount");
    let capture = |version, source: &str, captured_at| Unreconciled {
        place: UnreconciledPlace {
            captured_at,
            order: OrderId::from_uuid(Uuid::nil()),
            tender: 1,
            version,
        },
        source: source.into(),
        reference: Some(format!("pi_{version}")),
        captured: amount,
        open: amount,
    };
    vec![
        capture(1, "stripe-eu", Timestamp::UNIX_EPOCH),
        capture(2, "stripe-eu", Timestamp::now()),
        capture(3, "web", Timestamp::UNIX_EPOCH),
    ]
}

/// Posts a file.
async fn send(world: &World, path: &str, file: &str) -> Answer {
    world
        .ask(Ask::post(path, file).header("content-type", "text/csv"))
        .await
}

/// An order that is paid before it comes, over 40.97.
async fn prepaid(world: &World) -> String {
    let mut body: Value = serde_json::from_str(&order("W-1")).expect("an order");
    body["payment"] = serde_json::json!({ "terms": "prepaid" });
    let answer = world.ask(Ask::post("/v1/orders", body.to_string())).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    let id = answer.json()["id"].as_str().expect("an id").to_owned();
    let paid = Fact::Channel(ChannelFact::Paid { reference: None });
    let order = id.parse().expect("an id");
    world
        .hub
        .report(order, "channel:web", paid)
        .await
        .expect("applied");
    id
}

const HEADING: &str = "id,Type,Source,Amount,Fee,Net,Currency,order_id (metadata)";

#[tokio::test]
async fn a_file_closes_its_sums_and_what_does_not_fit_is_listed_until_somebody_decides() {
    let world = world().await;
    let id = prepaid(&world).await;
    let sheet = world
        .ask(Ask::get(&format!("/v1/orders/{id}")))
        .await
        .json();
    let total = sheet["totals"]["grand"]
        .as_str()
        .expect("a total")
        .to_owned();
    let file = format!(
        "{HEADING}\n\
         txn_1,charge,ch_1,{total},1.00,{net},eur,{id}\n\
         txn_2,charge,ch_2,5.00,0.10,4.90,eur,\n\
         txn_3,refund,re_1,-7.00,0.00,-7.00,eur,{id}\n\
         txn_4,stripe_fee,,-2.00,0.00,-2.00,eur,\n",
        net = net(&total),
    );
    let path = "/v1/settlements/web?format=stripe_balance";
    let answer = send(&world, path, &file).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let read = answer.json();
    assert_eq!(read["lines"], 4);
    let sums = &read["totals"][0];
    assert_eq!(
        (&sums["matched"], &sums["variance"], &sums["unknown"]),
        (&Value::from(total), &"-7.00".into(), &"3.00".into())
    );
    let open = world
        .ask(Ask::get("/v1/settlements/lines?open=true"))
        .await
        .json();
    let open = open["data"].as_array().expect("lines").clone();
    assert_eq!(open.len(), 3);
    let refund = open
        .iter()
        .find(|line| line["line"] == "txn_3")
        .expect("the refund");
    assert_eq!(
        (&refund["reason"], &refund["order"]),
        (&"not_known".into(), &Value::from(id.as_str()))
    );
    let again = send(&world, path, &file).await.json();
    assert_eq!(
        (&again["id"], &again["totals"]),
        (&read["id"], &read["totals"])
    );
    let log = world
        .ask(Ask::get(&format!("/v1/orders/{id}/timeline")))
        .await
        .json();
    let log = log
        .as_array()
        .cloned()
        .or_else(|| log["data"].as_array().cloned());
    let reconciled = log.expect("a timeline");
    let reconciled = reconciled
        .iter()
        .filter(|entry| entry["kind"] == "payment.reconciled");
    assert_eq!(reconciled.count(), 1, "a repeat settles nothing twice");

    let refund = refund["id"].as_str().expect("an id");
    let act = format!("/v1/settlements/lines/{refund}/actions/write-off");
    let reason = r#"{"reason":"it was paid back by hand"}"#;
    let written = world.ask(Ask::post(&act, reason)).await;
    assert_eq!(written.status, 200, "{written:?}");
    assert_eq!(written.json()["resolution"]["resolution"], "written_off");
    let timeline = world
        .ask(Ask::get(&format!("/v1/orders/{id}/timeline")))
        .await
        .json();
    let entries = timeline["data"].as_array().or(timeline.as_array());
    let decided = |entry: &&Value| entry["kind"] == "payment.variance_written_off";
    let decided = entries.expect("entries").iter().find(decided);
    let decided = decided.expect("the order's log has it");
    assert_eq!(decided["actor"], "operator:tests");
    let open = world
        .ask(Ask::get("/v1/settlements/lines?open=true"))
        .await
        .json();
    assert_eq!(open["data"].as_array().map(Vec::len), Some(2));
    let matched = world
        .ask(Ask::get("/v1/settlements/lines?verdict=matched"))
        .await
        .json();
    let matched = matched["data"][0]["id"].as_str().expect("an id").to_owned();
    let act = format!("/v1/settlements/lines/{matched}/actions/resolve");
    let refused = world.ask(Ask::post(&act, reason)).await;
    assert_eq!(
        (refused.status, refused.problem().as_str()),
        (409, "nothing_to_resolve")
    );
}

fn net(total: &str) -> String {
    let total: rust_decimal::Decimal = total.parse().expect("a number");
    (total - rust_decimal::Decimal::ONE).to_string()
}

#[tokio::test]
async fn a_file_that_cannot_be_read_changes_nothing_and_says_which_line() {
    let world = world().await;
    let file = format!("{HEADING}\ntxn_1,charge,ch_1,ten,0.00,10.00,eur,\n");
    for (path, file, status, code) in [
        (
            "/v1/settlements/stripe-eu",
            file.as_str(),
            422,
            "unreadable_file",
        ),
        ("/v1/settlements/stripe-eu", "", 400, "empty_body"),
        ("/v1/settlements/nobody", file.as_str(), 404, "not_found"),
        ("/v1/settlements/web", file.as_str(), 422, "unknown_format"),
        (
            "/v1/settlements/web?format=mt940",
            file.as_str(),
            422,
            "unknown_format",
        ),
        (
            "/v1/settlements/web?vat=no",
            file.as_str(),
            422,
            "invalid_query",
        ),
    ] {
        let answer = send(&world, path, file).await;
        assert_eq!(
            (answer.status, answer.problem().as_str()),
            (status, code),
            "{path}"
        );
    }
    let answer = send(&world, "/v1/settlements/stripe-eu", &file).await;
    let detail = answer.json()["detail"]
        .as_str()
        .expect("a detail")
        .to_owned();
    assert!(detail.contains("line 1: amount \"ten\""), "{detail}");
    let kept = world.ask(Ask::get("/v1/settlements")).await.json();
    assert_eq!(kept["data"].as_array().map(Vec::len), Some(0));
}

#[tokio::test]
async fn money_that_no_payout_names_is_listed_by_gateway_and_age() {
    let world = world().await;
    let path = "/v1/settlements/unreconciled";
    for (query, references) in [
        ("", "pi_1 pi_2"),
        ("?gateway=stripe-eu", "pi_1 pi_2"),
        ("?older_than=14d", "pi_1"),
        ("?limit=1", "pi_1"),
    ] {
        let found = world.ask(Ask::get(&format!("{path}{query}"))).await.json();
        let data = found["data"].as_array().expect("rows").iter();
        let named: Vec<&str> = data.filter_map(|row| row["reference"].as_str()).collect();
        assert_eq!(named.join(" "), references, "{query}");
    }
    let first = world.ask(Ask::get(&format!("{path}?limit=1"))).await.json();
    let cursor = first["next_cursor"].as_str().expect("a second page");
    let second = format!("{path}?limit=1&cursor={cursor}");
    let second = world.ask(Ask::get(&second)).await.json();
    assert_eq!(second["data"][0]["reference"], "pi_2");
    assert_eq!(second["has_more"], false);
    for wrong in [
        "gateway=web",
        "gateway=nobody",
        "older_than=soon",
        "older_than=0d",
        "older_than=9223372036854775d",
        "cursor=x",
        "state=open",
    ] {
        let answer = world.ask(Ask::get(&format!("{path}?{wrong}"))).await;
        let refused = (answer.status, answer.problem());
        assert_eq!(refused, (422, "invalid_query".to_owned()), "{wrong}");
    }
}
