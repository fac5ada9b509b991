//! Seeds and their derivation.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::Rng;

/// The start of a family of random streams: 32 bytes, printed as 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Seed([u8; 32]);

/// Error for a text that is not a seed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseSeedError;

impl fmt::Display for ParseSeedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a seed is a whole number below 2^64 or 64 hexadecimal digits")
    }
}

impl std::error::Error for ParseSeedError {}

impl Seed {
    /// Makes a seed of 32 bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Makes a seed of a small number, as people type it. Different numbers give unrelated streams.
    #[must_use]
    pub fn from_u64(number: u64) -> Self {
        derive(&[0; 32], b"u64", &number.to_le_bytes())
    }

    /// Returns the 32 bytes, for seeding another generator.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 32] {
        self.0
    }

    /// Derives the seed of a named stream. Names are paths by convention: `"cart/fit"`.
    #[must_use]
    pub fn stream(&self, name: &str) -> Self {
        derive(&self.0, b"stream", name.as_bytes())
    }

    /// Derives the seed of a numbered thing: a column, a block of rows, a copy.
    #[must_use]
    pub fn index(&self, number: u64) -> Self {
        derive(&self.0, b"index", &number.to_le_bytes())
    }

    /// Returns a generator that starts at this seed.
    #[must_use]
    pub fn rng(&self) -> Rng {
        Rng::new(self.0)
    }
}

fn derive(parent: &[u8; 32], tag: &[u8], label: &[u8]) -> Seed {
    let mut hash = Sha256::new();
    hash.update(parent);
    hash.update([tag.len() as u8]);
    hash.update(tag);
    hash.update(label);
    Seed(hash.finalize().into())
}

impl fmt::Display for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Seed({self})")
    }
}

impl FromStr for Seed {
    type Err = ParseSeedError;

    fn from_str(text: &str) -> Result<Self, ParseSeedError> {
        if text.len() == 64 && text.is_ascii() {
            let mut bytes = [0; 32];
            for (byte, digits) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
                let pair = std::str::from_utf8(digits).map_err(|_| ParseSeedError)?;
                *byte = u8::from_str_radix(pair, 16).map_err(|_| ParseSeedError)?;
            }
            return Ok(Self(bytes));
        }
        text.parse::<u64>()
            .map(Self::from_u64)
            .map_err(|_| ParseSeedError)
    }
}

impl From<u64> for Seed {
    fn from(number: u64) -> Self {
        Self::from_u64(number)
    }
}

impl TryFrom<String> for Seed {
    type Error = ParseSeedError;

    fn try_from(text: String) -> Result<Self, ParseSeedError> {
        text.parse()
    }
}

impl From<Seed> for String {
    fn from(seed: Seed) -> Self {
        seed.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derivation_is_fixed_forever() {
        let seed = Seed::from_u64(7);
        assert_eq!(
            seed.to_string(),
            "736869e516c1c00bf49f88041d0696ad3c9f8969afd5803e065730db0d2ff85d"
        );
        assert_eq!(
            seed.stream("cart/fit").index(3).to_string(),
            "d6344f257bde9df133c138e593c60494c2f19d9fe4807be1344d84a7ef47265b"
        );
    }

    #[test]
    fn names_and_numbers_give_different_seeds() {
        let seed = Seed::from_u64(1);
        assert_ne!(seed.stream("a"), seed.stream("b"));
        assert_ne!(seed.index(1), seed.index(2));
        assert_ne!(seed.index(0), seed.stream("\0\0\0\0\0\0\0\0"));
        assert_ne!(Seed::from_u64(1), Seed::from_u64(2));
    }

    #[test]
    fn text_forms_round_trip_and_bad_ones_are_refused() {
        let seed = Seed::from_u64(42).stream("x");
        assert_eq!(seed.to_string().parse(), Ok(seed));
        assert_eq!("42".parse(), Ok(Seed::from_u64(42)));
        let not_hex = "g".repeat(64);
        let not_ascii = "é".repeat(32);
        for bad in [
            "",
            "-1",
            "seven",
            "18446744073709551616",
            &not_hex,
            &not_ascii,
        ] {
            assert_eq!(bad.parse::<Seed>(), Err(ParseSeedError), "{bad}");
        }
    }
}
