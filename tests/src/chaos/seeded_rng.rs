//! Pseudo-random numbers from a seed: the same seed gives the same call the same fault.

/// Random number generator without state: every draw depends on seed, occasion and number.
#[derive(Clone, Copy)]
pub(super) struct SeededRng(pub(super) u64);

impl SeededRng {
    /// A number from 0 to `below` - 1 for the `number`-th occasion of this name.
    pub(super) fn draw(self, occasion: &str, number: u64, below: u64) -> u64 {
        let seed = occasion.bytes().fold(self.0 ^ 0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        splitmix(seed.wrapping_add(number.wrapping_mul(0x9e37_79b9_7f4a_7c15))) % below.max(1)
    }
}

/// The finaliser of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014).
fn splitmix(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_repeat_with_the_seed_and_are_evenly_distributed() {
        let draws = |seed| (0..6_000).map(|n| SeededRng(seed).draw("GetItem", n, 6)).collect::<Vec<_>>();
        assert_eq!(draws(1), draws(1));
        assert_ne!(draws(1), draws(2));
        for side in 0..6 {
            let count = draws(3).iter().filter(|draw| **draw == side).count();
            assert!((850..1_150).contains(&count), "{side}: {count}");
        }
    }
}
