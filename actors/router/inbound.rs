//! What a verified webhook says, item by item.

use orderhub_channels::port::{Inbound, InboundOrder};
use orderhub_domain::ids::OrderId;
use orderhub_domain::order::{
    ChannelFact, Fact, Input, InputBody, PaymentFact, ProofFact, ScanFact, TenderSelector,
    WorkReport,
};

use super::Hub;
use super::look_up::reference_of;
use super::parking::{Keep, id_of, reason_of};
use crate::api::{Delivery, HubApi, HubError, NewOrder, Receipt, Received};
use crate::lanes::Urgency;
use crate::order::unavailable;
use crate::ports::{OrderRef, RefKind};

/// What became of one item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Its order has it.
    Applied(OrderId),
    /// There is no order for it yet.
    Waits(OrderRef),
    /// Nothing that the hub acts on; kept with the reason.
    Kept(String),
    /// It cannot be read; kept with the reason.
    Unreadable(String),
}

impl Hub {
    /// Takes a delivery: applies what finds its order, keeps the rest.
    pub(crate) async fn take(&self, delivery: &Delivery) -> Result<Receipt, HubError> {
        let mut receipt = Receipt::empty();
        for (place, item) in delivery.items.iter().enumerate() {
            let verdict = self.offer(delivery, item).await?;
            self.settle(delivery, place, verdict, &mut receipt).await?;
        }
        Ok(receipt)
    }

    /// Keeps what was not applied, and notes either in the receipt.
    async fn settle(
        &self,
        delivery: &Delivery,
        place: usize,
        verdict: Verdict,
        receipt: &mut Receipt,
    ) -> Result<(), HubError> {
        let (received, reason, keep) = match verdict {
            Verdict::Applied(order) => {
                receipt.reached(order, id_of(delivery, place));
                return Ok(());
            }
            Verdict::Kept(reason) => (Received::Ignored, reason.clone(), Keep::For(reason)),
            Verdict::Unreadable(reason) => (Received::Invalid, reason.clone(), Keep::Dead(reason)),
            Verdict::Waits(reference) => (
                Received::Unmatched,
                reason_of(&reference).to_owned(),
                Keep::Until(reference),
            ),
        };
        let message = self.keep(delivery, place, keep).await?;
        if received == Received::Unmatched
            && let Some(order) = self.look_again(delivery, place, message).await
        {
            receipt.reached(order, message);
        } else {
            receipt.put_away(received, reason);
        }
        Ok(())
    }

    /// Takes one item to its order, if there is one.
    pub(super) async fn offer(
        &self,
        delivery: &Delivery,
        item: &Inbound,
    ) -> Result<Verdict, HubError> {
        let kept_only = |test: bool| (test && delivery.live).then(|| "test_on_live".to_owned());
        match item {
            Inbound::Order(order) => self.offer_order(delivery, order).await,
            Inbound::Said { order, facts } => self.offer_said(delivery, order, facts).await,
            Inbound::Payment {
                reference,
                order,
                occurred_at,
                test,
                evidence,
            } => {
                if let Some(reason) = kept_only(*test) {
                    return Ok(Verdict::Kept(reason));
                }
                let fact = Fact::Payment(PaymentFact {
                    tender: TenderSelector::Reference(reference.clone()),
                    account: Some(delivery.slug.clone()),
                    occurred_at: *occurred_at,
                    evidence: evidence.clone(),
                });
                let reference = named(RefKind::Payment, delivery, reference);
                let stated = order.as_deref().and_then(|text| text.parse().ok());
                self.offer_facts(reference, stated, vec![fact]).await
            }
            Inbound::Scans {
                tracking_number,
                carrier,
                test,
                scans,
                proof,
            } => {
                if let Some(reason) = kept_only(*test) {
                    return Ok(Verdict::Kept(reason));
                }
                let facts = scans.iter().map(|scan| {
                    Fact::Scan(ScanFact {
                        tracking_number: tracking_number.clone(),
                        carrier: carrier.clone(),
                        scan: scan.clone(),
                    })
                });
                let proof = proof.iter().map(|proof| {
                    Fact::Proof(ProofFact {
                        tracking_number: tracking_number.clone(),
                        carrier: carrier.clone(),
                        proof: proof.clone(),
                    })
                });
                let facts = facts.chain(proof).collect();
                let reference = self.parcel_of(delivery, tracking_number, carrier.as_deref());
                self.offer_facts(reference.await?, None, facts).await
            }
            Inbound::Work {
                fulfilment,
                location,
                occurred_at,
                said,
            } => {
                let report = WorkReport {
                    fulfilment: fulfilment.number,
                    location: location.clone(),
                    occurred_at: *occurred_at,
                    said: said.clone(),
                };
                self.offer_work(delivery, fulfilment.order, report).await
            }
            Inbound::Changed(resource) => Ok(Verdict::Waits(reference_of(delivery, resource))),
            Inbound::Unknown { topic } => Ok(Verdict::Kept(format!("unknown_topic:{topic}"))),
            Inbound::Unreadable { reason } => {
                Ok(Verdict::Unreadable(format!("unreadable: {reason}")))
            }
        }
    }

    async fn offer_order(
        &self,
        delivery: &Delivery,
        inbound: &InboundOrder,
    ) -> Result<Verdict, HubError> {
        let Some(channel) = delivery.channel else {
            let nowhere = "unreadable: an order from a connection that is no sales channel";
            return Ok(Verdict::Unreadable(nowhere.into()));
        };
        let violations = inbound.submission.draft.violations();
        if !violations.is_empty() {
            let found = violations
                .iter()
                .map(|v| format!("{} {}", v.pointer, v.code));
            let found = found.collect::<Vec<_>>().join(", ");
            return Ok(Verdict::Unreadable(format!("unreadable: {found}")));
        }
        let actor = format!("channel:{}", delivery.slug);
        let placed = self
            .place(NewOrder {
                channel,
                channel_slug: delivery.slug.clone(),
                live_connection: delivery.live,
                submission: inbound.submission.clone(),
                wanted: inbound.wanted.clone(),
                body_hash: inbound.body_hash.clone(),
                request: None,
                actor: actor.clone(),
            })
            .await;
        let known = match placed {
            // The new order knows what it was placed with, and not what else the snapshot says of its life.
            Ok(placed) if !placed.repeated => {
                return self
                    .tell_all(placed.order, &actor, &inbound.besides())
                    .await;
            }
            Ok(placed) => placed.order,
            Err(HubError::ExternalIdConflict { existing }) => existing,
            Err(error) => return Err(error),
        };
        self.tell_all(known, &actor, &inbound.news()).await
    }

    /// What a sales channel says about an order that it names by its own id waits for the order.
    async fn offer_said(
        &self,
        delivery: &Delivery,
        order: &str,
        facts: &[ChannelFact],
    ) -> Result<Verdict, HubError> {
        let Some(channel) = delivery.channel else {
            let nowhere = "unreadable: news of an order from a connection that is no sales channel";
            return Ok(Verdict::Unreadable(nowhere.into()));
        };
        let reference = named(RefKind::Order, delivery, order);
        let found = self.shared.journal.find(channel, &reference.value).await;
        let Some(known) = found.map_err(unavailable)? else {
            return Ok(Verdict::Waits(reference));
        };
        let actor = format!("channel:{}", delivery.slug);
        self.tell_all(known, &actor, facts).await
    }

    async fn tell_all(
        &self,
        order: OrderId,
        actor: &str,
        facts: &[ChannelFact],
    ) -> Result<Verdict, HubError> {
        for fact in facts {
            self.tell(order, actor, Fact::Channel(fact.clone())).await?;
        }
        Ok(Verdict::Applied(order))
    }

    /// A warehouse speaks for the locations that it runs, and for no other. Work is named by our own id:
    /// what names none of ours is nothing to wait for.
    async fn offer_work(
        &self,
        delivery: &Delivery,
        order: OrderId,
        report: WorkReport,
    ) -> Result<Verdict, HubError> {
        let site = self.shared.sites.get(&report.location);
        if site.is_none_or(|site| site.warehouse != delivery.slug) {
            return Ok(Verdict::Kept("another_warehouses_location".to_owned()));
        }
        let actor = format!("warehouse:{}", delivery.slug);
        match self.tell(order, &actor, Fact::Work(report)).await {
            Ok(()) => Ok(Verdict::Applied(order)),
            Err(HubError::NotFound(_)) => Ok(Verdict::Kept("unknown_fulfilment".to_owned())),
            Err(error) => Err(error),
        }
    }

    /// The name under which a parcel is looked for: its number at the connection, and where that follows
    /// parcels of many carriers, first the number of this carrier, whoever sold the label.
    async fn parcel_of(
        &self,
        delivery: &Delivery,
        number: &str,
        carrier: Option<&str>,
    ) -> Result<OrderRef, HubError> {
        let own = named(RefKind::Tracking, delivery, number);
        let Some(carrier) = carrier else {
            return Ok(own);
        };
        let known = self.shared.journal.resolve(&own).await;
        let by_carrier = OrderRef::of_parcel(carrier, &own.value);
        let sold = self.shared.journal.resolve(&by_carrier).await;
        let is_own = sold.map_err(unavailable)?.is_none() && known.map_err(unavailable)?.is_some();
        Ok(if is_own { own } else { by_carrier })
    }

    /// Finds the order by the reference, or by what the partner says it is.
    async fn offer_facts(
        &self,
        reference: OrderRef,
        stated: Option<OrderId>,
        facts: Vec<Fact>,
    ) -> Result<Verdict, HubError> {
        let resolved = self.shared.journal.resolve(&reference).await;
        let Some(order) = resolved.map_err(unavailable)?.or(stated) else {
            return Ok(Verdict::Waits(reference));
        };
        for fact in facts {
            match self.tell(order, "system", fact).await {
                Ok(()) => {}
                Err(HubError::NotFound(_)) => return Ok(Verdict::Waits(reference)),
                Err(error) => return Err(error),
            }
        }
        Ok(Verdict::Applied(order))
    }

    pub(super) async fn tell(
        &self,
        order: OrderId,
        actor: &str,
        fact: Fact,
    ) -> Result<(), HubError> {
        let input = Input {
            actor: actor.to_owned(),
            body: InputBody::Fact(fact),
        };
        self.shared.ask(order, input, Urgency::Fact).await?;
        Ok(())
    }
}

/// A name as it is looked up and kept. No store has room for NUL characters, and no partner uses
/// them.
fn named(kind: RefKind, delivery: &Delivery, value: &str) -> OrderRef {
    OrderRef {
        kind,
        scope: delivery.slug.to_string(),
        value: value.replace('\0', "\u{fffd}"),
    }
}
