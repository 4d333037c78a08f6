//! Packing: into which parcels work goes, as people say it and as it is recorded, and why what they say
//! is refused.

use serde::{Deserialize, Serialize};

use super::fact::PickedLine;
use crate::quantity::Quantity;

/// The most parcels that one piece of work goes out in.
pub const PARCELS_MOST: usize = 99;

/// The longest side of a parcel, in millimetres.
pub const LONGEST_SIDE_MM: u32 = 10_000;

/// The size of a parcel in millimetres, each from 1 to [`LONGEST_SIDE_MM`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParcelSize {
    /// Its longest side.
    pub length_mm: u32,
    /// Its width.
    pub width_mm: u32,
    /// Its height.
    pub height_mm: u32,
}

impl ParcelSize {
    /// A size, whichever side is named first; `None` when a side is nothing or too long.
    pub fn new(sides: [u32; 3]) -> Option<Self> {
        let mut sides = sides;
        sides.sort_unstable_by(|one, other| other.cmp(one));
        let [length_mm, width_mm, height_mm] = sides;
        let holds = height_mm > 0 && length_mm <= LONGEST_SIDE_MM;
        holds.then_some(Self {
            length_mm,
            width_mm,
            height_mm,
        })
    }

    /// Its sides, the longest first.
    pub const fn sides(self) -> [u32; 3] {
        [self.length_mm, self.width_mm, self.height_mm]
    }
}

/// As people write it: `300x200x100`.
impl std::str::FromStr for ParcelSize {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let sides = text.split('x').map(|side| side.trim().parse::<u32>().ok());
        let sides: Option<Vec<u32>> = sides.collect();
        let sides = sides.and_then(|sides| <[u32; 3]>::try_from(sides).ok());
        let wrong = || {
            format!("write three sides in millimetres, up to {LONGEST_SIDE_MM}, like 300x200x100")
        };
        sides.and_then(Self::new).ok_or_else(wrong)
    }
}

/// A parcel as a packer states it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StatedParcel {
    /// What is in it, by the channel's line id; `None` when the packer does not say.
    pub lines: Option<Vec<(String, Quantity)>>,
    /// What it weighs in grams, if it was weighed.
    pub weight_g: Option<u32>,
    /// Its size, if it was measured.
    pub size: Option<ParcelSize>,
}

/// A parcel that work was packed into.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackedParcel {
    /// What is in it; nothing when nobody said.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<PickedLine>,
    /// What it weighs in grams, if it was weighed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight_g: Option<u32>,
    /// Its size, if it was measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<ParcelSize>,
}

/// A parcel of an order: the number of its fulfilment, and its own within that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "StoredParcel", into = "StoredParcel")]
pub struct ParcelOf {
    /// The fulfilment's number.
    pub fulfilment: u16,
    /// The parcel's number within it.
    pub parcel: u16,
}

/// As it is stored: the first parcel of a fulfilment is named by its fulfilment, as it was when there
/// was but one.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum StoredParcel {
    First(u16),
    Any { fulfilment: u16, parcel: u16 },
}

impl From<StoredParcel> for ParcelOf {
    fn from(stored: StoredParcel) -> Self {
        match stored {
            StoredParcel::First(fulfilment) => Self {
                fulfilment,
                parcel: only(),
            },
            StoredParcel::Any { fulfilment, parcel } => Self { fulfilment, parcel },
        }
    }
}

impl From<ParcelOf> for StoredParcel {
    fn from(named: ParcelOf) -> Self {
        let ParcelOf { fulfilment, parcel } = named;
        if is_only(&parcel) {
            Self::First(fulfilment)
        } else {
            Self::Any { fulfilment, parcel }
        }
    }
}

/// The number of a fulfilment's first parcel, which is its only one unless a packer says otherwise.
pub(super) const fn only() -> u16 {
    1
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde calls it with a reference"
)]
pub(super) const fn is_only(parcel: &u16) -> bool {
    *parcel == 1
}

/// Why work is not packed as stated. Places count from 0.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PackRejection {
    /// More parcels than a piece of work goes out in.
    #[error("a fulfilment goes out in {PARCELS_MOST} parcels at most")]
    TooManyParcels,
    /// Some parcels were stated with what is in them, and this one was not.
    #[error("say what is in every parcel, or in none of them")]
    ContentsMissing {
        /// The parcel's place in the request.
        parcel: usize,
    },
    /// A parcel with nothing in it.
    #[error("parcel {} has nothing in it; leave it out", parcel + 1)]
    EmptyParcel {
        /// The parcel's place in the request.
        parcel: usize,
    },
    /// There is no such line in the fulfilment.
    #[error("the fulfilment has no line \"{line}\"")]
    NoSuchLine {
        /// The channel's line id.
        line: String,
        /// The parcel's place in the request.
        parcel: usize,
        /// The line's place in the parcel.
        place: usize,
    },
    /// More than was picked.
    #[error("line \"{line}\" has {left} left to pack")]
    TooMany {
        /// The channel's line id.
        line: String,
        /// The parcel's place in the request.
        parcel: usize,
        /// The line's place in the parcel.
        place: usize,
        /// How many are left.
        left: Quantity,
    },
    /// Units in no parcel.
    #[error("{left} of line \"{line}\" are in no parcel; every unit goes into one")]
    NotAllPacked {
        /// The channel's line id.
        line: String,
        /// How many are missing.
        left: Quantity,
    },
    /// It was packed otherwise.
    #[error("it was packed into {known} parcels with other contents; that stays as it was")]
    PackedOtherwise {
        /// How many parcels it was packed into.
        known: usize,
    },
}

impl PackRejection {
    /// The stable code that clients branch on.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooManyParcels => "too_many_parcels",
            Self::ContentsMissing { .. } => "contents_missing",
            Self::EmptyParcel { .. } => "empty_parcel",
            Self::NoSuchLine { .. } => "no_such_line",
            Self::TooMany { .. } => "too_many",
            Self::NotAllPacked { .. } => "not_all_packed",
            Self::PackedOtherwise { .. } => "packed_otherwise",
        }
    }

    /// The part of the request that is wrong, as a JSON pointer.
    pub fn pointer(&self) -> String {
        match self {
            Self::ContentsMissing { parcel } => format!("/parcels/{parcel}/lines"),
            Self::EmptyParcel { parcel } => format!("/parcels/{parcel}"),
            Self::NoSuchLine { parcel, place, .. } => {
                format!("/parcels/{parcel}/lines/{place}/line")
            }
            Self::TooMany { parcel, place, .. } => {
                format!("/parcels/{parcel}/lines/{place}/quantity")
            }
            Self::TooManyParcels | Self::NotAllPacked { .. } | Self::PackedOtherwise { .. } => {
                "/parcels".to_owned()
            }
        }
    }
}
