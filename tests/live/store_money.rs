//! Money, as auditors see it.

use orderhub_domain::canonical::{CaptureMode, Terms};
use orderhub_domain::order::{
    EditEvent, Event, MoneyEvent, PaymentEvidence, RenewalReason, Reported,
};

use crate::audit::{Audit, authorized, cents, tender, to_authorize};
use crate::contract::fixture::eur;

fn reported(tender: u16, payment: PaymentEvidence) -> Event {
    Event::PaymentReported {
        tender,
        payment,
        postings: Vec::new(),
        closes: Vec::new(),
    }
}

fn captured(amount: Reported) -> PaymentEvidence {
    PaymentEvidence::Captured {
        reference: "pi_1".to_owned(),
        amount,
    }
}

fn refunded(amount: Reported) -> PaymentEvidence {
    PaymentEvidence::Refunded {
        reference: "pi_1".to_owned(),
        amount,
    }
}

fn part(reference: &str, cents: i64) -> Reported {
    Reported::Part {
        reference: reference.to_owned(),
        amount: eur(cents),
    }
}

fn total(cents: i64) -> Reported {
    Reported::Total { amount: eur(cents) }
}

#[tokio::test]
async fn money_is_counted_once_whatever_was_reported_twice() {
    let mut audit = Audit::new().await;
    let mismatch = Event::MismatchFound {
        tender: 1,
        payment: captured(total(999_999)),
        reason: "another amount".to_owned(),
    };
    let events = vec![
        reported(1, authorized(1000)),
        reported(1, authorized(1000)),
        reported(1, captured(part("ch_1", 400))),
        reported(1, captured(part("ch_2", 600))),
        reported(1, captured(part("ch_1", 400))),
        reported(1, captured(total(400))),
        reported(2, captured(total(999))),
        reported(2, captured(part("ch_9", 500))),
        reported(1, refunded(part("re_1", 100))),
        reported(1, refunded(part("re_2", 50))),
        reported(1, refunded(part("re_2", 50))),
        reported(
            1,
            PaymentEvidence::RefundFailed {
                refund: Some("re_2".to_owned()),
                code: "lost_card".to_owned(),
            },
        ),
        mismatch,
    ];
    let tenders = vec![tender(1000, to_authorize()), tender(999, to_authorize())];
    let order = audit.order(tenders, events).await;
    // The second tender was captured before anybody said that it was authorised.
    assert_eq!(audit.money(&order).await, cents([1999, 1999, 1999, 100]));
}

#[tokio::test]
async fn what_edits_add_and_renewals_set_aside_is_counted() {
    let mut audit = Audit::new().await;
    let proposed = Event::Edit(EditEvent::Proposed {
        edit: 1,
        lines: Vec::new(),
        less: Vec::new(),
        amount: eur(500),
        credit: None,
        exchange: None,
        tender: Some(2),
        means: Some(1),
        reason: "one more".to_owned(),
    });
    let applied = |edit, tender, cents, total| {
        Event::Edit(EditEvent::Applied {
            edit,
            lines: Vec::new(),
            amount: eur(cents),
            total: eur(total),
            tender,
            postings: Vec::new(),
        })
    };
    let renewed = Event::Money(MoneyEvent::ReauthorizationRequested {
        tender: 1,
        renewal: 3,
        amount: eur(600),
        because: RenewalReason::UsedUp,
    });
    let events = vec![
        reported(1, authorized(1000)),
        proposed,
        reported(2, authorized(500)),
        applied(1, Some(2), 500, 1500),
        reported(1, captured(total(400))),
        renewed,
        reported(3, authorized(600)),
        reported(3, captured(total(600))),
        applied(2, None, 0, 1500),
        reported(2, captured(total(500))),
        reported(2, refunded(total(100))),
    ];
    let order = audit
        .order(vec![tender(1000, to_authorize())], events)
        .await;
    assert_eq!(audit.money(&order).await, cents([1500, 1500, 1500, 100]));
}

#[tokio::test]
async fn what_the_channel_took_counts_as_captured() {
    let mut audit = Audit::new().await;
    let settled = |tender, cents| Event::SettledByChannel {
        tender,
        amount: eur(cents),
        postings: Vec::new(),
    };
    let elsewhere = Terms::Authorized {
        gateway: None,
        reference: None,
        expires_at: None,
        capture: CaptureMode::Once,
    };
    let prepaid = Terms::Prepaid { reference: None };
    let tenders = vec![
        tender(1000, prepaid.clone()),
        tender(999, elsewhere.clone()),
    ];
    let told = vec![settled(1, 1000), settled(2, 999), settled(2, 999)];
    let order = audit.order(tenders, told).await;
    assert_eq!(audit.money(&order).await, cents([1999, 1999, 1999, 0]));

    // What nobody says was taken is not in the ledger either.
    let unsettled = audit.order(vec![tender(1999, prepaid)], vec![]).await;
    assert_eq!(audit.money(&unsettled).await, cents([1999, 0, 0, 0]));

    let only = audit.order(vec![tender(1999, elsewhere)], vec![]).await;
    assert_eq!(audit.money(&only).await, cents([1999, 1999, 0, 0]));
    let invoice = audit
        .order(vec![tender(1999, Terms::Invoice)], vec![])
        .await;
    assert_eq!(audit.money(&invoice).await, cents([1999, 0, 0, 0]));
}
