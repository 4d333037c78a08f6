//! Every channel's notices and offers are measured alike.

use async_trait::async_trait;
use orderhub_domain::ids::Sku;
use orderhub_domain::order::Topic;

use super::told::{is_not_offered, is_refused};
use super::{
    CancellationNotice, Manner, Offered, PartNotice, SalesConnector, ShipmentNotice, StockWay,
    WayBack,
};
use crate::measured::Measured;
use crate::outbound::Stopwatch;
use crate::port::{CallError, NoticeAnswer};

/// The operation's name in metrics.
const fn operation(topic: Topic) -> &'static str {
    match topic {
        Topic::Accepted => "accepted",
        Topic::Shipped => "shipped",
        Topic::Cancelled => "cancelled",
        Topic::PartCancelled => "part_cancelled",
        Topic::Refund => "refunded",
    }
}

impl Measured<dyn SalesConnector> {
    /// Lets every operation of the channel be seen before it is first called.
    pub(super) fn announce(&self) {
        for topic in self.inner.way_back().map_or(&[][..], WayBack::hears) {
            self.watch(operation(*topic)).announce();
        }
        if self.inner.stock_way().is_some() {
            self.watch("offered").announce();
        }
    }

    fn watch(&self, operation: &'static str) -> Stopwatch {
        Stopwatch::channel(self.slug.as_str(), operation)
    }

    /// Times what the channel is told. A channel that nobody listens at is not told anything.
    async fn tell<'a, A>(
        &'a self,
        topic: Topic,
        notice: impl FnOnce(&'a dyn WayBack) -> A,
    ) -> NoticeAnswer
    where
        A: Future<Output = NoticeAnswer>,
    {
        let Some(back) = self.inner.way_back() else {
            return Ok(super::deaf());
        };
        let watch = self.watch(operation(topic));
        let answer = notice(back).await;
        watch.stop(&answer, is_refused);
        answer
    }
}

impl SalesConnector for Measured<dyn SalesConnector> {
    fn way_back(&self) -> Option<&dyn WayBack> {
        self.inner.way_back().is_some().then_some(self as _)
    }

    fn stock_way(&self) -> Option<&dyn StockWay> {
        self.inner.stock_way().is_some().then_some(self as _)
    }
}

#[async_trait]
impl WayBack for Measured<dyn SalesConnector> {
    fn hears(&self) -> &'static [Topic] {
        self.inner.way_back().map_or(&[], WayBack::hears)
    }

    async fn accepted(&self, external_id: &str) -> NoticeAnswer {
        self.tell(Topic::Accepted, |back| back.accepted(external_id))
            .await
    }

    async fn part_cancelled(&self, notice: &PartNotice) -> NoticeAnswer {
        self.tell(Topic::PartCancelled, |back| back.part_cancelled(notice))
            .await
    }

    async fn refunded(&self, notice: &PartNotice) -> NoticeAnswer {
        self.tell(Topic::Refund, |back| back.refunded(notice)).await
    }

    async fn shipped(&self, notice: &ShipmentNotice) -> NoticeAnswer {
        self.tell(Topic::Shipped, |back| back.shipped(notice)).await
    }

    async fn cancelled(&self, notice: &CancellationNotice) -> NoticeAnswer {
        self.tell(Topic::Cancelled, |back| back.cancelled(notice))
            .await
    }
}

#[async_trait]
impl StockWay for Measured<dyn SalesConnector> {
    fn manner(&self) -> Manner {
        let stock = self.inner.stock_way();
        stock.map_or(Manner::ONE_BY_ONE, StockWay::manner)
    }

    async fn offer(&self, sku: &Sku, units: i64, key: &str) -> Result<Offered, CallError> {
        let Some(stock) = self.inner.stock_way() else {
            return Ok(Offered::NotSold);
        };
        let watch = self.watch("offered");
        let answer = stock.offer(sku, units, key).await;
        watch.stop(&answer, is_not_offered);
        answer
    }
}
