//! Pieces of a file say together what the file says, wherever they are cut.

use std::fmt::Write as _;

use super::super::{Piece, Pieces};
use super::*;

fn pieces(format: ImportFormat, file: &[u8]) -> Vec<Piece> {
    let pieces = Pieces::of(format, file).expect("a file of this format");
    pieces.map(|piece| piece.expect("a piece")).collect()
}

/// Reads every piece and puts the orders one behind the other.
fn read_in_pieces(format: ImportFormat, file: &[u8]) -> Vec<ReadOrder> {
    let pieces = pieces(format, file);
    let read = pieces.iter().flat_map(|piece| {
        let read = format.read(&piece.bytes, piece.first_row, &reading());
        read.expect("a piece is a file")
    });
    read.collect()
}

/// A file of Shopify's with so many orders of so many lines.
fn many(orders: usize, lines: usize) -> String {
    let mut file =
        "\u{feff}Name,Id,Financial Status,Fulfillment Status,Currency,Subtotal,Shipping,Taxes,\
                    Total,Created at,Lineitem quantity,Lineitem name,Lineitem price,Notes\n"
            .to_owned();
    for order in 0..orders {
        let total = 2 * lines;
        for line in 0..lines {
            if line == 0 {
                let id = 9_007_199_254_740_993_u64 + order as u64;
                write!(
                    file,
                    "#{order},{id},paid,fulfilled,EUR,{total}.00,0.00,0.00,{total}.00,\
                     2024-03-01 10:00:00 +0100,2,\"Item, \"\"{line}\"\" 😀\",1.00,\"two\nlines, \"\"quoted\"\"\"\n"
                )
            } else {
                writeln!(file, "#{order},,,,,,,,,,2,Item {line},1.00,")
            }
            .expect("a text");
        }
    }
    file
}

#[test]
fn pieces_say_together_what_the_file_says() {
    for (format, file) in [
        (ImportFormat::ShopifyCsv, SHOPIFY.to_owned()),
        (ImportFormat::WooCommerceCsv, WOOCOMMERCE.to_owned()),
        (ImportFormat::WooCommerceCsv, WOOCOMMERCE_ROWS.to_owned()),
        (ImportFormat::Ndjson, NDJSON.to_owned()),
        (ImportFormat::ShopifyCsv, many(1_203, 2)),
        (ImportFormat::Ndjson, NDJSON.repeat(120)),
    ] {
        let whole = read(format, &file);
        assert_eq!(read_in_pieces(format, file.as_bytes()), whole);
    }
}

#[test]
fn a_long_file_comes_in_several_pieces_of_whole_orders() {
    let file = many(1_203, 2);
    let pieces = pieces(ImportFormat::ShopifyCsv, file.as_bytes());
    assert_eq!(pieces.iter().map(|piece| piece.rows).sum::<u64>(), 2_406);
    assert!(pieces.len() > 2);
    let firsts: Vec<u64> = pieces.iter().map(|piece| piece.first_row).collect();
    assert_eq!(firsts, [2, 1_002, 2_002]);
    assert_eq!(
        pieces.last().map(|piece| piece.read),
        Some(file.len() as u64)
    );
    let read = read_in_pieces(ImportFormat::ShopifyCsv, file.as_bytes());
    assert!(
        read.iter()
            .all(|order| order.order.is_ok() && order.last_row == order.row + 1)
    );
}

#[test]
fn five_hundred_lines_are_one_order_and_more_than_a_thousand_none() {
    let file = many(2, 500);
    let read_long = read(ImportFormat::ShopifyCsv, &file);
    assert_eq!(read_long.len(), 2);
    let order = past(&read_long, "9007199254740994");
    assert_eq!(order.submission.draft.lines.len(), 500);
    assert_eq!(total(&order.submission.draft), "1000.00");
    assert_eq!(order.submission.draft.lines[0].title, "Item, \"0\" 😀");
    let long = read(ImportFormat::ShopifyCsv, &many(1, 1_001));
    assert_eq!(faults(&long, 2), ["2  too_long"]);
}

#[test]
fn the_same_rows_have_the_same_hash_and_others_another() {
    let one = read(ImportFormat::ShopifyCsv, SHOPIFY);
    let again = read_in_pieces(ImportFormat::ShopifyCsv, SHOPIFY.as_bytes());
    let changed = read(ImportFormat::ShopifyCsv, &SHOPIFY.replacen("Mug", "Cup", 1));
    let hash = |orders: &[ReadOrder]| past(orders, "9007199254740993").body_hash;
    assert_eq!(hash(&one), hash(&again));
    assert_ne!(hash(&one), hash(&changed));
}

#[test]
fn no_bytes_break_the_readers() {
    let mut noise: u64 = 0x9e37_79b9_7f4a_7c15;
    for format in ImportFormat::ALL {
        let file = match format {
            ImportFormat::ShopifyCsv => SHOPIFY,
            ImportFormat::WooCommerceCsv => WOOCOMMERCE,
            ImportFormat::Ndjson => NDJSON,
        };
        for _ in 0..400 {
            let mut bytes = file.as_bytes().to_vec();
            for _ in 0..4 {
                noise ^= noise << 13;
                noise ^= noise >> 7;
                noise ^= noise << 17;
                let at = usize::try_from(noise % bytes.len() as u64).expect("an index");
                bytes[at] = noise.to_be_bytes()[0];
            }
            let first_row = 2;
            if let Ok(orders) = format.read(&bytes, first_row, &reading()) {
                for order in orders {
                    assert!(order.row <= order.last_row);
                    assert!(
                        order.order.is_ok() || order.order.is_err_and(|faults| !faults.is_empty())
                    );
                }
            }
        }
    }
}
