//! For the tests of what channels offer: how a channel is told a number, and what all of them say alike.
//!
//! Not here: the channels' doubles, which count in their vendor's own words.

use std::sync::Arc;

use wiremock::ResponseTemplate;

use super::{Offered, SalesConnector};
use crate::port::CallError;

/// Tells a channel how many units it can offer, as the hub does, under the key `key-1`.
pub(super) async fn offer(
    connector: &Arc<dyn SalesConnector>,
    sku: &str,
    units: i64,
) -> Result<Offered, CallError> {
    let way = connector.stock_way().expect("a way");
    way.offer(&sku.into(), units, "key-1").await
}

/// What a vendor answers that does not know us (by this status), is busy, is down, or is not itself.
pub(super) fn unwell(stranger: u16) -> [ResponseTemplate; 4] {
    [
        ResponseTemplate::new(stranger),
        ResponseTemplate::new(429),
        ResponseTemplate::new(503),
        ResponseTemplate::new(200).set_body_string("<html>"),
    ]
}

/// A channel that gives one of these answers, whatever it is asked, has certainly not taken a number.
pub(super) async fn takes_nothing(
    connector: &Arc<dyn SalesConnector>,
    sku: &str,
    answers: impl IntoIterator<Item = ResponseTemplate>,
    mut always: impl FnMut(ResponseTemplate),
) {
    for answer in answers {
        always(answer.clone());
        let told = offer(connector, sku, 4).await;
        assert!(
            matches!(told, Err(CallError::NotDone { .. })),
            "{answer:?}: {told:?}"
        );
    }
}

/// Nobody knows whether a number was taken.
pub(super) async fn may_have_taken(connector: &Arc<dyn SalesConnector>, sku: &str, units: i64) {
    let lost = offer(connector, sku, units).await;
    assert!(matches!(lost, Err(CallError::Unknown { .. })), "{lost:?}");
}

/// Nobody knows whether a number was taken, and the next try finds that it was.
pub(super) async fn has_taken_unheard(connector: &Arc<dyn SalesConnector>, sku: &str, units: i64) {
    may_have_taken(connector, sku, units).await;
    let again = offer(connector, sku, units).await;
    assert_eq!(again, Ok(Offered::Same), "it was done");
}
