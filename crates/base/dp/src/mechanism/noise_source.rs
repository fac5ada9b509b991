//! Sources of random bits for privacy noise.

use std::fmt;

use parable_seed::KeyStream;

/// A source of random bits for privacy noise: ChaCha with 20 rounds and a key from the operating
/// system.
///
/// Its state is never shown or stored: anyone who has it can subtract the noise. It cannot be made
/// of the seed of a synthesis, nor lend its bits to one.
pub struct NoiseSource {
    generator: KeyStream,
    insecure: bool,
    /// Words that were generated but not yet given out, from `next` on.
    words: [u64; WORDS],
    next: usize,
    /// Random bits not yet given out one by one, below a marker bit.
    bits: u64,
    /// Half of a word not yet given out.
    half: Option<u32>,
}

/// Number of words generated at a time: 16 blocks of ChaCha.
const WORDS: usize = 128;

impl NoiseSource {
    /// Makes a source keyed with 256 fresh bits from the operating system.
    ///
    /// # Panics
    ///
    /// When the operating system has no random bits to give; no noise is better than predictable
    /// noise.
    pub fn operating_system() -> Self {
        let mut key = [0; 32];
        getrandom::fill(&mut key).expect("the operating system gives random bits");
        let generator = KeyStream::from_key(key);
        key.fill(0);
        std::hint::black_box(&mut key);
        Self {
            generator,
            insecure: false,
            bits: 1,
            words: [0; WORDS],
            next: WORDS,
            half: None,
        }
    }

    /// Makes a source that gives the same bits for the same seed: for tests only. **Anyone who
    /// knows the seed can remove the noise**, so that nothing drawn from it is private;
    /// [`is_insecure`](Self::is_insecure) and records say so.
    pub fn insecure_seeded(seed: [u8; 32]) -> Self {
        Self {
            generator: KeyStream::from_key(seed),
            insecure: true,
            bits: 1,
            words: [0; WORDS],
            next: WORDS,
            half: None,
        }
    }

    /// Returns whether someone who knows a seed can repeat the bits.
    pub const fn is_insecure(&self) -> bool {
        self.insecure
    }

    /// Returns 64 random bits, for mechanisms written elsewhere; those of this crate draw their
    /// own.
    #[inline]
    pub fn next_u64(&mut self) -> u64 {
        if self.next == WORDS {
            self.refill();
        }
        let word = self.words[self.next];
        self.next += 1;
        word
    }

    fn refill(&mut self) {
        let mut bytes = [0; 8 * WORDS];
        self.generator.fill(&mut bytes);
        for (word, bytes) in self.words.iter_mut().zip(bytes.as_chunks::<8>().0) {
            *word = u64::from_le_bytes(*bytes);
        }
        self.next = 0;
    }

    /// 32 random bits.
    #[inline]
    pub(crate) fn next_u32(&mut self) -> u32 {
        if let Some(half) = self.half.take() {
            return half;
        }
        let word = self.next_u64();
        self.half = Some((word >> 32) as u32);
        word as u32
    }

    /// One random bit.
    #[inline]
    pub(crate) fn bit(&mut self) -> bool {
        if self.bits == 1 {
            self.bits = (self.next_u64() >> 1) | (1 << 63);
        }
        let bit = self.bits & 1 == 1;
        self.bits >>= 1;
        bit
    }
}

impl fmt::Debug for NoiseSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NoiseSource")
            .field("insecure", &self.insecure)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeded_bits_repeat_and_say_that_they_are_insecure() {
        let mut a = NoiseSource::insecure_seeded([7; 32]);
        let mut b = NoiseSource::insecure_seeded([7; 32]);
        assert!((0..100).all(|_| a.next_u64() == b.next_u64()));
        assert!(a.is_insecure());
    }

    #[test]
    fn system_bits_do_not_repeat() {
        let mut a = NoiseSource::operating_system();
        let mut b = NoiseSource::operating_system();
        assert!((0..4).any(|_| a.next_u64() != b.next_u64()));
        assert!(!a.is_insecure());
        assert!(!format!("{a:?}").contains("seed"));
    }
}
