//! What an error of the database means for the statement that got it.

use sqlx::postgres::PgDatabaseError;

/// What became of a statement that did not succeed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Failure {
    /// It was never sent: nothing of it is stored.
    NotSent(String),
    /// The values are refused for good. Not stored.
    Poison(String),
    /// Another writer has used our next place in a shard's sequence. Not stored.
    PlaceTaken(String),
    /// A lock, a deadlock or a time limit of the server. Not stored; the same again may succeed.
    Transient(String),
    /// Waited longer for a lock than it may. Not stored.
    LockTimeout(String),
    /// The server refuses for a reason that repeating does not mend. Not stored.
    Refused(String),
    /// The server is broken inside. Not stored; nothing more must be written by this lane.
    Broken(String),
    /// Stored or not: nobody can say without asking.
    Unknown(String),
}

impl Failure {
    /// Sorts an error of a statement that was sent.
    pub(super) fn of(error: &sqlx::Error) -> Self {
        let sqlx::Error::Database(database) = error else {
            return match error {
                // Encoding fails before anything is sent.
                sqlx::Error::Encode(_) => Self::Poison(error.to_string()),
                _ => Self::Unknown(error.to_string()),
            };
        };
        let code = database.code().unwrap_or_default().into_owned();
        // Only the primary message: detail and hint may quote a row.
        let message = format!("{code}: {}", database.message());
        metrics::counter!("orderhub_pg_errors_total", "sqlstate" => code.clone()).increment(1);
        match code.as_str() {
            "40001" | "40P01" | "57014" => Self::Transient(message),
            "55P03" => Self::LockTimeout(message),
            "23505" if is_event_place(database.as_ref()) => Self::PlaceTaken(message),
            "25006" | "57P01" | "57P02" | "57P03" | "57P04" | "57P05" => Self::Unknown(message),
            _ => match code.get(..2) {
                Some("22" | "23") => Self::Poison(message),
                Some("53" | "08") => Self::Unknown(message),
                Some("XX") => Self::Broken(message),
                _ => Self::Refused(message),
            },
        }
    }

    /// The words of it.
    pub(super) fn message(&self) -> &str {
        match self {
            Self::NotSent(message)
            | Self::Poison(message)
            | Self::PlaceTaken(message)
            | Self::Transient(message)
            | Self::LockTimeout(message)
            | Self::Refused(message)
            | Self::Broken(message)
            | Self::Unknown(message) => message,
        }
    }
}

/// Whether a unique violation is about a shard's sequence: the lane's own numbering, not the values.
fn is_event_place(error: &(dyn sqlx::error::DatabaseError + 'static)) -> bool {
    let Some(error) = error.try_downcast_ref::<PgDatabaseError>() else {
        return false;
    };
    let table = error.table().unwrap_or_default();
    let constraint = error.constraint().unwrap_or_default();
    table.starts_with("event_p") && constraint.ends_with("_pkey")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_server_never_answered_is_unknown() {
        let cut = sqlx::Error::Io(std::io::ErrorKind::ConnectionReset.into());
        assert!(matches!(Failure::of(&cut), Failure::Unknown(_)));
        let garbled = sqlx::Error::Protocol("unexpected message".into());
        assert!(matches!(Failure::of(&garbled), Failure::Unknown(_)));
    }

    #[test]
    fn what_was_never_sent_is_not_unknown() {
        let encoding = sqlx::Error::Encode("too long".into());
        assert!(matches!(Failure::of(&encoding), Failure::Poison(_)));
    }
}
