//! Waiting for what the hub does in its own time.

use std::time::{Duration, Instant};

const PAUSE: Duration = Duration::from_millis(50);

/// Asks again and again until there is an answer; fails the test, saying `what`, when there is none
/// within `limit`.
pub(crate) async fn until<T, F>(what: &str, limit: Duration, mut ask: impl FnMut() -> F) -> T
where
    F: Future<Output = Option<T>>,
{
    let since = Instant::now();
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(since.elapsed() < limit, "not within {limit:?}: {what}");
        tokio::time::sleep(PAUSE).await;
    }
}

/// Enough for anything that waits for nothing but the hub, on a slow and busy machine.
pub(crate) const SOON: Duration = Duration::from_secs(30);

/// Enough for what a crash interrupted: an effect's lease, its retry, and the machine.
pub(crate) const AFTER_A_CRASH: Duration = Duration::from_mins(2);
