//! Things that webhooks only name: looked up at the vendor, and taken as it states them.
//!
//! The word that something has changed is kept like any message that waits, so none is lost when the
//! vendor cannot be asked or the hub ends. However often a thing is named meanwhile, it is looked up
//! once for all of them; what is named during the call is looked up again.

use orderhub_channels::port::{CallError, Resource};

use super::{Hub, Inlets};
use crate::api::{Delivery, HubError};
use crate::order::unavailable;
use crate::ports::{OrderRef, RefKind};

/// How a thing is named while it waits to be looked up.
pub(super) fn reference_of(delivery: &Delivery, resource: &Resource) -> OrderRef {
    OrderRef {
        kind: RefKind::Resource,
        scope: delivery.source.clone(),
        value: format!("{}/{}", resource.kind, resource.id).replace('\0', "\u{fffd}"),
    }
}

fn resource_of(reference: &OrderRef) -> Option<Resource> {
    let (kind, id) = reference.value.split_once('/')?;
    Some(Resource {
        kind: kind.to_owned(),
        id: id.to_owned(),
    })
}

impl Hub {
    /// Looks a thing up and takes what the vendor states of it; whether anything still waits for it.
    pub(super) async fn look_up(
        &self,
        inlets: &dyn Inlets,
        reference: &OrderRef,
    ) -> Result<bool, HubError> {
        let waiting = self.waiting_for(reference).await?;
        let living = waiting
            .iter()
            .filter(|message| message.dead_since.is_none());
        if living.count() == 0 {
            return Ok(false);
        }
        let stated = self.state(inlets, reference).await?;
        let Err(why) = stated else {
            for message in &waiting {
                let forgotten = self.shared.journal.unpark(message.id).await;
                forgotten.map_err(unavailable)?;
            }
            let more = self.shared.journal.parked(reference, None, 1).await;
            return Ok(!more.map_err(unavailable)?.is_empty());
        };
        let mut waits = false;
        for message in &waiting {
            waits |= self.wait_on(message, &why).await?;
        }
        Ok(waits)
    }

    /// Asks the vendor and takes its answer; why nobody could be asked.
    async fn state(
        &self,
        inlets: &dyn Inlets,
        reference: &OrderRef,
    ) -> Result<Result<(), String>, HubError> {
        let asked_at = self.shared.clock.now();
        let inlet = inlets.inlet(&reference.scope);
        let look_up = inlet.as_ref().and_then(|inlet| inlet.connector.look_up());
        let resource = resource_of(reference);
        let (Some(inlet), Some(look_up), Some(resource)) = (&inlet, look_up, resource) else {
            return Ok(Err("its connection is gone".to_owned()));
        };
        let answer = look_up.look_up(&resource).await;
        count(&reference.scope, answer.is_ok());
        match answer {
            Ok(statements) => {
                if statements.is_empty() {
                    tracing::info!(
                        source = reference.scope,
                        kind = resource.kind,
                        "the vendor does not know what a webhook named; it is dropped"
                    );
                }
                for statement in statements {
                    self.take_stated(inlets, inlet, statement, asked_at).await?;
                }
                Ok(Ok(()))
            }
            Err(CallError::NotDone { reason, .. } | CallError::Unknown { reason, .. }) => {
                Ok(Err(reason))
            }
        }
    }
}

fn count(source: &str, answered: bool) {
    let result = if answered { "answered" } else { "failed" };
    metrics::counter!("orderhub_look_ups_total", "source" => source.to_owned(), "result" => result)
        .increment(1);
}
