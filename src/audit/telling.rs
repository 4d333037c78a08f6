//! Findings about stock, told to the locations that they are about, whose logbooks publish them. The
//! auditor knows no actor: what it wrote down is read here.

use std::sync::Arc;
use std::time::Duration;

use orderhub_actors::api::HubApi;
use orderhub_domain::stock::{STOCK_INVARIANTS, StockCommand};
use tokio_util::sync::CancellationToken;

use crate::store::Store;

/// How often what was found is looked for.
const EVERY: Duration = Duration::from_secs(5);

/// Tells locations what was found about them, until `stop`. What is in a logbook is not told again, by
/// whichever process.
pub async fn tell_locations(store: Store, hub: Arc<dyn HubApi>, stop: CancellationToken) {
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    while stop.run_until_cancelled(ticks.tick()).await.is_some() {
        let findings = match store.untold_findings(&STOCK_INVARIANTS).await {
            Ok(findings) => findings,
            Err(error) => {
                tracing::debug!(%error, "findings that no location has heard of cannot be read");
                continue;
            }
        };
        for finding in findings {
            let command = StockCommand::NoteDrift {
                name: finding.name,
                invariant: finding.invariant,
                subject: finding.subject,
                detail: finding.detail,
                found_at: finding.found_at,
            };
            // A location that nobody runs any more has no writer; the finding stays in its table.
            let told = hub.tell_stock(finding.location, command);
            match stop.run_until_cancelled(told).await {
                Some(Ok(_)) => {}
                Some(Err(error)) => tracing::debug!(%error, "a location could not be told"),
                None => return,
            }
        }
    }
}
