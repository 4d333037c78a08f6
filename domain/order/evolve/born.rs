//! The fold of the first event: an order as its channel stated it.

use super::super::{AtSource, Ledger, LineState, Order, Received, Recorded, Stage, Tender};

/// The order after its first event.
pub(super) fn born(received: &Received, recorded: &Recorded) -> Order {
    let draft = received.draft.clone();
    let totals = draft.totals();
    let at = recorded.recorded_at;
    let tenders = draft
        .tenders
        .iter()
        .map(|tender| Tender::stated(tender, at))
        .collect();
    let lines = vec![LineState::default(); draft.lines.len()];
    let mut order = Order {
        id: received.id,
        channel: received.channel,
        channel_slug: received.channel_slug.clone(),
        live_connection: received.live_connection,
        body_hash: received.body_hash.clone(),
        version: 1,
        received_at: recorded.recorded_at,
        updated_at: recorded.recorded_at,
        stage: Stage::Received,
        stage_since: recorded.recorded_at,
        confirmed_at: None,
        history: None,
        reason: None,
        ending: None,
        cancelled_at_source: false,
        review: None,
        draft,
        totals,
        lines,
        tenders,
        reservations: std::collections::BTreeMap::new(),
        attempt: 0,
        excluded: std::collections::BTreeSet::new(),
        fulfilments: Vec::new(),
        returns: Vec::new(),
        claims: Vec::new(),
        exchanges: Vec::new(),
        sourced: None,
        sent_to: None,
        parting: None,
        editing: None,
        edits: 0,
        address: 0,
        holds: Vec::new(),
        stuck: None,
        last_hold: 0,
        at_source: AtSource::default(),
        told: Vec::new(),
        outstanding: std::collections::BTreeMap::new(),
        ledger: Ledger::default(),
        store_credits: Vec::new(),
        revived_at: None,
        requests: std::collections::VecDeque::new(),
        ignored: std::collections::VecDeque::new(),
    };
    if let Some(request) = &received.request {
        order.remember(request, recorded);
    }
    if let Some(history) = &received.history {
        order.begin_past(history);
    }
    order
}
