//! Places on the globe, in whole numbers: distances only rank locations, and a rank must come out
//! the same on every machine.

use serde::{Deserialize, Serialize};

/// A place, in ten-thousandths of a degree (about 11 m).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Point {
    /// Degrees north.
    pub lat: i32,
    /// Degrees east.
    pub lon: i32,
}

/// Ten-thousandths of a degree in a degree.
const PARTS: i64 = 10_000;

impl Point {
    /// The same place to a tenth of a degree (about 11 km): near enough to choose a location, and no
    /// buyer's address any more.
    #[must_use]
    pub const fn blurred(self) -> Self {
        const fn tenth(part: i32) -> i32 {
            (part + 500).div_euclid(1_000) * 1_000
        }
        Self {
            lat: tenth(self.lat),
            lon: tenth(self.lon),
        }
    }

    /// Kilometres to another place, as on a flat map that is true to scale between them: within a
    /// percent or two on a continent, too long across oceans.
    pub fn km_to(self, other: Self) -> u32 {
        let north = i64::from(self.lat - other.lat);
        let mut east = i64::from(self.lon) - i64::from(other.lon);
        if east.abs() > 180 * PARTS {
            east = 360 * PARTS - east.abs();
        }
        let middle = i64::midpoint(self.lat.into(), other.lat.into());
        // A ten-thousandth of a degree is 11.132 m.
        let north = north * 11_132 / 1_000;
        let east = east * 11_132 / 1_000 * cosine(middle) / PARTS;
        let metres = (north * north + east * east).isqrt();
        u32::try_from((metres + 500) / 1_000).unwrap_or(u32::MAX)
    }
}

/// The cosine of an angle in ten-thousandths of a degree, times ten thousand: Bhaskara's formula,
/// right to 0.2 percent.
fn cosine(angle: i64) -> i64 {
    let square = angle * angle / PARTS / PARTS;
    PARTS * (32_400 - 4 * square) / (32_400 + square)
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn point(lat: i32, lon: i32) -> Point {
        Point { lat, lon }
    }

    #[test]
    fn known_distances_come_out_within_two_percent() {
        let berlin = point(525_200, 134_050);
        for (to, km) in [
            (point(488_566, 23_522), 878),
            (point(535_511, 99_937), 255),
            (point(418_967, 124_822), 1_184),
            (point(601_699, 249_384), 1_106),
        ] {
            let found = i64::from(berlin.km_to(to));
            assert!((found - km).abs() * 50 <= km, "{found} for {km}");
            assert_eq!(berlin.km_to(to), to.km_to(berlin));
        }
    }

    #[test]
    fn the_date_line_is_no_wall() {
        let fiji = point(-180_000, 1_780_000);
        let samoa = point(-138_000, -1_720_000);
        assert!(fiji.km_to(samoa) < 1_300);
    }

    #[test]
    fn a_blurred_place_names_no_house() {
        assert_eq!(
            point(525_249, -1_349).blurred(),
            point(525_000, -1_000).blurred()
        );
        assert!(
            point(525_249, 134_050)
                .blurred()
                .km_to(point(525_249, 134_050))
                <= 8
        );
    }
}
