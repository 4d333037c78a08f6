//! Up to where each connection that does not push was asked what is new.

use orderhub_actors::ports::Unavailable;

use super::Store;

const CURSOR: &str = "select cursor from orderhub.poll_cursor where source = $1";

const MOVE: &str = "
insert into orderhub.poll_cursor as kept (source, cursor, moved_at)
values ($1, $2, now())
on conflict (source) do update
set cursor = excluded.cursor, moved_at = excluded.moved_at
where kept.cursor <> excluded.cursor
";

impl Store {
    /// Where a connection's cursor stands.
    pub(super) async fn poll_cursor(&self, source: &str) -> Result<Option<String>, Unavailable> {
        let query = || {
            sqlx::query_scalar(CURSOR)
                .bind(source)
                .fetch_optional(self.pool())
        };
        self.read(query).await
    }

    /// Moves it.
    pub(super) async fn move_poll_cursor(
        &self,
        source: &str,
        cursor: &str,
    ) -> Result<(), Unavailable> {
        let query = || {
            sqlx::query(MOVE)
                .bind(source)
                .bind(cursor)
                .execute(self.pool())
        };
        self.read(query).await?;
        Ok(())
    }
}
