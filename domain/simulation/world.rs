//! A simulated world: its parts, what is on its way between them, and the clock. One seed makes the
//! setting, one list of moves makes everything that happens in it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;

use super::audit::Audit;
use super::board::Board;
use super::core::Core;
use super::depot::Depot;
use super::dice::Dice;
use super::feeds::Feeds;
use super::gateway::Gateway;
use super::hub::Node;
use super::mirror::Mirror;
use super::quotas::Bounds;
use super::shops::{LISTENING, Shops};
use super::store::Store;
use super::supply::Supply;
use super::transfers::settle_supply;
use super::transits::Transits;
use crate::canonical::{CaptureMode, OrderDraft};
use crate::ids::{ChannelId, EffectId, LocationCode, OrderId, Sku, Slug};
use crate::money::Money;
use crate::order::{Asked, Context, Effect, Fact, Location, Topic};
use crate::policy::{
    CancelAsked, OnceCapture, PaymentPolicy, Policy, RefundWay, ShippingRefund, WhenShort,
};
use crate::stock::{HoldKey, LocationStock, News, StockCommand};

/// When every world begins.
pub(super) const BEGINNING: i64 = 1_760_000_000;

/// An invariant that fell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// Its name.
    pub invariant: &'static str,
    /// What was found instead, in one sentence.
    pub found: String,
}

/// Something on its way.
#[derive(Debug, Clone)]
pub(super) enum Letter {
    /// An order as a channel sends it; it comes again until it is answered.
    Create {
        id: OrderId,
        channel: usize,
        draft: Box<OrderDraft>,
    },
    /// A request of a person; it comes again until it is answered.
    Request {
        order: OrderId,
        actor: String,
        asked: Asked,
    },
    /// A call of the hub.
    Call(Call),
    /// The answer to a call: gone with the node that called.
    Answer {
        node: usize,
        life: u32,
        order: OrderId,
        fact: Fact,
    },
    /// A partner's webhook; it comes again until it was taken.
    Webhook { order: OrderId, fact: Fact },
    /// A location tells an order what it decided by itself.
    Told {
        location: LocationCode,
        order: OrderId,
        attempt: u16,
        news: News,
        holds: Vec<(HoldKey, i32)>,
    },
}

/// A call of the hub to a partner or a location.
#[derive(Debug, Clone)]
pub(super) struct Call {
    pub(super) node: usize,
    pub(super) life: u32,
    pub(super) order: OrderId,
    pub(super) id: EffectId,
    pub(super) effect: Effect,
    /// What a label costs, in the order's currency.
    pub(super) price: Option<Money>,
    /// An earlier try may have been carried out: that this one was not says nothing.
    pub(super) perhaps_done: bool,
}

/// What goes wrong with the next commit of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    WrittenUnheard,
    UnwrittenUnheard,
    NotStored,
}

/// The owner's memory goes in the middle of a commit: before it is on disk, or after.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Crash {
    /// Which commit from the beginning of the world, from 1.
    pub(super) commit: usize,
    /// It is on disk.
    pub(super) written: bool,
}

/// The world.
pub(super) struct World<'c> {
    pub(super) core: &'c dyn Core,
    pub(super) now: Timestamp,
    pub(super) policy: Policy,
    pub(super) board: Board,
    pub(super) skus: usize,
    pub(super) channels: Vec<(ChannelId, Slug, &'static [Topic])>,
    pub(super) shops: Shops,
    pub(super) store: Store,
    pub(super) nodes: [Node; 2],
    /// Which node the store takes writes of.
    pub(super) owner: usize,
    /// The stock of each location, as its actor has it in memory.
    pub(super) stockroom: BTreeMap<LocationCode, LocationStock>,
    pub(super) gateways: Vec<Gateway>,
    pub(super) modes: Vec<(Slug, CaptureMode)>,
    pub(super) depot: Depot,
    pub(super) supply: Supply,
    pub(super) feeds: Feeds,
    pub(super) post: Vec<Letter>,
    /// Orders that channels have sent, to be sent again.
    pub(super) sent: Vec<Letter>,
    pub(super) audit: Audit,
    pub(super) mirror: Mirror,
    pub(super) bounds: Bounds,
    pub(super) fault: Option<Fault>,
    /// Commits of orders and of stock that were begun so far.
    pub(super) commits: usize,
    pub(super) crash: Option<Crash>,
    /// Somebody else writes before the next commit.
    pub(super) elsewhere: bool,
    /// Partners and people do what is asked and nothing odd.
    pub(super) smooth: bool,
    /// Until when buyers send things back and carriers are silent although nothing fails any more.
    pub(super) unsettled_until: Timestamp,
    /// Number of the next external id and of the next request.
    pub(super) counter: u64,
    pub(super) broken: Option<Broken>,
    pub(super) history: Vec<String>,
    telling: bool,
}

impl<'c> World<'c> {
    /// The world of a setting, before anything has happened.
    pub(super) fn new(setting: u64, core: &'c dyn Core, telling: bool) -> Self {
        let mut dice = Dice::seeded(setting);
        let countries = ["DE", "DE", "FR", "DE"];
        let codes = ["BER1", "HAM1", "PAR1", "MUC1"];
        let many = 2 + dice.below(3);
        let locations: Vec<Location> = codes
            .iter()
            .zip(countries)
            .take(many)
            .map(|(code, country)| Location::plain((*code).into(), country.to_owned()))
            .collect();
        let places: Vec<LocationCode> = locations.iter().map(|l| l.code.clone()).collect();
        let modes = [
            ("stripe-eu", CaptureMode::Once),
            ("adyen", CaptureMode::Many),
        ];
        let mut locations = locations;
        let mut store = Store::new(&places);
        // Few locations count their work, and those take little.
        for location in &mut locations {
            if !dice.percent(15) {
                continue;
            }
            let most = u32::try_from(dice.between(1, 6)).unwrap_or(1);
            location.capacity_per_day = Some(most);
            if let Some(shelf) = store.shelves.get_mut(&location.code) {
                shelf.stock.room.capacity = Some(most);
            }
        }
        let mut policy = house_rules(&mut dice);
        settle_supply(setting, &mut policy, &mut locations);
        let mut world = Self {
            core,
            now: Timestamp::from_second(BEGINNING).unwrap_or_default(),
            policy,
            board: Board {
                locations,
                heard: BTreeMap::new(),
                paused: BTreeSet::new(),
                quotas: BTreeMap::new(),
                works: BTreeMap::new(),
                transits: Transits::with_a_past(setting),
            },
            skus: 1 + dice.below(4),
            channels: channels(),
            shops: Shops::default(),
            store,
            nodes: [Node::new(1), Node::new(0)],
            owner: 0,
            stockroom: BTreeMap::new(),
            gateways: modes
                .iter()
                .map(|(slug, _)| Gateway::new(slug, dice.percent(70)))
                .collect(),
            modes: modes
                .iter()
                .map(|(slug, mode)| ((*slug).into(), *mode))
                .collect(),
            depot: Depot::default(),
            supply: Supply::default(),
            feeds: Feeds::default(),
            post: Vec::new(),
            sent: Vec::new(),
            audit: Audit::default(),
            mirror: Mirror::default(),
            bounds: Bounds::new(),
            fault: None,
            commits: 0,
            crash: None,
            elsewhere: false,
            smooth: false,
            unsettled_until: Timestamp::UNIX_EPOCH,
            counter: 0,
            broken: None,
            history: Vec::new(),
            telling,
        };
        let when_short = [WhenShort::Reject, WhenShort::Wait, WhenShort::Backorder];
        world.policy.when_short = when_short[dice.below(3)];
        // Nobody stands in line where there is plenty.
        let plenty = match world.policy.when_short {
            WhenShort::Reject => [4, 12, 40],
            WhenShort::Wait | WhenShort::Backorder => [1, 4, 12],
        };
        let plenty = plenty[dice.below(3)];
        for code in &places {
            for number in 1..=world.skus {
                let sku = format!("SKU-{number}");
                let on_hand = dice.between(0, plenty);
                world.count(code, &sku.as_str().into(), on_hand);
            }
        }
        world
    }

    pub(super) fn places(&self) -> Vec<LocationCode> {
        self.store.shelves.keys().cloned().collect()
    }

    /// Somebody counted: the shelf's command, with its line in the history.
    pub(super) fn count(&mut self, location: &LocationCode, sku: &Sku, on_hand: i64) {
        self.tell(&format!("{location} counts {on_hand} of {sku}"));
        let command = StockCommand::Count {
            sku: sku.clone(),
            on_hand,
            buffer: None,
            backorder_limit: None,
            unpicked: Vec::new(),
        };
        self.ask_shelf(location, &command, None);
    }

    /// What a decision about an order of this channel may look at.
    pub(super) fn context(&self, channel: ChannelId) -> Context<'_> {
        let listens = self.channels.iter().find(|(id, ..)| *id == channel);
        Context {
            ship_to: None,
            now: self.now,
            policy: &self.policy,
            places: &self.board,
            channel_listens: listens.map_or(&[][..], |(.., topics)| topics),
        }
    }

    /// An invariant falls. The first one counts.
    pub(super) fn fall(&mut self, invariant: &'static str, found: String) {
        if self.broken.is_none() {
            self.tell(&format!("BROKEN {invariant}: {found}"));
            self.broken = Some(Broken { invariant, found });
        }
    }

    /// A line for the history, if somebody reads it.
    pub(super) fn tell(&mut self, text: &str) {
        // What a world does after an invariant fell explains nothing.
        if self.telling && self.broken.is_none() {
            let since = self.now.as_second() - BEGINNING;
            let (days, seconds) = (since / 86_400, since % 86_400);
            let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
            let clock = format!("day {days} {hours:02}:{minutes:02}:{:02}", seconds % 60);
            self.history.push(format!("{clock}  {text}"));
        }
    }

    /// A new number, the same in every run of the same moves.
    pub(super) fn next_number(&mut self) -> u64 {
        self.counter += 1;
        self.counter
    }

    pub(super) fn pass(&mut self, time: SignedDuration) {
        self.now = self.now.saturating_add(time).unwrap_or(self.now);
    }

    /// The order's name in histories: by when it came.
    pub(super) fn name(&self, order: OrderId) -> String {
        self.audit.name(order)
    }
}

/// The policy of a world: the usual one, with something that never comes back, or is looked at first.
fn house_rules(dice: &mut Dice) -> Policy {
    let mut policy = Policy::default();
    let returns = &mut policy.returns;
    if dice.percent(40) {
        returns.excluded = vec!["SKU-1".into()];
    }
    if dice.percent(40) {
        let limit = Decimal::from(dice.between(5, 60));
        for code in ["EUR", "JPY", "KWD"] {
            returns.auto_approve.insert(code.into(), limit);
        }
    }
    returns.restocking_fee_percent = u32::from(dice.percent(30)) * 15;
    returns.refund_damaged = dice.percent(70);
    let shipping = [
        ShippingRefund::Whole,
        ShippingRefund::Share,
        ShippingRefund::Never,
    ];
    returns.shipping = shipping[dice.below(shipping.len())];
    policy.payment = about_money(dice);
    if dice.percent(40) {
        policy.cancel_asked = CancelAsked::Hold;
    }
    policy
}

/// Each world has a retailer who decides otherwise about money.
fn about_money(dice: &mut Dice) -> PaymentPolicy {
    let mut payment = PaymentPolicy::default();
    let ways = [
        OnceCapture::AtLastShipment,
        OnceCapture::AtFirstShipment,
        OnceCapture::ReauthorizeRest,
    ];
    payment.once_capture = ways[dice.below(ways.len())];
    if dice.percent(40) {
        payment.refund_order = vec![RefundWay::Gateway("adyen".into()), RefundWay::StoreCredit];
    }
    if dice.percent(30) {
        payment.action_time = Some(SignedDuration::from_mins(5));
    }
    payment
}

fn channels() -> Vec<(ChannelId, Slug, &'static [Topic])> {
    let named = (1..).zip(["web", "shop-de", "shop-fr"]).zip(LISTENING);
    let channel = named.map(|((number, slug), topics)| {
        let id = ChannelId(uuid::Uuid::from_u128(number));
        (id, slug.into(), topics)
    });
    channel.collect()
}
