//! The two streams: made where they are missing, and left as they are where an operator made them.

use std::time::Duration;

use async_nats::jetstream::context::GetStreamErrorKind;
use async_nats::jetstream::stream::{self, DiscardPolicy, RetentionPolicy, StorageType, Stream};
use async_nats::jetstream::{Context, ErrorCode};

use crate::port::CallError;

/// How long a stream that we make keeps messages, whether somebody took them or not.
const RETENTION: Duration = Duration::from_hours(30 * 24);
/// How long a stream that we make recognises repeats by their id.
const DUPLICATES: Duration = Duration::from_hours(1);
/// Largest message of a stream that we make, in bytes.
const LARGEST: i32 = 1024 * 1024;

/// A stream with its present state, made with these subjects if it is not there.
///
/// # Errors
/// One sentence with what somebody has to do at the server.
pub(super) async fn there(
    context: &Context,
    name: &str,
    subjects: &str,
) -> Result<Stream, CallError> {
    match look(context, name).await? {
        Some(stream) => Ok(stream),
        None => make(context, name, subjects).await,
    }
}

/// A stream with its present state, if it is there.
///
/// # Errors
/// As for [`there`].
pub(super) async fn look(context: &Context, name: &str) -> Result<Option<Stream>, CallError> {
    let error = match context.get_stream(name).await {
        Ok(stream) => return usable(stream, name).map(Some),
        Err(error) => error,
    };
    let told = match error.kind() {
        GetStreamErrorKind::JetStream(told) => Some(told.error_code()),
        _ => None,
    };
    match told {
        Some(ErrorCode::STREAM_NOT_FOUND) => Ok(None),
        Some(ErrorCode::JETSTREAM_NOT_ENABLED | ErrorCode::JETSTREAM_NOT_ENABLED_FOR_ACCOUNT) => {
            let reason = "the NATS server has no JetStream for this account; enable it there";
            Err(CallError::not_done(reason))
        }
        _ => Err(CallError::not_done(format!(
            "the NATS server says nothing of the stream {name} ({error}); look whether JetStream is on \
             and this user may publish to $JS.API.STREAM.INFO.{name}"
        ))),
    }
}

/// A stream on which nobody has asked yet for what comes must keep it all the same.
fn usable(stream: Stream, name: &str) -> Result<Stream, CallError> {
    if stream.cached_info().config.retention == RetentionPolicy::Interest {
        return Err(CallError::not_done(format!(
            "the stream {name} keeps only what its consumers ask for; make it again with retention limits"
        )));
    }
    Ok(stream)
}

async fn make(context: &Context, name: &str, subjects: &str) -> Result<Stream, CallError> {
    let config = stream::Config {
        name: name.to_owned(),
        subjects: vec![subjects.to_owned()],
        description: Some("Between orderhub and a warehouse".to_owned()),
        retention: RetentionPolicy::Limits,
        // A full stream refuses its sender, who then knows; nothing is dropped for lack of room.
        discard: DiscardPolicy::New,
        storage: StorageType::File,
        max_age: RETENTION,
        duplicate_window: DUPLICATES,
        max_message_size: LARGEST,
        num_replicas: 1,
        ..stream::Config::default()
    };
    let made = context.create_stream(config).await;
    made.map_err(|error| {
        CallError::not_done(format!(
            "the stream {name} is not there and cannot be made ({error}); make it, as one who may: \
             nats stream add {name} --subjects '{subjects}' --retention limits --defaults"
        ))
    })
}
