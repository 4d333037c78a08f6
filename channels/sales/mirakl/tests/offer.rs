//! Files of stock against a stand-in marketplace that works them off and reports what it did not take.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;
use wiremock::matchers::header;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use super::super::offer::{Offers, Pace};
use super::super::rest::Rest;
use super::settings;
use crate::port::CallError;
use crate::sales::told::not_offered;
use crate::sales::{Offered, StockWay, connect};

/// A marketplace where the shop offers `OWN-MUG` and `OWN-CARD`, and takes no more than 99 units.
#[derive(Default)]
struct Book {
    units: BTreeMap<String, String>,
    /// Each file's lines.
    files: Vec<Vec<String>>,
    /// The last file's lines that were not taken.
    report: Vec<String>,
    /// How often a file is still worked off when it is asked after.
    busy: u32,
    /// SKUs of offers that were asked for.
    asked: Vec<String>,
    /// Answers this to files, and takes none.
    refuse: Option<ResponseTemplate>,
    /// Takes the next file and answers this.
    lose: Option<ResponseTemplate>,
    failed: bool,
    /// Answers this to questions after the report.
    away: Option<ResponseTemplate>,
    warehouse: &'static str,
}

#[derive(Clone, Default)]
struct Market(Arc<Mutex<Book>>);

impl Book {
    fn take(&mut self, form: &str) {
        let (_, rest) = form.split_once("\r\n\r\n").expect("a part");
        let (file, end) = rest.split_once("\r\n--").expect("an end");
        assert!(end.ends_with("--\r\n"), "{end}");
        let mut lines = file.lines();
        let columns = lines.next();
        assert_eq!(
            columns,
            Some("\"offer-sku\";\"quantity\";\"warehouse-code\";\"update-delete\"")
        );
        self.report.clear();
        for (nth, line) in lines.clone().enumerate() {
            let fields: Vec<_> = line
                .split(';')
                .map(|field| field.trim_matches('"'))
                .collect();
            let [sku, units, warehouse, "update"] = fields[..] else {
                panic!("another line: {line}");
            };
            assert_eq!(warehouse, self.warehouse);
            let why = if !matches!(sku, "OWN-MUG" | "OWN-CARD") {
                format!("No offer {sku}")
            } else if units.len() > 2 {
                "Too many".to_owned()
            } else {
                self.units.insert(sku.to_owned(), units.to_owned());
                continue;
            };
            self.report
                .push(format!("\"{}\";\"{why}\";{line}", nth + 2));
        }
        self.files.push(lines.map(str::to_owned).collect());
    }

    fn status(&mut self) -> ResponseTemplate {
        let status = match self.busy {
            0 if self.failed => "FAILED",
            0 => "COMPLETE",
            _ => "RUNNING",
        };
        self.busy = self.busy.saturating_sub(1);
        let report = !self.report.is_empty();
        ResponseTemplate::new(200).set_body_json(json!({ "import_id": "77", "shop_id": 2042,
            "date_created": "2026-03-01T12:00:00Z", "status": status, "has_error_report": report }))
    }
}

impl Respond for Market {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let mut book = self.book();
        let path = request.url.path().trim_start_matches("/api/offers");
        match path {
            "/stock/imports" => {
                if let Some(refused) = &book.refuse {
                    return refused.clone();
                }
                let kind = request.headers["content-type"].to_str().expect("text");
                let between = kind.strip_prefix("multipart/form-data; boundary=");
                let form = std::str::from_utf8(&request.body).expect("text");
                assert!(form.starts_with(&format!("--{}\r\n", between.expect("a form"))));
                book.take(form);
                let taken = ResponseTemplate::new(201).set_body_json(json!({ "import_id": "77" }));
                book.lose.take().unwrap_or(taken)
            }
            "/stock/imports/77/status" => book.status(),
            "/stock/imports/77/error_report" => {
                let columns = "\"line-number\";\"error-message\";\"offer-sku\";\"quantity\";\"warehouse-code\";\"update-delete\"";
                let report = format!("{columns}\n{}\n", book.report.join("\n"));
                let report = ResponseTemplate::new(200).set_body_string(report);
                book.away.clone().unwrap_or(report)
            }
            _ => {
                assert_eq!(path, "");
                let sku = request.url.query_pairs().next().expect("a SKU").1;
                book.asked.push(sku.as_ref().to_owned());
                let offers = match sku.as_ref() {
                    known @ ("OWN-MUG" | "OWN-CARD") => json!([{ "shop_sku": known }]),
                    _ => json!([]),
                };
                let listed = json!({ "offers": offers, "total_count": 1 });
                ResponseTemplate::new(200).set_body_json(listed)
            }
        }
    }
}

impl Market {
    async fn serve(&self) -> (MockServer, Offers) {
        let server = MockServer::start().await;
        Mock::given(header("authorization", "own-api-key"))
            .respond_with(self.clone())
            .mount(&server)
            .await;
        let rest = Rest::open(&settings(&server.uri())).expect("a door");
        let pace = Pace {
            gather: Duration::from_millis(50),
            between: Duration::ZERO,
            look: Duration::ZERO,
        };
        let warehouse = self.book().warehouse;
        let warehouse = (!warehouse.is_empty()).then(|| warehouse.to_owned());
        (server, Offers::new(rest.into(), warehouse, pace))
    }

    fn book(&self) -> std::sync::MutexGuard<'_, Book> {
        self.0.lock().expect("a lock")
    }
}

async fn offer(offers: &Offers, sku: &str, units: i64) -> Result<Offered, CallError> {
    offers.offer(&sku.into(), units, "key-1").await
}

#[test]
fn a_marketplace_is_told_of_many_at_once() {
    let market = connect("mirakl", &settings("https://own-instance.example.com"));
    let market = market.expect("a connection");
    let manner = market.stock_way().expect("a way").manner();
    assert!(manner.at_once > 100 && manner.patience > Duration::from_mins(5));
}

#[tokio::test]
async fn numbers_that_wait_go_in_one_file_and_each_hears_what_became_of_it() {
    let market = Market::default();
    market.book().busy = 2;
    let (_server, offers) = market.serve().await;
    let told = [
        ("OWN-MUG", 4),
        ("OWN-CARD", 100),
        ("NONE", 1),
        ("NEVER", -1),
    ];
    let told = told.map(|(sku, units)| offer(&offers, sku, units));
    let expected = [
        Ok(Offered::Set),
        Ok(not_offered("not_taken")),
        Ok(Offered::NotSold),
        Ok(Offered::NotSold),
    ];
    assert_eq!(join_all(told).await, expected);
    let book = market.book();
    assert_eq!(book.files.len(), 1);
    assert_eq!(book.files[0].len(), 4);
    assert!(book.files[0].contains(&"\"NEVER\";\"0\";\"\";\"update\"".to_owned()));
    assert_eq!(book.units["OWN-MUG"], "4");
    // One of each reason is looked into.
    assert_eq!(book.asked, ["NEVER", "OWN-CARD"]);
}

#[tokio::test]
async fn a_number_that_comes_while_a_file_is_worked_off_goes_with_the_next() {
    let market = Market::default();
    market.book().warehouse = "W1";
    let (_server, offers) = market.serve().await;
    for units in [4, 4, 0] {
        assert_eq!(offer(&offers, "OWN-MUG", units).await, Ok(Offered::Set));
    }
    let book = market.book();
    let units: Vec<_> = book.files.iter().map(|file| file[0].as_str()).collect();
    let line = |units: u32| format!("\"OWN-MUG\";\"{units}\";\"W1\";\"update\"");
    assert_eq!(units, [line(4), line(4), line(0)]);
}

#[tokio::test]
async fn a_number_nobody_waits_for_any_more_is_not_told() {
    let market = Market::default();
    let (_server, offers) = market.serve().await;
    let gone = offer(&offers, "OWN-CARD", 4);
    assert!(tokio::time::timeout(Duration::ZERO, gone).await.is_err());
    assert_eq!(offer(&offers, "OWN-MUG", 4).await, Ok(Offered::Set));
    let book = market.book();
    assert_eq!(book.files, [["\"OWN-MUG\";\"4\";\"\";\"update\""]]);
}

#[tokio::test]
async fn a_file_that_was_not_taken_or_failed_is_told_again() {
    let market = Market::default();
    let (_server, offers) = market.serve().await;
    for refused in [
        ResponseTemplate::new(400),
        ResponseTemplate::new(401),
        ResponseTemplate::new(429).insert_header("retry-after", "7"),
    ] {
        market.book().refuse = Some(refused.clone());
        let answer = offer(&offers, "OWN-MUG", 4).await;
        assert!(
            matches!(answer, Err(CallError::NotDone { .. })),
            "{refused:?}: {answer:?}"
        );
    }
    assert!(market.book().files.is_empty());
    market.book().refuse = None;
    market.book().failed = true;
    let failed = offer(&offers, "OWN-MUG", 4).await;
    let is_well = matches!(failed, Err(CallError::NotDone { well: true, .. }));
    assert!(is_well, "{failed:?}");
}

#[tokio::test]
async fn a_file_of_which_nothing_is_heard_may_have_been_taken() {
    let market = Market::default();
    let (_server, offers) = market.serve().await;
    for lost in [
        ResponseTemplate::new(502),
        ResponseTemplate::new(201).set_body_string("<html>"),
        ResponseTemplate::new(201).set_body_json(json!({ "import_id": "../1" })),
    ] {
        market.book().lose = Some(lost.clone());
        let answer = offer(&offers, "OWN-MUG", 4).await;
        assert!(
            matches!(answer, Err(CallError::Unknown { .. })),
            "{lost:?}: {answer:?}"
        );
    }
    market.book().busy = u32::MAX;
    let endless = offer(&offers, "OWN-MUG", 4).await;
    let is_well = matches!(endless, Err(CallError::Unknown { well: true, .. }));
    assert!(is_well, "{endless:?}");
}

#[tokio::test]
async fn a_report_that_cannot_be_had_leaves_its_numbers_to_the_next_file() {
    let market = Market::default();
    let (_server, offers) = market.serve().await;
    for away in [
        ResponseTemplate::new(503),
        ResponseTemplate::new(200).set_body_string("<html>"),
    ] {
        market.book().away = Some(away.clone());
        let answer = offer(&offers, "NONE", 4).await;
        assert!(
            matches!(answer, Err(CallError::NotDone { .. })),
            "{away:?}: {answer:?}"
        );
    }
    market.book().away = None;
    assert_eq!(offer(&offers, "NONE", 4).await, Ok(Offered::NotSold));
}
