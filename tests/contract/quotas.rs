//! Quotas: what counts against them is written with the holds that count.

use orderhub_actors::ports::StockAppended;
use orderhub_domain::ids::ChannelId;
use orderhub_domain::stock::{QuotaChange, StockCommand};
use uuid::Uuid;

use super::World;
use super::stock::{Place, commit, count, reserve, some_order, stored};

fn set(units: Option<i64>) -> StockCommand {
    StockCommand::SetQuota(QuotaChange {
        sku: "SKU-1".into(),
        channel: ChannelId(Uuid::nil()),
        units,
        expected: None,
        by: "operator:anna".into(),
        reason: "scarce".into(),
    })
}

pub(crate) async fn a_quota_is_read_as_it_was_written(world: &impl World) {
    let mut node = world.node("a").await;
    let mut place = Place::claimed(&node, "BER1").await;
    for command in [count(9), set(Some(4)), reserve(some_order(), 3)] {
        let append = place.decide(&command);
        assert_eq!(commit(&mut node, append).await, StockAppended::Committed);
        assert_eq!(stored(&node, &place).await, place.stock, "{command:?}");
    }
    let known = place.stock.quota(&"SKU-1".into(), ChannelId(Uuid::nil()));
    assert_eq!((known.units, known.reserved, known.rev), (Some(4), 3, 1));

    // Several settings in one statement: the last one holds.
    let both = [set(Some(7)), set(None)].map(|command| place.decide(&command));
    let answers = node.stock_lane.commit(&both).await;
    assert_eq!(answers, vec![StockAppended::Committed; 2]);
    let read = stored(&node, &place).await;
    assert_eq!(read, place.stock);
    let known = read.quota(&"SKU-1".into(), ChannelId(Uuid::nil()));
    assert_eq!((known.units, known.reserved, known.rev), (None, 0, 3));
}
