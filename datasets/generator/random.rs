//! Random numbers that are the same everywhere.

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};

/// A stream of random numbers, with the few ways of drawing the generator needs.
///
/// Everything is made of whole 64-bit outputs, in a fixed order, and of integer
/// arithmetic, so that no version of a crate and no platform can change it.
pub(super) struct Random(Xoshiro256PlusPlus);

impl Random {
    /// The stream of `seed`.
    pub(super) fn new(seed: u64) -> Self {
        Self(Xoshiro256PlusPlus::seed_from_u64(seed))
    }

    /// 64 random bits.
    pub(super) fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A number below `bound`, or 0 if `bound` is 0.
    ///
    /// The bias of the multiplication is below 2^-32 for every bound in use.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.bits()) * u128::from(bound)) >> 64) as u64
    }

    /// True once in `rate` calls on average.
    pub(super) fn one_in(&mut self, rate: u64) -> bool {
        self.below(rate) == 0
    }

    /// A number below `bound`, the smaller the more often.
    ///
    /// The number `i` comes up in proportion to `ln(bound / i)`.
    pub(super) fn skewed(&mut self, bound: u64) -> u64 {
        let limit = self.below(bound) + 1;
        self.below(limit)
    }

    /// A number below 2^`high`, with as many numbers drawn from each of the
    /// powers of two from 2^`low` on: a long tail.
    pub(super) fn long_tail(&mut self, low: u64, high: u64) -> u64 {
        let exponent = low + 1 + self.below(high - low);
        self.below(1 << exponent)
    }

    /// An item of a table of weights and items.
    ///
    /// The items that weigh most belong in front: the table is scanned.
    pub(super) fn weighted<T: Copy>(&mut self, table: &Weighted<T>) -> T {
        let mut left = self.below(table.total);
        for (weight, item) in table.items {
            if left < *weight {
                return *item;
            }
            left -= weight;
        }
        unreachable!("the total is the sum of the weights");
    }
}

/// Items with the weights by which they are drawn.
pub(super) struct Weighted<T: 'static> {
    items: &'static [(u64, T)],
    total: u64,
}

impl<T> Weighted<T> {
    /// A table of weights and items.
    pub(super) const fn new(items: &'static [(u64, T)]) -> Self {
        let mut total = 0;
        let mut index = 0;
        while index < items.len() {
            total += items[index].0;
            index += 1;
        }
        assert!(total > 0, "a table needs an item that can be drawn");
        Self { items, total }
    }
}
