//! The list of captures that no payout has named: which captures a line settles, in which order, and what
//! several readers at once make of it.

use orderhub::settlement::{Payouts, UnreconciledFilter};
use orderhub::store::Store;
use orderhub_actors::ports::{Appended, Claims, LaneWriter, Ownership};
use orderhub_domain::order::{
    Account, Event, JudgedLine, PaymentEvidence, Reported, Stage, transfer,
};
use orderhub_domain::settlement::{LineKind, PayoutLine, Variance, Verdict};

use crate::contract::fixture::{NewOrder, append, eur, noted};
use crate::world::{Database, channel};

struct Scene {
    _database: Database,
    stores: [Store; 2],
    claims: Claims,
}

impl Scene {
    async fn new() -> Self {
        let database = Database::new().await;
        let stores = [database.store("a").await, database.store("b").await];
        let claims = stores[0].claim_all(&[]).await.expect("claimed");
        Self {
            _database: database,
            stores,
            claims,
        }
    }

    async fn order(&self) -> NewOrder {
        let order = NewOrder::of(channel(&self.stores[0]).await);
        self.commit(order.create(&self.claims)).await;
        order
    }

    async fn goes_on(&self, order: &NewOrder, expected: u64, events: Vec<Event>) {
        let next = append(order.id, &self.claims, expected, events, Stage::Fulfilling);
        self.commit(next).await;
    }

    async fn commit(&self, append: orderhub_actors::ports::Append) {
        let answers = self.stores[0].lane().commit(&[append]).await;
        assert_eq!(answers, [Appended::Committed]);
    }

    /// What is open of which capture, once the readers of both nodes have read everything at once.
    async fn open(&self) -> Vec<(i64, String)> {
        let [mut one, mut other] = self.stores.each_ref().map(Store::unreconciled_trail);
        let read = tokio::join!(one.catch_up(), other.catch_up());
        read.0.expect("read");
        read.1.expect("read");
        // A reader leaves to the other what the other is at.
        one.catch_up().await.expect("read");
        let filter = UnreconciledFilter {
            sources: vec!["stripe-eu".into()],
            limit: 100,
            ..UnreconciledFilter::default()
        };
        let (found, _) = self.stores[1].unreconciled(&filter).await.expect("listed");
        let shown = found.into_iter();
        shown
            .map(|one| (one.place.version, one.open.amount().to_string()))
            .collect()
    }
}

fn captured(cents: i64) -> Event {
    let amount = eur(cents);
    Event::PaymentReported {
        tender: 1,
        payment: PaymentEvidence::Captured {
            reference: "pi_1".into(),
            amount: Reported::Part {
                reference: format!("ch_{cents}"),
                amount,
            },
        },
        postings: transfer(
            Account::Receivable,
            Account::Cash("stripe-eu".into()),
            amount,
        ),
        closes: Vec::new(),
    }
}

fn judged(id: &str, kind: LineKind, cents: i64, judged: Verdict) -> Event {
    let gross = eur(cents);
    Event::PayoutLineJudged(Box::new(JudgedLine {
        tender: 1,
        line: PayoutLine {
            id: id.into(),
            kind,
            gross,
            fee: eur(0),
            net: gross,
            at: None,
        },
        judged,
        postings: Vec::new(),
    }))
}

fn matched(id: &str, cents: i64) -> Event {
    judged(id, LineKind::Charge, cents, Verdict::Matched)
}

fn open(captures: &[(i64, &str)]) -> Vec<(i64, String)> {
    let captures = captures.iter();
    captures
        .map(|(version, open)| (*version, (*open).to_owned()))
        .collect()
}

#[tokio::test]
async fn lines_settle_the_oldest_captures_first_and_only_those_that_fit_settle() {
    let scene = Scene::new().await;
    let order = scene.order().await;
    scene
        .goes_on(&order, 2, vec![captured(4000), captured(5000)])
        .await;
    let all = open(&[(3, "40.00"), (4, "50.00")]);
    assert_eq!(scene.open().await, all);
    let wrong = Verdict::Variance(Variance::NotKnown);
    let others = vec![
        judged("txn_0", LineKind::Charge, 9000, wrong),
        judged("txn_r", LineKind::Refund, -500, Verdict::Matched),
        noted("news"),
    ];
    scene.goes_on(&order, 4, others).await;
    assert_eq!(scene.open().await, all, "none of these names a capture");
    scene.goes_on(&order, 7, vec![matched("txn_1", 4500)]).await;
    assert_eq!(scene.open().await, open(&[(4, "45.00")]));
    // Taken, named and taken again within one reading.
    let at_once = vec![matched("txn_2", 4500), captured(700), matched("txn_3", 300)];
    scene.goes_on(&order, 8, at_once).await;
    assert_eq!(scene.open().await, open(&[(10, "4.00")]));
    scene.goes_on(&order, 11, vec![matched("txn_4", 400)]).await;
    assert_eq!(scene.open().await, open(&[]));
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_of_several_nodes_count_each_capture_once() {
    let scene = Scene::new().await;
    let order = scene.order().await;
    let mut version = 2;
    for round in 1..=30_u64 {
        let cents = i64::try_from(round).expect("small");
        let named = matched(&format!("txn_{round}"), cents);
        scene.goes_on(&order, version, vec![captured(cents)]).await;
        let [mut one, mut other] = scene.stores.each_ref().map(Store::unreconciled_trail);
        let half = tokio::spawn(async move { one.catch_up().await });
        scene.goes_on(&order, version + 1, vec![named]).await;
        other.catch_up().await.expect("read");
        half.await.expect("ended").expect("read");
        version += 2;
    }
    assert_eq!(scene.open().await, open(&[]));
}
