//! Random bytes from a secret key.

use std::fmt;

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng};

/// Random bytes from a secret key: ChaCha with 20 rounds, as encryption uses it.
///
/// For privacy noise, which must not follow from a [`Seed`](crate::Seed): there is no way from the
/// one to the other. The key belongs to the caller, who must not store it. The state cannot be
/// cloned or printed.
pub struct KeyStream(ChaCha20Rng);

impl KeyStream {
    /// Starts the stream of a key.
    #[must_use]
    pub fn from_key(key: [u8; 32]) -> Self {
        Self(ChaCha20Rng::from_seed(key))
    }

    /// Fills a slice with the next bytes.
    pub fn fill(&mut self, bytes: &mut [u8]) {
        self.0.fill_bytes(bytes);
    }
}

impl fmt::Debug for KeyStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyStream(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_those_of_the_published_test_vector() {
        // RFC 8439, appendix A.1, test vector 1: key, nonce and block counter 0.
        let mut bytes = [0; 16];
        KeyStream::from_key([0; 32]).fill(&mut bytes);
        let expected = [
            0x76, 0xb8, 0xe0, 0xad, 0xa0, 0xf1, 0x3d, 0x90, 0x40, 0x5d, 0x6a, 0xe5, 0x53, 0x86,
            0xbd, 0x28,
        ];
        assert_eq!(bytes, expected);
    }
}
