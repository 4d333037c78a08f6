//! `orderhub orders`: the running hub's orders, for its operators. `find` says which order is meant,
//! `list`, `show` and `act` are the verbs, and `sheet` is what `show` prints for people.

mod act;
mod address;
mod edit;
mod exchange;
pub(super) mod find;
mod list;
mod pack;
mod post;
mod route;
mod sheet;
mod show;

use std::path::PathBuf;

use clap::Subcommand;
use jiff::Timestamp;
use rust_decimal::Decimal;

use super::client::{Client, Hub};
use super::{Failure, Format, Out};
use crate::config::Config;
use show::Part;

/// An action that needs no more than its reason.
#[derive(Debug, clap::Args)]
pub(super) struct Plain {
    #[command(flatten)]
    order: Named,
    #[command(flatten)]
    terms: act::Terms,
}

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// List orders, newest first.
    Ls {
        #[command(flatten)]
        filter: list::Filter,
        #[command(flatten)]
        hub: Hub,
    },
    /// Send a file of orders to a direct channel, each once however often it is sent.
    Post(post::Arguments),
    /// Show an order: its money, lines, fulfilments and holds, and what is outstanding.
    Show {
        #[command(flatten)]
        order: Named,
    },
    /// Show what happened to an order, and who did it.
    Timeline {
        #[command(flatten)]
        order: Named,
    },
    /// Say why an order is where it is, and what may be done about it.
    Explain {
        #[command(flatten)]
        order: Named,
    },
    /// Stop an order where it is, until a time or until it is released.
    Hold {
        #[command(flatten)]
        order: Named,
        #[command(flatten)]
        extent: act::Extent,
        #[command(flatten)]
        terms: act::Terms,
    },
    /// End a hold.
    Release {
        #[command(flatten)]
        order: Named,
        /// Which hold, by its number; not needed when there is only one.
        #[arg(long, value_name = "NUMBER")]
        hold: Option<u32>,
        #[command(flatten)]
        terms: act::Terms,
    },
    /// Give money back that was captured: an amount, or all that is left.
    Refund {
        #[command(flatten)]
        order: Named,
        /// How much, in the order's currency; all that can go back by default.
        #[arg(long)]
        amount: Option<Decimal>,
        /// The buyer gets credit instead of money.
        #[arg(long)]
        store_credit: bool,
        #[command(flatten)]
        terms: act::Terms,
    },
    /// Write something down about an order; nothing else changes
    Note(Plain),
    /// Try what was put off now, instead of at its time.
    Retry(Plain),
    /// Record what was answered to a dispute; the gateway decides.
    Dispute {
        #[command(flatten)]
        order: Named,
        /// accept or challenge.
        #[arg(long, value_parser = ["accept", "challenge"])]
        answer: String,
        /// The gateway's reference of the dispute, if several are open.
        #[arg(long, value_name = "REFERENCE")]
        dispute: Option<String>,
        #[command(flatten)]
        terms: act::Terms,
    },
    /// Cancel an order, or a part of it.
    Cancel {
        #[command(flatten)]
        order: Named,
        /// Only these units, by the channel's line id; several times for several lines.
        #[arg(long = "line", value_name = "LINE=QUANTITY")]
        units: Vec<route::Units>,
        #[command(flatten)]
        terms: act::Terms,
    },
    /// Change what an order that stands consists of. More is secured first and only then visible.
    Edit {
        #[command(flatten)]
        order: Named,
        #[command(flatten)]
        change: edit::Change,
        #[command(flatten)]
        terms: act::Terms,
    },
    /// Exchange units: others go out once what comes back was accepted, and are paid with it.
    Exchange {
        #[command(flatten)]
        order: Named,
        #[command(flatten)]
        swap: exchange::Swap,
        #[command(flatten)]
        terms: act::Terms,
    },
    /// Send an order to another address, as long as labels are still to be bought.
    ChangeAddress {
        #[command(flatten)]
        order: Named,
        #[command(flatten)]
        to: address::Address,
        #[command(flatten)]
        terms: act::Terms,
    },
    /// Take work from its location, before anything of it is picked.
    Reroute {
        #[command(flatten)]
        order: Named,
        #[command(flatten)]
        work: route::Work,
        /// Where to; wherever the rules say by default.
        #[arg(long, value_name = "LOCATION")]
        to: Option<String>,
        #[command(flatten)]
        terms: act::Terms,
    },
    /// Make two pieces of work of one.
    Split {
        #[command(flatten)]
        order: Named,
        #[command(flatten)]
        work: route::Work,
        /// What goes into the new one; several times for several lines.
        #[arg(long = "line", value_name = "LINE=QUANTITY", required = true)]
        units: Vec<route::Units>,
        #[command(flatten)]
        terms: act::Terms,
    },
    /// Make one piece of work of two at one location.
    Merge {
        #[command(flatten)]
        order: Named,
        #[command(flatten)]
        work: route::Work,
        /// The fulfilment that ends in it.
        #[arg(long, value_name = "FULFILMENT")]
        from: String,
        #[command(flatten)]
        terms: act::Terms,
    },
    /// Do not ask for work before a time.
    Schedule {
        #[command(flatten)]
        order: Named,
        #[command(flatten)]
        work: route::Work,
        /// When, as 2026-12-01T09:00:00Z.
        #[arg(long, value_name = "TIME")]
        not_before: Timestamp,
        #[command(flatten)]
        terms: act::Terms,
    },
    /// Say which locations other rules would have chosen, on what was known then.
    Redecide {
        #[command(flatten)]
        order: Named,
        /// A file with weights as in `[policy.sourcing]`.
        #[arg(long, value_name = "FILE")]
        policy: PathBuf,
    },
    /// Let an order go on that waits for a review.
    Approve(Plain),
    /// Refuse an order that waits for a review.
    Reject(Plain),
    /// Say that a fulfilment is packed, and into which parcels.
    Pack {
        #[command(flatten)]
        order: Named,
        #[command(flatten)]
        packing: pack::Packing,
    },
    /// Open a claim: units arrived damaged, or nobody finds an overdue parcel.
    Claim {
        #[command(flatten)]
        order: Named,
        #[command(flatten)]
        claimed: act::Claimed,
        #[command(flatten)]
        terms: act::Terms,
    },
    /// Say how a claim ends.
    ResolveClaim {
        #[command(flatten)]
        order: Named,
        #[command(flatten)]
        ended: act::Ended,
        #[command(flatten)]
        terms: act::Terms,
    },
}

/// An order, and the hub that has it.
#[derive(Debug, clap::Args)]
pub(super) struct Named {
    /// Its id, the last digits of its id (at least four), or the channel's id or number of it.
    #[arg(value_name = "ORDER")]
    name: String,
    #[command(flatten)]
    hub: Hub,
}

pub(super) async fn run(
    verb: Verb,
    config: impl FnOnce() -> Result<Config, Failure>,
    format: Format,
    out: &mut Out,
) -> Result<(), Failure> {
    let (order, asked) = match wanted(verb) {
        Wanted::One(order, asked) => (order, asked),
        Wanted::List(filter, hub) => {
            let client = Client::new(&hub, config)?;
            return list::run(&filter, &client, format, out).await;
        }
        Wanted::File(file) => return post::run(file, config, format, out).await,
    };
    let client = Client::new(&order.hub, config)?;
    let id = find::order(&order.name, &client).await?;
    match asked {
        Asked::Part(part) => show::run(part, id, &client, format, out).await,
        Asked::Redecide(policy) => route::redecide(id, &policy, &client, format, out).await,
        Asked::Pack(packing) => pack::run(&packing, id, &client, format, out).await,
        Asked::Act(act, terms) => act::run(&act, &terms, id, &client, format, out).await,
    }
}

/// What a verb wants: a list, a file sent, or something of one order.
enum Wanted {
    List(list::Filter, Hub),
    File(post::Arguments),
    One(Named, Asked),
}

fn wanted(verb: Verb) -> Wanted {
    let (order, asked) = match verb {
        Verb::Ls { filter, hub } => return Wanted::List(filter, hub),
        Verb::Post(file) => return Wanted::File(file),
        Verb::Show { order } => (order, Asked::Part(Part::Sheet)),
        Verb::Timeline { order } => (order, Asked::Part(Part::Timeline)),
        Verb::Explain { order } => (order, Asked::Part(Part::Explanation)),
        Verb::Hold {
            order,
            extent,
            terms,
        } => (order, Asked::Act(act::Act::Hold(extent), terms)),
        Verb::Release { order, hold, terms } => (order, Asked::Act(act::Act::Release(hold), terms)),
        Verb::Refund {
            order,
            amount,
            store_credit,
            terms,
        } => (order, ask(act::Act::Refund(amount, store_credit), terms)),
        Verb::Note(Plain { order, terms }) => (order, ask(act::Act::Note, terms)),
        Verb::Retry(Plain { order, terms }) => (order, ask(act::Act::Retry, terms)),
        Verb::Dispute {
            order,
            answer,
            dispute,
            terms,
        } => {
            let answer = if answer == "accept" {
                "accept"
            } else {
                "challenge"
            };
            (order, Asked::Act(act::Act::Dispute(answer, dispute), terms))
        }
        Verb::Cancel {
            order,
            units,
            terms,
        } => (order, Asked::Act(act::Act::Cancel(units), terms)),
        Verb::Edit {
            order,
            change,
            terms,
        } => (order, ask(act::Act::Edit(change), terms)),
        Verb::Reroute {
            order,
            work,
            to,
            terms,
        } => (order, change(route::Change::Reroute { work, to }, terms)),
        Verb::Split {
            order,
            work,
            units,
            terms,
        } => (order, change(route::Change::Split { work, units }, terms)),
        Verb::Merge {
            order,
            work,
            from,
            terms,
        } => (order, change(route::Change::Merge { work, from }, terms)),
        Verb::Schedule {
            order,
            work,
            not_before,
            terms,
        } => (
            order,
            change(route::Change::Schedule { work, not_before }, terms),
        ),
        Verb::Redecide { order, policy } => (order, Asked::Redecide(policy)),
        Verb::Approve(Plain { order, terms }) => (order, ask(act::Act::Approve, terms)),
        Verb::Reject(Plain { order, terms }) => (order, ask(act::Act::Reject, terms)),
        Verb::Pack { order, packing } => (order, Asked::Pack(packing)),
        Verb::Claim {
            order,
            claimed,
            terms,
        } => (order, ask(act::Act::Claim(claimed), terms)),
        Verb::Exchange { order, swap, terms } => (order, ask(act::Act::Exchange(swap), terms)),
        Verb::ChangeAddress { order, to, terms } => {
            (order, ask(act::Act::ChangeAddress(Box::new(to)), terms))
        }
        Verb::ResolveClaim {
            order,
            ended,
            terms,
        } => (order, ask(act::Act::ResolveClaim(ended), terms)),
    };
    Wanted::One(order, asked)
}

/// What is asked of one order.
enum Asked {
    Part(Part),
    Act(act::Act, act::Terms),
    Redecide(PathBuf),
    Pack(pack::Packing),
}

const fn ask(act: act::Act, terms: act::Terms) -> Asked {
    Asked::Act(act, terms)
}

fn change(change: route::Change, terms: act::Terms) -> Asked {
    Asked::Act(act::Act::Route(change), terms)
}
