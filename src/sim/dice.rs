//! Dice that fall the same in every run: a throw depends on the seed, on what it is for and on its
//! number there, never on what was thrown before or meanwhile.

/// Dice for one thing.
pub(super) struct Dice(u64);

impl Dice {
    /// The dice for thing number `number` of this sort in the world of this seed.
    pub(super) fn of(seed: u64, sort: &str, number: u64) -> Self {
        // FNV-1a over the sort; the mixing below makes of it what looks like chance.
        let sort = sort.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        Self(mixed(mixed(seed ^ sort).wrapping_add(number)))
    }

    /// A number below `bound`; 0 when there is none.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mixed(self.0).checked_rem(bound).unwrap_or_default()
    }

    /// A number of this range, both ends included.
    pub(super) fn within(&mut self, least: u64, most: u64) -> u64 {
        least + self.below(most.saturating_sub(least) + 1)
    }

    /// Whether the one chance in so many came.
    pub(super) fn one_in(&mut self, chances: u64) -> bool {
        self.below(chances) == 0
    }

    /// One of these, which are at least one.
    pub(super) fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        let place = self.below(of.len() as u64);
        &of[usize::try_from(place).unwrap_or_default()]
    }
}

/// The finaliser of `SplitMix64`.
const fn mixed(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn throws(seed: u64, sort: &str) -> Vec<u64> {
        (0..100)
            .map(|number| Dice::of(seed, sort, number).below(1_000))
            .collect()
    }

    #[test]
    fn a_seed_always_throws_the_same_and_another_seed_or_sort_throws_otherwise() {
        assert_eq!(throws(1, "orders"), throws(1, "orders"));
        assert_ne!(throws(1, "orders"), throws(2, "orders"));
        assert_ne!(throws(1, "orders"), throws(1, "declines"));
    }

    #[test]
    fn chances_come_about_as_often_as_they_should() {
        let hits = (0..20_000).filter(|number| Dice::of(7, "faults", *number).one_in(20));
        assert!((800..1_200).contains(&hits.count()));
    }

    #[test]
    fn bounds_are_kept() {
        let mut dice = Dice::of(3, "bounds", 0);
        assert_eq!(dice.below(0), 0);
        assert!((0..1_000).all(|_| (5..=7).contains(&dice.within(5, 7))));
    }
}
