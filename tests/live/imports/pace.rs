//! How fast a file is read in, beside the same rows put into a table by the database alone. Not a test of
//! anything: run it by hand.
//!
//! ```text
//! cargo test --test live -- --ignored --nocapture the_pace_of_an_import
//! ```

use std::time::Instant;

use crate::support::operator::Operator;
use crate::support::world::World;

use super::files::{File, many, row};

const ROWS: usize = 20_000;
const RUNS: usize = 3;

fn pace(took: std::time::Duration) -> u128 {
    ROWS as u128 * 1_000 / took.as_millis().max(1)
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "measures; run with --ignored --nocapture the_pace_of_an_import"]
async fn the_pace_of_an_import() {
    let file = File::of(&many(ROWS));
    for run in 1..=RUNS {
        let world = World::start().await;
        let operator = Operator::of(&world);
        let line = format!("import shopify-csv {} --channel shop-de", file.path());
        let started = Instant::now();
        operator.text(&format!("{line} --dry-run -o json"));
        let tried = started.elapsed();
        let started = Instant::now();
        operator.text(&line);
        let imported = started.elapsed();
        let started = Instant::now();
        operator.text(&line);
        let again = started.elapsed();
        let bare = bare(&world).await;
        println!(
            "run {run}: {ROWS} rows: dry run {}/s, import {}/s, again {}/s; bare inserts of 500 rows {}/s",
            pace(tried),
            pace(imported),
            pace(again),
            pace(bare)
        );
    }
}

/// The same rows as texts into one table without an index, 500 a statement, by one connection.
async fn bare(world: &World) -> std::time::Duration {
    let rows: Vec<String> = (1..=ROWS)
        .map(|number| row(&[("Id", &number.to_string())]))
        .collect();
    let pool = sqlx::PgPool::connect(&world.setup.database_url)
        .await
        .expect("connected");
    let table = "create table if not exists bare_row (id uuid default gen_random_uuid(), row text)";
    sqlx::query(table).execute(&pool).await.expect("made");
    let started = Instant::now();
    for some in rows.chunks(500) {
        let insert = "insert into bare_row (row) select unnest($1::text[])";
        sqlx::query(insert)
            .bind(some)
            .execute(&pool)
            .await
            .expect("inserted");
    }
    started.elapsed()
}
