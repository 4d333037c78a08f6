//! Reading a payout file in: each line goes to the order that it is about, as a report.

use std::collections::{BTreeMap, HashSet};

use futures_util::StreamExt;
use futures_util::stream::FuturesOrdered;
use jiff::Timestamp;
use orderhub_actors::api::{HubApi, HubError};
use orderhub_actors::ports::{Journal, OrderRef, RefKind, Unavailable};
use orderhub_channels::settlement::{FileFormat, Unreadable};
use orderhub_domain::ids::{ChannelId, OrderId, Slug};
use orderhub_domain::order::{Fact, PayoutFact};
use orderhub_domain::settlement::{
    LineKind, PayoutParts, Reference, StatedLine, Totals, Unknown, Variance, Verdict,
};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{KeptLine, PayoutFile, Payouts, line_id, totals_json};

/// Lines that are with their orders at once.
const IN_FLIGHT: usize = 32;
/// Lines that are in memory at once, and kept in one statement.
const KEPT_AT_ONCE: usize = 500;

/// The connection that a file is from.
#[derive(Debug, Clone)]
pub struct Source {
    /// Its slug.
    pub slug: Slug,
    /// The channel, where it is one: its orders are found by their external ids.
    pub channel: Option<ChannelId>,
}

impl Source {
    /// Who reports its lines.
    fn actor(&self) -> String {
        format!("channel:{}", self.slug)
    }
}

/// Why a file was not read in, or not to its end.
#[derive(Debug, thiserror::Error)]
pub enum Failed {
    /// It cannot be read; nothing was changed.
    #[error("the file cannot be read: {0}")]
    Unreadable(#[from] Unreadable),
    /// The hub could not go on. What was judged is remembered: the same file, sent again, goes on.
    #[error("{0}; send the same file again, what was read of it is remembered")]
    Interrupted(String),
}

impl From<HubError> for Failed {
    fn from(error: HubError) -> Self {
        Self::Interrupted(error.to_string())
    }
}

impl From<Unavailable> for Failed {
    fn from(error: Unavailable) -> Self {
        Self::Interrupted(error.to_string())
    }
}

/// What reading a file in stands on.
pub struct Import<'a> {
    /// The orders.
    pub hub: &'a dyn HubApi,
    /// References of orders.
    pub journal: &'a dyn Journal,
    /// Where files and lines are kept.
    pub payouts: &'a dyn Payouts,
}

type Judged = (Option<OrderId>, Result<Verdict, Unknown>);

impl Import<'_> {
    /// Reads a file in and answers its sums and the id it is kept under. Of its lines no more than a
    /// statement's worth are in memory at once.
    ///
    /// # Errors
    /// When the file cannot be read, or the hub cannot go on.
    pub async fn run(
        &self,
        source: &Source,
        format: FileFormat,
        file: &[u8],
        by: &str,
    ) -> Result<PayoutFile, Failed> {
        let mut parts = PayoutParts::default();
        let lines = format.survey(file, |line| parts.add(line))?;
        let mut read = PayoutFile {
            id: Uuid::now_v7(),
            source: source.slug.clone(),
            format: format.word().to_owned(),
            sha256: hex::encode(Sha256::digest(file)),
            read_at: Timestamp::now(),
            read_by: by.to_owned(),
            lines,
            totals: totals_json(&[]),
            complete: false,
        };
        // From here on it is there, so that nothing is lost of a file that is cut, or that two send.
        read.id = self.payouts.begin_file(&read).await?;
        let mut totals: BTreeMap<&'static str, Totals> = BTreeMap::new();
        let mut seen = HashSet::new();
        let mut stated = format.lines(file)?;
        loop {
            let next = stated.by_ref().take(KEPT_AT_ONCE);
            let next: Result<Vec<StatedLine>, _> = next.collect();
            let next = next.map_err(|(number, what)| Unreadable {
                errors: vec![(Some(number), what)],
            })?;
            if next.is_empty() {
                break;
            }
            let next = next.into_iter().map(|line| {
                let again = !seen.insert(line_id(&source.slug, &line.line.id));
                (line, again)
            });
            let next: Vec<(StatedLine, bool)> = next.collect();
            // All of them are judged before any is kept: who waits for something else meanwhile does
            // not go on, and would sit on the connections that keeping needs.
            let judged = self.judge_all(source, &next, &parts).await?;
            let mut kept = BTreeMap::new();
            for ((line, again), (order, verdict)) in next.iter().zip(&judged) {
                let gross = line.line.gross;
                let sums = totals.entry(gross.currency().code());
                let sums = sums.or_insert_with(|| Totals::nothing(gross.currency()));
                sums.count(gross, verdict.as_ref().map_err(|why| *why));
                let line = kept_line(source, line, *again, *order, verdict);
                kept.insert(line.id, line);
            }
            let kept: Vec<KeptLine> = kept.into_values().collect();
            self.payouts.keep_lines(read.id, &kept).await?;
        }
        let totals: Vec<Totals> = totals.into_values().collect();
        read.totals = totals_json(&totals);
        read.read_at = Timestamp::now();
        read.complete = true;
        self.payouts.finish_file(&read).await?;
        Ok(read)
    }

    /// What comes of each of these lines, in their order.
    async fn judge_all(
        &self,
        source: &Source,
        lines: &[(StatedLine, bool)],
        parts: &PayoutParts,
    ) -> Result<Vec<Judged>, Failed> {
        let mut judging = FuturesOrdered::new();
        let mut waiting = lines.iter();
        let mut judged = Vec::with_capacity(lines.len());
        loop {
            while judging.len() < IN_FLIGHT
                && let Some((line, again)) = waiting.next()
            {
                judging.push_back(self.judge(source, line, parts, *again));
            }
            match judging.next().await {
                Some(one) => judged.push(one?),
                None => return Ok(judged),
            }
        }
    }

    async fn judge(
        &self,
        source: &Source,
        stated: &StatedLine,
        parts: &PayoutParts,
        again: bool,
    ) -> Result<Judged, Failed> {
        if again {
            return Ok((None, Ok(Verdict::Variance(Variance::Repeated))));
        }
        if stated.line.kind == LineKind::Payout {
            return Ok((None, parts.judge(stated)));
        }
        if !stated.line.kind.is_of_an_order() {
            let why = match stated.line.kind {
                LineKind::Fee => Unknown::NotOfAnOrder,
                _ => Unknown::UnknownKind,
            };
            return Ok((None, Err(why)));
        }
        let Some(order) = self.find(source, &stated.references).await? else {
            return Ok((None, Err(Unknown::NoOrder)));
        };
        let payment = stated
            .references
            .iter()
            .find_map(|reference| match reference {
                Reference::Payment(payment) => Some(payment.clone()),
                _ => None,
            });
        let fact = Fact::Payout(PayoutFact {
            source: source.slug.clone(),
            payment,
            line: stated.line.clone(),
        });
        self.hub.report(order, &source.actor(), fact).await?;
        let state = self.hub.order(order).await?;
        let verdict = state.and_then(|(order, _)| order.payout_verdict(&stated.line));
        Ok((Some(order), verdict.ok_or(Unknown::NoOrder)))
    }

    /// The order that the first reference leads to.
    async fn find(
        &self,
        source: &Source,
        references: &[Reference],
    ) -> Result<Option<OrderId>, Failed> {
        for reference in references {
            let found = match reference {
                Reference::Payment(value) => {
                    let reference = OrderRef {
                        kind: RefKind::Payment,
                        scope: source.slug.to_string(),
                        value: value.clone(),
                    };
                    self.journal.resolve(&reference).await?
                }
                Reference::Order(order) => self.hub.order(*order).await?.map(|_| *order),
                Reference::External(id) => match source.channel {
                    Some(channel) => self.journal.find(channel, id).await?,
                    None => None,
                },
            };
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }
}

fn kept_line(
    source: &Source,
    stated: &StatedLine,
    again: bool,
    order: Option<OrderId>,
    verdict: &Result<Verdict, Unknown>,
) -> KeptLine {
    let (word, reason, expected) = match verdict {
        Ok(Verdict::Matched) => ("matched", None, None),
        Ok(Verdict::Variance(why)) => ("variance", Some(why.word()), why.expected()),
        Err(why) => ("unknown", Some(why.word()), None),
    };
    let line = &stated.line;
    // One that repeats another is kept beside it.
    let name = if again {
        format!("{}#{}", line.id, stated.number)
    } else {
        line.id.clone()
    };
    KeptLine {
        id: line_id(&source.slug, &name),
        source: source.slug.clone(),
        line: name,
        number: stated.number,
        kind: line.kind,
        gross: line.gross,
        fee: line.fee,
        net: line.net,
        at: line.at,
        payout: stated.payout.clone(),
        order,
        verdict: word.to_owned(),
        reason: reason.map(str::to_owned),
        expected,
        resolution: None,
    }
}
