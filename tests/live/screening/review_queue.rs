//! The queue of reviews: people have working time for it, and a gauge says how much of it is over.

use std::time::Duration;

use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

use crate::metrics::Scrape;
use crate::support::operator::Operator;
use crate::support::orders::one_unit;
use crate::support::patience::until;
use crate::support::world::World;

/// Enough for gauges that are read from the store every 10 s.
const READ_AGAIN: Duration = Duration::from_mins(1);

const fn word(day: Weekday) -> &'static str {
    match day {
        Weekday::Monday => "monday",
        Weekday::Tuesday => "tuesday",
        Weekday::Wednesday => "wednesday",
        Weekday::Thursday => "thursday",
        Weekday::Friday => "friday",
        Weekday::Saturday => "saturday",
        Weekday::Sunday => "sunday",
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_review_is_due_in_working_time_and_a_gauge_says_when_it_is_nearly_late() {
    // People work on one day of the week, which is three days off, and an hour on it is not enough.
    let today = Timestamp::now().to_zoned(TimeZone::UTC).date();
    let day = today.checked_add(Span::new().days(3)).unwrap();
    let rules = format!(
        "[policy]\nreview_sla = \"2h\"\n\
         [policy.business_hours]\ntimezone = \"UTC\"\n{} = [\"09:00-10:00\", \"13:30-17:00\"]\n\
         [policy.screening]\nwindow = \"1h\"\nemail_orders = 2\nemail_weight = 60\n",
        word(day.weekday())
    );
    let world = World::start_under(&rules).await;
    let api = &world.api;
    api.count("BER1", "SKU-1", 20).await;
    let gauges = || async {
        let scrape = Scrape::of(&world.hub).await;
        let value = |name| scrape.value(name, &[]);
        let age = value("orderhub_review_oldest_age_seconds")?;
        Some((age, value("orderhub_review_time_used_ratio")?))
    };
    let none = until("the gauges are there", READ_AGAIN, gauges).await;
    assert_eq!(none, (0.0, 0.0));

    api.place(&one_unit("R-1", "SKU-1")).await;
    let second = api.place(&one_unit("R-2", "SKU-1")).await;
    assert_eq!(api.order(&second).await["stage"], "screening");
    let why = api.get(&format!("/v1/orders/{second}/explain")).await;
    let due = day.at(14, 30, 0, 0).to_zoned(TimeZone::UTC).unwrap();
    let until_then: Timestamp = why.expect(200)["until"].as_str().unwrap().parse().unwrap();
    assert_eq!(until_then, due.timestamp());

    until("somebody waits", READ_AGAIN, || async {
        let (age, used) = gauges().await?;
        (age > 0.0 && used < 0.5).then_some(())
    })
    .await;
    // What takes days has been so for weeks.
    sqlx::query("update orderhub.order_list set received_at = received_at - interval '60 days'")
        .execute(&world.audit)
        .await
        .unwrap();
    until("it is nearly late", READ_AGAIN, || async {
        let (age, used) = gauges().await?;
        (age > 59.0 * 86_400.0 && used > 0.75 && used < 1.0).then_some(())
    })
    .await;
    let operator = Operator::of(&world);
    operator.text(&format!("orders approve {second} --reason fine"));
    until("nobody waits", READ_AGAIN, || async {
        (gauges().await? == (0.0, 0.0)).then_some(())
    })
    .await;
    api.until_stage(&second, &["fulfilling"]).await;
}
