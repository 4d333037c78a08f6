//! Files of made-up orders: each is the order that could have been posted, and whatever is wrong is named by
//! its row and column.

use std::fmt::Write as _;

use orderhub_domain::canonical::CaptureMode;
use orderhub_domain::ids::Slug;
use serde_json::{Value, json};

use super::columns::all;
use super::{Refused, Sheet, SheetOrder};
use crate::canonical::canonical_hash;
use crate::sales::direct::{OrderError, ParsedOrder, parse};

const ORDERS: &str = include_str!("../fixtures/orders.csv");
const ORDER: &str = include_str!("../fixtures/order.json");
const PAGE: &str = include_str!("../../../../docs/connectors/direct.md");

/// Every order of a file that comes in pieces of so many bytes.
fn in_pieces(file: &[u8], piece: usize, channel: Option<Slug>) -> Vec<SheetOrder> {
    let mut sheet = Sheet::new(channel, 2);
    let mut found = Vec::new();
    for bytes in file.chunks(piece) {
        sheet.push(bytes);
        while let Some(order) = sheet.next_order().expect("a heading") {
            found.push(order);
        }
    }
    sheet.end();
    while let Some(order) = sheet.next_order().expect("a heading") {
        found.push(order);
    }
    found
}

fn orders(file: &str) -> Vec<SheetOrder> {
    in_pieces(file.as_bytes(), 1_000, None)
}

fn judged(order: &SheetOrder) -> Result<ParsedOrder, OrderError> {
    let gateways = |slug: &Slug| (slug.as_str() == "stripe-eu").then_some(CaptureMode::Once);
    let body = order.body.as_ref().expect("a body");
    parse(body, &gateways)
}

/// What is wrong with an order: `row pointer code`.
fn faults(order: &SheetOrder) -> Vec<String> {
    let faults = match &order.body {
        Err(Refused::Faults(faults)) => faults.clone(),
        Err(Refused::TooLarge) => return vec!["too large".to_owned()],
        Ok(_) => match judged(order) {
            Ok(_) => return Vec::new(),
            Err(OrderError::Invalid(found)) => {
                let faults = found.iter().map(|violation| order.fault(violation));
                faults.collect()
            }
            Err(other) => panic!("{other}"),
        },
    };
    let line = |fault: &super::Fault| {
        let violation = &fault.violation;
        assert!(!violation.hint.is_empty());
        format!("{} {} {}", fault.row, violation.pointer, violation.code)
    };
    faults.iter().map(line).collect()
}

/// A file with these columns changed in the order of its first row.
fn changed(changes: &[(&str, &str)]) -> String {
    let mut rows = ORDERS.lines();
    let (heading, row) = (rows.next().expect("a heading"), rows.next().expect("a row"));
    let mut titles: Vec<&str> = heading.split(',').collect();
    let mut cells: Vec<&str> = row.split(',').collect();
    for (title, text) in changes {
        if let Some(place) = titles.iter().position(|known| known == title) {
            cells[place] = text;
        } else {
            titles.push(title);
            cells.push(text);
        }
    }
    format!("{}\n{}\n", titles.join(","), cells.join(","))
}

fn of_changed(changes: &[(&str, &str)]) -> Vec<String> {
    faults(&orders(&changed(changes))[0])
}

#[test]
fn a_file_says_what_the_posted_order_says_and_has_its_hash() {
    let mut posted: Value = serde_json::from_str(ORDER).expect("JSON");
    posted["attributes"] = json!({ "gift": "yes" });
    posted["shipping"] = json!([{ "title": "Standard", "amount": "4.99" }]);
    for empty in ["bill_to", "discounts", "fees"] {
        posted.as_object_mut().expect("an object").remove(empty);
    }
    let order = &orders(ORDERS)[0];
    let body = order.body.as_ref().expect("a body");
    assert_eq!(serde_json::from_slice::<Value>(body).expect("JSON"), posted);
    let hash = canonical_hash(posted.to_string().as_bytes()).expect("a hash");
    assert_eq!(judged(order).expect("an order").body_hash, hash);
}

#[test]
fn rows_with_one_name_are_the_lines_of_one_order() {
    let found = orders(ORDERS);
    let rows: Vec<_> = found.iter().map(|one| (one.row, one.last_row)).collect();
    assert_eq!(rows, [(2, 2), (3, 4)]);
    assert_eq!(found[1].external_id.as_deref(), Some("9007199254740993"));
    let order = judged(&found[1]).expect("an order");
    let draft = &order.submission.draft;
    assert_eq!(draft.external_id, "9007199254740993");
    assert_eq!(draft.lines[0].title, "A \"big\" mug\nfor two 😀");
    assert_eq!(draft.lines[1].external_id, "11");
    assert_eq!(draft.totals().grand.amount().to_string(), "35.00");
    let ship_to = order.submission.private.ship_to.expect("an address");
    assert_eq!(ship_to.lines, ["Chausseestr. 1", "Hof 2, links"]);
}

#[test]
fn separators_marks_and_ends_of_lines_do_not_matter_nor_how_the_bytes_come() {
    let plain = orders(ORDERS);
    let bodies = |orders: &[SheetOrder]| -> Vec<_> {
        orders.iter().map(|order| order.body.clone()).collect()
    };
    // No text of the file has a semicolon, and the only comma of a text stands in quotes.
    let other = ORDERS.replace("Hof 2, links", "Hof 2\u{0} links");
    let other = other.replace(',', ";").replace('\u{0}', ",");
    let other = other
        .replace("big\"\" mug\n", "big\"\" mug\u{0}")
        .replace('\n', "\r\n");
    let other = format!("\u{feff}{}", other.replace('\u{0}', "\n"));
    for piece in [1, 5, 64, 10_000] {
        assert_eq!(
            bodies(&in_pieces(ORDERS.as_bytes(), piece, None)),
            bodies(&plain)
        );
        assert_eq!(
            bodies(&in_pieces(other.as_bytes(), piece, None)),
            bodies(&plain)
        );
    }
}

#[test]
fn what_is_wrong_is_named_by_row_and_column() {
    assert_eq!(of_changed(&[]), Vec::<String>::new());
    for (column, text, fault) in [
        ("line.quantity", "", "2 /line.quantity required"),
        ("line.quantity", "two", "2 /line.quantity bad_decimal"),
        (
            "line.unit_price",
            "\"19.99 \"",
            "2 /line.unit_price bad_decimal",
        ),
        ("ship_to.lines.1", "", "2 /ship_to.lines.1 required"),
        (
            "ship_to.country",
            "XX",
            "2 /ship_to.country unknown_country",
        ),
        ("placed_at", "20.11.2026", "2 /placed_at bad_time"),
        ("currency", "", "2 /currency required"),
        ("test", "maybe", "2 /test wrong_type"),
        ("line.weight_g", "0.4", "2 /line.weight_g not_a_count"),
        (
            "payment.gateway",
            "other",
            "2 /payment.gateway unknown_gateway",
        ),
        (
            "payment.reference",
            "x",
            "2 /payment.reference unknown_field",
        ),
        ("stated_total", "41.00", "2 /stated_total total_mismatch"),
        ("line.taxes.1.amount", "", "2 /line.taxes.1.amount required"),
        (
            "line.title",
            "4242 4242 4242 4242",
            "2 /line.title card_data_not_allowed",
        ),
        (
            "attributes.a/b",
            "4242424242424242",
            "2 /attributes.a~1b card_data_not_allowed",
        ),
        ("external_id", "", "2 /external_id required"),
        (
            "line.external_id",
            "9.00719E+15",
            "2 /line.external_id bad_id",
        ),
    ] {
        assert_eq!(of_changed(&[(column, text)]), [fault], "{column} = {text}");
    }
    let none = ["payment.terms", "payment.gateway", "payment.token"].map(|column| (column, ""));
    assert_eq!(of_changed(&none), ["2 /payment.terms required"]);
    // The third tax has a fault, the second is not there: it is named as the file names it.
    let gap = [
        ("line.taxes.3.name", "GST"),
        ("line.taxes.3.amount", "much"),
    ];
    assert_eq!(of_changed(&gap), ["2 /line.taxes.3.amount bad_decimal"]);
}

#[test]
fn decimal_commas_are_refused_with_a_word_on_how_to_write_them() {
    let order = &orders(&changed(&[("line.unit_price", "\"19,99\"")]))[0];
    assert_eq!(faults(order), ["2 /line.unit_price bad_decimal"]);
    let Err(OrderError::Invalid(found)) = judged(order) else {
        panic!("it is taken");
    };
    let hint = order.fault(&found[0]).violation.hint;
    assert!(hint.contains("a point before the decimals"), "{hint}");
    // Without quotes it is one cell more than there are columns.
    assert_eq!(
        of_changed(&[("line.unit_price", "19,99")]),
        ["2  wrong_cells"]
    );
}

#[test]
fn rows_of_an_order_may_not_contradict_each_other() {
    let file = ORDERS.replace(",35.00,,11,", ",36.00,,11,");
    let found = orders(&file);
    assert_eq!(faults(&found[0]), Vec::<String>::new());
    assert_eq!(faults(&found[1]), ["4 /stated_total rows_differ"]);
    // A fault of the second line is one of the second row.
    let file = ORDERS.replace(",Cup,3,", ",Cup,0,");
    assert_eq!(faults(&orders(&file)[1]), ["4 /line.quantity not_positive"]);
}

#[test]
fn a_channel_of_the_file_fills_in_and_does_not_overrule() {
    let of_file = |changes: &[(&str, &str)]| {
        let file = changed(changes);
        in_pieces(file.as_bytes(), 100, Some("web".into())).remove(0)
    };
    let order = of_file(&[("channel", "")]);
    assert_eq!(judged(&order).expect("an order").channel.as_str(), "web");
    assert_eq!(faults(&of_file(&[])), Vec::<String>::new());
    assert_eq!(
        faults(&of_file(&[("channel", "other")])),
        ["2 /channel other_channel"]
    );
}

#[test]
fn an_empty_postcode_is_one_where_the_file_has_its_column() {
    let order = &orders(&changed(&[("ship_to.postcode", "")]))[0];
    let order = judged(order).expect("an order");
    let ship_to = order.submission.private.ship_to.expect("an address");
    assert_eq!(ship_to.postcode.as_deref(), Some(""));
    let without = changed(&[]).replace("ship_to.postcode", "attributes.code");
    assert_eq!(
        faults(&orders(&without)[0]),
        ["2 /ship_to.postcode required"]
    );
}

#[test]
fn a_heading_with_columns_that_no_order_has_is_refused_as_a_whole() {
    let refused = |heading: &str| {
        let mut sheet = Sheet::new(None, 2);
        sheet.push(format!("{heading}\nW-1\n").as_bytes());
        sheet.end();
        let found = sheet.next_order().expect_err("it is taken");
        let words = found
            .iter()
            .map(|one| format!("{} {}", one.pointer, one.code));
        (words.collect::<Vec<_>>(), found[0].hint.clone())
    };
    let (found, hint) = refused("external_id,ship_to.street,line.taxes.0.name,colour");
    let expected = [
        "/ship_to.street unknown_field",
        "/line.taxes.0.name unknown_field",
        "/colour unknown_field",
    ];
    assert_eq!(found, expected);
    assert!(hint.contains("ship_to.lines.1"), "{hint}");
    assert_eq!(
        refused("external_id,number,number").0,
        ["/number duplicate"]
    );
    assert_eq!(refused("external_id,,number").0, [" required"]);
    assert_eq!(refused("number").0, ["/external_id required"]);
    assert_eq!(refused("external_id,\"number").0, [" unclosed_quote"]);
    assert_eq!(
        refused("external_id,attributes.").0,
        ["/attributes. unknown_field"]
    );
    assert_eq!(refused("external_id,ship_to").0, ["/ship_to unknown_field"]);
}

#[test]
fn broken_rows_lose_nothing_else() {
    let (heading, row) = ("external_id,number", "W-1,1");
    let long = "x".repeat(1024 * 1024 + 1);
    let file = format!("{heading}\n{row}\nW-2\nW-3,{long}\nW-4,4\nW-5,\"5\nW-6,6\n");
    let found = orders(&file);
    let told: Vec<_> = found
        .iter()
        .map(|order| (order.row, order.external_id.as_deref().unwrap_or_default()))
        .collect();
    assert_eq!(
        told,
        [(2, "W-1"), (3, "W-2"), (4, "W-3"), (5, "W-4"), (6, "W-5")]
    );
    assert!(found[0].body.is_ok() && found[3].body.is_ok());
    assert_eq!(faults(&found[1]), ["3  wrong_cells"]);
    assert_eq!(faults(&found[2]), ["too large"]);
    assert_eq!(faults(&found[4]), ["6  unclosed_quote"]);
    let latin = b"external_id,number\nW-1,M\xfcller\nW-2,2\n";
    let found = in_pieces(latin, 7, None);
    assert_eq!(faults(&found[0]), ["2 /number not_utf8"]);
    assert!(found[1].body.is_ok());
}

#[test]
fn an_order_of_many_rows_is_held_in_bounded_memory() {
    let note = "y".repeat(600);
    let mut file = "external_id,line.title\n".to_owned();
    for _ in 0..4_000 {
        writeln!(file, "W-1,{note}").expect("written");
    }
    file.push_str("W-2,Cup\n");
    let found = in_pieces(file.as_bytes(), 4_096, None);
    let rows: Vec<_> = found.iter().map(|one| (one.row, one.last_row)).collect();
    assert_eq!(rows, [(2, 4_001), (4_002, 4_002)]);
    assert_eq!(faults(&found[0]), ["too large"]);
    assert!(found[1].body.is_ok());
}

#[test]
fn the_page_of_the_channel_names_every_column() {
    let listed = |title: &String| PAGE.contains(&format!("`{title}`"));
    let missing: Vec<_> = all().into_iter().filter(|title| !listed(title)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn no_bytes_break_the_reader() {
    let mut noise: u64 = 0x9e37_79b9_7f4a_7c15;
    for _ in 0..2_000 {
        let mut bytes = ORDERS.as_bytes().to_vec();
        for _ in 0..4 {
            noise ^= noise << 13;
            noise ^= noise >> 7;
            noise ^= noise << 17;
            let at = usize::try_from(noise % bytes.len() as u64).expect("an index");
            bytes[at] = noise.to_be_bytes()[0];
        }
        let mut sheet = Sheet::new(None, 2);
        sheet.push(&bytes);
        sheet.end();
        while let Ok(Some(order)) = sheet.next_order() {
            assert!(order.row <= order.last_row);
            drop(faults(&order));
        }
    }
}
