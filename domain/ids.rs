//! Identities: how an order, its children, its effects and its requests are named.
//!
//! Everything here is computed, never rolled: the same input gives the same id on every node. What
//! needs randomness (the random part of a `UUIDv7`) is passed in by the shell.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// Number of virtual shards, for ever: an order's shard is part of its id.
pub const SHARDS: u16 = 256;

/// The name of a text that does not parse as the id it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{text}\" is not {expected}")]
pub struct MalformedId {
    /// What stood there.
    pub text: String,
    /// What was expected, with its article: "an order id".
    pub expected: &'static str,
}

fn malformed(text: &str, expected: &'static str) -> MalformedId {
    MalformedId {
        text: text.chars().take(80).collect(),
        expected,
    }
}

/// A virtual shard, 0..256: the unit of ownership and of the log's sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ShardId(pub u8);

impl ShardId {
    /// Every shard, in order.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..=u8::MAX).map(Self)
    }
}

impl fmt::Display for ShardId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// The immutable identity of a sales channel; its slug may be renamed, this may not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ChannelId(pub Uuid);

impl ChannelId {
    /// The first two bytes of SHA-256 over the length-prefixed channel id and external id. They
    /// give the shard and are the tail of the order's id, so that a create, a channel's webhook
    /// and an API call all find the shard without a look-up.
    pub fn hash16(self, external_id: &str) -> [u8; 2] {
        let mut hasher = Sha256::new();
        for part in [self.0.as_bytes().as_slice(), external_id.as_bytes()] {
            hasher.update((part.len() as u64).to_be_bytes());
            hasher.update(part);
        }
        let digest = hasher.finalize();
        [digest[0], digest[1]]
    }

    /// The shard of the order with this external id.
    pub fn shard(self, external_id: &str) -> ShardId {
        ShardId(self.hash16(external_id)[0])
    }
}

/// An order's id: a `UUIDv7` whose last two bytes are the `hash16` of its channel and external id.
/// Written `ord_` and 32 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrderId(Uuid);

impl OrderId {
    /// A new id from the time in milliseconds since 1970, eight random bytes of the shell's and
    /// the order's `hash16`.
    pub fn new(unix_ms: u64, random: [u8; 8], hash16: [u8; 2]) -> Self {
        let mut tail = [0; 10];
        tail[..8].copy_from_slice(&random);
        tail[8..].copy_from_slice(&hash16);
        Self(uuid::Builder::from_unix_timestamp_millis(unix_ms, &tail).into_uuid())
    }

    /// The id with this raw value, as the store keeps it.
    pub const fn from_uuid(uuid: Uuid) -> Self {
        Self(uuid)
    }

    /// The raw value.
    pub const fn uuid(self) -> Uuid {
        self.0
    }

    /// The shard that owns this order.
    pub fn shard(self) -> ShardId {
        ShardId(self.0.as_bytes()[14])
    }

    /// The effect that the event at `version` opens. One event opens at most one effect, so the
    /// pair is unique for ever; partners get it as idempotency key or reference.
    pub fn effect(self, version: u64) -> EffectId {
        EffectId(Uuid::new_v5(
            &self.0,
            format!("effect:{version}").as_bytes(),
        ))
    }
}

impl fmt::Display for OrderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ord_{}", self.0.simple())
    }
}

impl fmt::Debug for OrderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for OrderId {
    type Err = MalformedId;

    fn from_str(text: &str) -> Result<Self, MalformedId> {
        text.strip_prefix("ord_")
            .filter(|hex| {
                hex.len() == 32 && hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
            })
            .and_then(|hex| Uuid::try_parse(hex).ok())
            .map(Self)
            .ok_or_else(|| malformed(text, "an order id (ord_ and 32 hexadecimal digits)"))
    }
}

macro_rules! child_id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal, $expected:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name {
            /// The order it belongs to.
            pub order: OrderId,
            /// Its number within the order, from 1.
            pub number: u16,
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}{}_{}", $prefix, self.order.0.simple(), self.number)
            }
        }

        impl FromStr for $name {
            type Err = MalformedId;

            fn from_str(text: &str) -> Result<Self, MalformedId> {
                let wrong = || malformed(text, $expected);
                let (order, number) = text
                    .strip_prefix($prefix)
                    .and_then(|rest| rest.split_once('_'))
                    .ok_or_else(wrong)?;
                let order: OrderId = format!("ord_{order}").parse().map_err(|_| wrong())?;
                let number: u16 = number.parse().map_err(|_| wrong())?;
                let id = Self { order, number };
                // One text per id: "ful_x_01" and "ful_x_+1" are not ids.
                if number == 0 || id.to_string() != text {
                    return Err(wrong());
                }
                Ok(id)
            }
        }
    };
}

child_id! {
    /// The n-th fulfilment of an order, counted from 1. Written `ful_<order>_<n>`.
    FulfilmentId, "ful_", "a fulfilment id (ful_<order>_<number>)"
}
child_id! {
    /// The n-th return of an order, counted from 1. Written `ret_<order>_<n>`.
    ReturnId, "ret_", "a return id (ret_<order>_<number>)"
}

/// A parcel of a fulfilment: what a carrier knows it by. The first is written like its fulfilment, as it
/// was when there was but one; the n-th `<fulfilment>_p<n>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ParcelId {
    /// The fulfilment.
    pub fulfilment: FulfilmentId,
    /// The parcel's number within it, from 1.
    pub number: u16,
}

impl fmt::Display for ParcelId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.number {
            1 => fmt::Display::fmt(&self.fulfilment, f),
            number => write!(f, "{}_p{number}", self.fulfilment),
        }
    }
}

/// One wanted action on the outside world, the same through every try.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EffectId(pub Uuid);

impl fmt::Display for EffectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// One request of a client. The same request sent twice has the same id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CommandId(pub Uuid);

/// The root of all command ids; its own value has no meaning.
const COMMANDS: Uuid = Uuid::from_u128(0x6f72_6465_7268_7562_0063_6f6d_6d61_6e64);

impl CommandId {
    /// The id of a request with a client's `Idempotency-Key`. `target` is what it reached: an
    /// order id, or channel id and external id. Parts are length-prefixed, so no two tuples meet.
    pub fn of_request(api_key: &str, method: &str, path: &str, target: &str, key: &str) -> Self {
        let mut name = Vec::new();
        for part in [api_key, method, path, target, key] {
            name.extend_from_slice(&(part.len() as u64).to_be_bytes());
            name.extend_from_slice(part.as_bytes());
        }
        Self(Uuid::new_v5(&COMMANDS, &name))
    }

    /// The id of a create without a key: the natural key, for ever.
    pub fn of_create(channel: ChannelId, external_id: &str) -> Self {
        let channel = channel.0.simple().to_string();
        Self::of_request("", "create", &channel, external_id, "")
    }
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub String);

        impl $name {
            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text)
            }
        }
    };
}

text_id! {
    /// A configured connection's short name: `[a-z][a-z0-9-]{0,31}`.
    Slug
}
text_id! {
    /// A location's code as the operator configured it, e.g. `BER1`. Immutable.
    LocationCode
}
text_id! {
    /// A stock keeping unit, as the channels and the stock feeds spell it.
    Sku
}

impl Slug {
    /// Whether the text is a legal slug.
    pub fn is_valid(text: &str) -> bool {
        let mut bytes = text.bytes();
        text.len() <= 32
            && bytes.next().is_some_and(|b| b.is_ascii_lowercase())
            && bytes.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    }
}

impl Serialize for OrderId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for OrderId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order() -> OrderId {
        let channel = ChannelId(Uuid::from_u128(7));
        OrderId::new(
            1_760_000_000_000,
            [1, 2, 3, 4, 5, 6, 7, 8],
            channel.hash16("W-1"),
        )
    }

    #[test]
    fn an_order_id_carries_its_shard() {
        assert_eq!(order().shard(), ChannelId(Uuid::from_u128(7)).shard("W-1"));
    }

    #[test]
    fn ids_survive_the_way_through_text() {
        let order = order();
        assert_eq!(order.to_string().parse(), Ok(order));
        let fulfilment = FulfilmentId { order, number: 12 };
        assert_eq!(fulfilment.to_string().parse(), Ok(fulfilment));
        let back = ReturnId { order, number: 3 };
        assert_eq!(back.to_string().parse(), Ok(back));
    }

    #[test]
    fn each_parcel_of_a_fulfilment_has_a_name_of_its_own() {
        let order = order();
        let fulfilment = FulfilmentId { order, number: 12 };
        let named = |number| ParcelId { fulfilment, number }.to_string();
        assert_eq!(named(1), fulfilment.to_string());
        assert_eq!(named(2), format!("{fulfilment}_p2"));
    }

    #[test]
    fn only_one_text_names_a_fulfilment() {
        let plain = order().uuid().simple().to_string();
        for text in [
            format!("ful_{plain}_0"),
            format!("ful_{plain}_01"),
            format!("ful_{plain}_+1"),
            format!("ful_{plain}"),
            format!("ful_{}_1", plain.to_uppercase()),
            format!("ful_{plain}_65536"),
        ] {
            assert!(text.parse::<FulfilmentId>().is_err(), "{text}");
        }
    }

    #[test]
    fn length_prefixes_keep_neighbours_apart() {
        let one = CommandId::of_request("k", "POST", "/v1/orders", "ab", "c");
        let other = CommandId::of_request("k", "POST", "/v1/orders", "a", "bc");
        assert_ne!(one, other);
    }
}
