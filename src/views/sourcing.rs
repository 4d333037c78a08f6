//! Why these locations were asked: a decision with its candidates and their points.

use orderhub_domain::order::Order;
use orderhub_domain::sourcing::{Score, Sourced};
use serde_json::{Map, Value, json};

/// A decision about who is asked.
pub fn sourced(order: &Order, decision: &Sourced) -> Value {
    let line_id = |number: u16| order.line(number).map(|line| line.external_id.clone());
    let asked = decision.asked.iter().map(|asked| {
        let lines = asked.lines.iter();
        let lines: Vec<_> = lines
            .map(|(line, units)| json!({ "line": line_id(*line), "quantity": units.to_string() }))
            .collect();
        json!({ "location": asked.location.as_str(), "lines": lines })
    });
    let chosen = |place: usize| {
        let candidate = decision.seen.candidates.get(place);
        candidate.is_some_and(|c| decision.asked.iter().any(|a| a.location == c.location))
    };
    let candidates = decision.scores.iter().filter_map(|score| {
        let place = usize::from(score.candidate);
        let candidate = decision.seen.candidates.get(place)?;
        Some(json!({
            "location": candidate.location.as_str(),
            "chosen": chosen(place),
            "points": score.total,
            "by": by_criterion(score),
            "free": candidate.free,
            "distance_km": candidate.distance_km,
            "wait_minutes": candidate.wait_minutes,
            "load_pct": candidate.load_pct,
        }))
    });
    json!({
        "policy_version": decision.version,
        "rules": decision.rules,
        "at": decision.seen.at,
        "because": decision.sentence(),
        "asked": asked.collect::<Vec<_>>(),
        "points": decision.points,
        "gap": decision.gap,
        "queued": decision.queued,
        "candidates": candidates.collect::<Vec<_>>(),
        "left_out": decision.seen.left_out,
    })
}

fn by_criterion(score: &Score) -> Value {
    let points = score.points.iter();
    let points: Map<String, Value> = points
        .map(|(criterion, points)| (criterion.word().to_owned(), (*points).into()))
        .collect();
    points.into()
}
