//! What is refused, with its row and its place, and that it takes nothing else with it.

use super::*;

#[test]
fn an_order_that_is_not_over_is_told_where_it_belongs() {
    let orders = read(ImportFormat::ShopifyCsv, SHOPIFY);
    let open = orders.iter().find(|order| order.row == 5).expect("row 5");
    let faults = open.order.clone().expect_err("it is not over");
    assert_eq!(faults[0].violation.code, "not_over");
    assert_eq!(faults[0].violation.pointer, "/Fulfillment Status");
    assert!(faults[0].violation.hint.contains("let the channel push it"));
    let orders = read(ImportFormat::WooCommerceCsv, WOOCOMMERCE);
    assert_eq!(self::faults(&orders, 4), ["4 /status not_over"]);
    assert_eq!(self::faults(&orders, 7), ["7 /status not_over"]);
    let orders = read(ImportFormat::Ndjson, NDJSON);
    assert_eq!(self::faults(&orders, 4), ["4 /history not_over"]);
}

#[test]
fn each_wrong_column_is_named_with_its_row() {
    let orders = read(ImportFormat::ShopifyCsv, SHOPIFY);
    assert_eq!(faults(&orders, 8), ["8 /Total total_mismatch"]);
    let mut found = faults(&orders, 9);
    found.sort();
    let expected = [
        "9 /Created at bad_time",
        "9 /Lineitem price bad_decimal",
        "9 /Lineitem quantity bad_decimal",
        "9 /Subtotal bad_decimal",
    ];
    assert_eq!(found, expected);
    assert_eq!(faults(&orders, 10), ["10 /Id bad_id"]);
    let orders = read(ImportFormat::WooCommerceCsv, WOOCOMMERCE);
    let found = faults(&orders, 6);
    assert_eq!(
        found,
        ["6 /line_items unreadable", "6 /status unknown_word"]
    );
}

#[test]
fn what_a_line_of_json_may_not_say_is_pointed_at() {
    let orders = read(ImportFormat::Ndjson, NDJSON);
    assert_eq!(faults(&orders, 5), ["5 /history/end unknown_word"]);
    assert_eq!(faults(&orders, 6), ["6  malformed_json"]);
    assert_eq!(faults(&orders, 7), ["7 /channel other_channel"]);
    let asks = faults(&orders, 8);
    assert!(
        asks.iter().any(|fault| fault.contains("/payment")),
        "{asks:?}"
    );
    assert_eq!(faults(&orders, 9), ["9 /history/refunded too_large"]);
    assert_eq!(
        faults(&orders, 10),
        ["10 /history/unshipped/0 no_such_line"]
    );
    let sound = orders.iter().filter(|order| order.order.is_ok());
    assert_eq!(sound.count(), 2);
}

#[test]
fn a_bad_row_loses_no_other() {
    let orders = read(ImportFormat::ShopifyCsv, SHOPIFY);
    let sound = orders.iter().filter(|order| order.order.is_ok());
    assert_eq!((orders.len(), sound.count()), (9, 5));
}

#[test]
fn a_card_number_and_bytes_that_are_no_text_are_refused_and_not_repeated() {
    let card = SHOPIFY.replacen("Please ring", "4242 4242 4242 4242", 1);
    let orders = read(ImportFormat::ShopifyCsv, &card);
    let refused = orders[0].order.clone().expect_err("a card number");
    assert_eq!(refused[0].violation.code, "card_data_not_allowed");
    assert!(!format!("{refused:?}").contains("4242"));
    let mut bytes = SHOPIFY.as_bytes().to_vec();
    let at = SHOPIFY.find("Lamp").expect("a lamp");
    bytes[at] = 0xff;
    let orders = ImportFormat::ShopifyCsv
        .read(&bytes, 2, &reading())
        .expect("a file");
    assert_eq!(faults(&orders, 4), ["4 /Lineitem name not_utf8"]);
    assert!(orders[0].order.is_ok());
}

#[test]
fn a_row_that_goes_on_without_its_beginning_is_told_so() {
    let mut lines = SHOPIFY.lines().map(str::to_owned).collect::<Vec<_>>();
    // Somebody sorted the file: the second row of the first order stands at its end.
    let strayed = lines
        .iter()
        .position(|line| line.contains("Gift wrap"))
        .expect("a row");
    let row = lines.remove(strayed);
    lines.push(row);
    let orders = read(ImportFormat::ShopifyCsv, &(lines.join("\n") + "\n"));
    let last = orders.last().expect("an order");
    let refused = last.order.clone().expect_err("it has no first row");
    assert_eq!(refused[0].violation.pointer, "/Id");
    assert!(refused[0].violation.hint.contains("stand together"));
}

#[test]
fn another_file_is_no_file_of_the_format() {
    let woo = ImportFormat::ShopifyCsv.read(WOOCOMMERCE.as_bytes(), 2, &reading());
    let broken = woo.expect_err("it is another format");
    assert!(broken.0.contains("no column Name"), "{broken}");
    assert!(ImportFormat::ShopifyCsv.read(b"", 2, &reading()).is_err());
    assert!(ImportFormat::ShopifyCsv.suits("direct"));
    assert!(!ImportFormat::ShopifyCsv.suits("woocommerce"));
}
