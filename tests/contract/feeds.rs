//! Stock feeds: what a message books and that it was taken are written together, and once.

use orderhub_actors::ports::StockAppended;
use orderhub_domain::stock::{FeedMark, FeedRow, Level, StockCommand, Taken};

use super::World;
use super::fixture::at;
use super::stock::{Place, commit, stored};

fn message(sequence: i64, says: &[(&str, Level)]) -> StockCommand {
    let rows = says.iter().map(|(sku, says)| FeedRow {
        sku: (*sku).into(),
        says: *says,
    });
    StockCommand::Feed {
        source: "erp".into(),
        mark: FeedMark {
            sequence,
            digest: format!("{says:?}"),
        },
        rows: rows.collect(),
        gap: None,
        unpicked: Vec::new(),
    }
}

pub(crate) async fn a_message_is_read_as_it_was_written_and_booked_once(world: &impl World) {
    let mut node = world.node("a").await;
    let mut place = Place::claimed(&node, "BER1").await;
    let mut stale = place.stock.clone();
    let first = message(3, &[("A", Level::OnHand(4)), ("B", Level::Delta(2))]);
    let append = place.decide(&first);
    assert_eq!(commit(&mut node, append).await, StockAppended::Committed);
    assert_eq!(stored(&node, &place).await, place.stock);

    // A message that changes no count is remembered all the same.
    let append = place.decide(&message(4, &[("A", Level::OnHand(4))]));
    assert!(append.change.ledger.is_empty());
    assert_eq!(commit(&mut node, append).await, StockAppended::Committed);
    let read = stored(&node, &place).await;
    assert_eq!(read, place.stock);
    let again = read.decide(&message(4, &[("A", Level::OnHand(4))]), None, at(0));
    assert_eq!(again.taken, Taken::Repeated);

    // Whoever has forgotten that it was taken cannot book it again, even at the ledger's true end.
    stale.seq = read.seq;
    let change = stale.decide(&first, None, at(0)).change;
    assert_eq!(change.ledger.len(), 2);
    let append = place.append(change);
    assert_eq!(commit(&mut node, append).await, StockAppended::Conflict);
    assert_eq!(stored(&node, &place).await, place.stock);

    // A receipt may have the name that a message's row has: they are apart.
    let receipt = StockCommand::Receive {
        sku: "A".into(),
        reference: "erp/3".into(),
        quantity: 5,
        inbound: None,
    };
    let name = [("A".into(), "erp/3".into())];
    let known = node.book.receipts(&"BER1".into(), &name).await;
    assert_eq!(known.expect("read"), []);
    let append = place.decide(&receipt);
    assert_eq!(commit(&mut node, append).await, StockAppended::Committed);
}
