//! Quotas in a simulated world: people bound what a channel may have promised, and change their minds.

use std::collections::BTreeMap;

use super::dice::Dice;
use super::mirror::Held;
use super::transfers::is_sent_to;
use super::world::World;
use crate::ids::{ChannelId, LocationCode, Sku};
use crate::stock::{Quota, QuotaChange, StockCommand};

/// What channels may have promised at most, as somebody sees it who counts the promises himself: what
/// was promised already when a bound was set is above it and stays.
/// Each stands for a version of the quota.
pub(super) type Bounds = BTreeMap<(LocationCode, Sku, ChannelId), (i64, i64)>;

impl World<'_> {
    /// Whether people bound what channels may have here.
    pub(super) const fn has_quotas(&self) -> bool {
        self.skus == 2
    }

    /// Somebody sets a quota, or takes it away.
    pub(super) fn set_quota(&mut self, dice: &mut Dice) {
        let places = self.places();
        let channels: Vec<ChannelId> = self.channels.iter().map(|(id, ..)| *id).collect();
        let (Some(location), Some(channel)) = (dice.pick(&places), dice.pick(&channels)) else {
            return;
        };
        let sku = format!("SKU-{}", 1 + dice.below(self.skus));
        let wanted = QuotaChange {
            sku: sku.as_str().into(),
            channel: *channel,
            units: Some(dice.between(0, 6)).filter(|_| dice.percent(75)),
            expected: None,
            by: "operator:anna".to_owned(),
            reason: "the shop shall not sell it all".to_owned(),
        };
        let (units, sku) = (wanted.units, wanted.sku.clone());
        self.tell(&format!(
            "{location} lets a channel have {units:?} of {sku}"
        ));
        let bound = StockCommand::SetQuota(wanted);
        self.ask_shelf(location, &bound, None);
    }

    /// Units of a SKU that a location has promised through a channel, by the second opinion.
    fn promised_through(&self, at: &LocationCode, sku: &Sku, channel: ChannelId) -> [i64; 2] {
        let mut units = [0, 0];
        for ((location, key), (held, quantity, how)) in &self.mirror.holds {
            let order = self.audit.order(key.order);
            // What was sent there for an order gives nothing of that shelf up.
            let sent = order.is_some_and(|order| is_sent_to(order, at));
            let own = order.is_some_and(|order| order.channel == channel) && !sent;
            if location == at && held == sku && own {
                match how {
                    Held::Soft => units[0] += quantity,
                    Held::Hard | Held::Waiting => units[1] += quantity,
                    _ => {}
                }
            }
        }
        units
    }

    /// No channel has more than it may, and the location counts what it has.
    pub(super) fn check_quotas(&mut self, at: &LocationCode) {
        let Some(tables) = self.store.shelves.get(at) else {
            return;
        };
        let quotas: Vec<(Sku, ChannelId, Quota)> = tables
            .stock
            .quotas
            .iter()
            .map(|((sku, channel), quota)| (sku.clone(), *channel, *quota))
            .collect();
        for (sku, channel, quota) in quotas {
            let [soft, firm] = self.promised_through(at, &sku, channel);
            let name = (at.clone(), sku.clone(), channel);
            let Some(units) = quota.units else {
                self.bounds.remove(&name);
                continue;
            };
            // One that was set just before a crash is met with the command that comes next.
            let known = self.bounds.get(&name).filter(|(of, _)| *of == quota.rev);
            let most = known.map_or(units.max(soft + firm), |(_, most)| *most);
            if soft + firm > most {
                let found = format!(
                    "{sku} at {at}: {} promised through a channel that may have {most}",
                    soft + firm
                );
                self.fall("quota_kept", found);
            } else if quota.reserved != soft || quota.taken < firm {
                let found = format!("{sku} at {at}: {quota:?}, with {soft} soft and {firm} firm");
                self.fall("quota_counted", found);
            } else {
                // What was above the bound when it was set is not promised again once it is given back.
                let most = most.min(units.max(soft + firm));
                self.bounds.insert(name, (quota.rev, most));
            }
        }
    }
}
