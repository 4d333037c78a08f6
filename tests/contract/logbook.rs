//! Logbooks: what was said is written with what it is about, and known to the next writer.

use orderhub_actors::ports::StockAppended;
use orderhub_domain::stock::{Availability, FeedMark, FeedRefusal, StockCommand};

use super::World;
use super::stock::{Place, commit, count, reserve, some_order, stored};

fn tell() -> StockCommand {
    let skus = vec!["SKU-1".into()];
    StockCommand::TellAvailability { skus }
}

pub(crate) async fn what_was_said_is_read_as_it_was_written(world: &impl World) {
    let mut node = world.node("a").await;
    let mut place = Place::claimed(&node, "BER1").await;
    for command in [count(9), tell(), reserve(some_order(), 3), tell()] {
        let append = place.decide(&command);
        assert_eq!(commit(&mut node, append).await, StockAppended::Committed);
        assert_eq!(stored(&node, &place).await, place.stock, "{command:?}");
    }
    let known = place.stock.told[&"SKU-1".into()];
    let (version, units) = (2, 6);
    assert_eq!(known, Availability { version, units });

    // Two words in one statement: the last one holds.
    let both = [count(4), tell(), count(5), tell()].map(|command| place.decide(&command));
    let answers = node.stock_lane.commit(&both).await;
    assert_eq!(answers, vec![StockAppended::Committed; 4]);
    let read = stored(&node, &place).await;
    assert_eq!(
        (read.told[&"SKU-1".into()].version, &read),
        (4, &place.stock)
    );
}

pub(crate) async fn an_entry_whose_name_is_there_does_no_harm(world: &impl World) {
    let mut node = world.node("a").await;
    let mut place = Place::claimed(&node, "BER1").await;
    let refused = StockCommand::RefuseFeed {
        source: "erp".into(),
        mark: FeedMark {
            sequence: 3,
            digest: "other lines".into(),
        },
        lines: 1,
        why: FeedRefusal::SequenceReused,
    };
    let append = place.decide(&refused);
    assert_eq!(commit(&mut node, append).await, StockAppended::Committed);
    // Again alone, and twice in one batch: what comes with it is written.
    let append = place.decide(&refused);
    assert_eq!(commit(&mut node, append).await, StockAppended::Committed);
    let mut other = refused.clone();
    if let StockCommand::RefuseFeed { mark, .. } = &mut other {
        mark.sequence = 4;
    }
    let batch = [other.clone(), count(4), other].map(|command| place.decide(&command));
    let answers = node.stock_lane.commit(&batch).await;
    assert_eq!(answers, vec![StockAppended::Committed; 3]);
    assert_eq!(stored(&node, &place).await, place.stock);
}
