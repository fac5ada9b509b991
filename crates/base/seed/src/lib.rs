//! Named, reproducible random streams.
//!
//! A [`Seed`] is 32 bytes. Other seeds derive from it by name ([`Seed::stream`]) or number
//! ([`Seed::index`]), and [`Seed::rng`] makes a generator of any of them. Streams belong to
//! *things* (a column, a block of rows), never to threads: the same seed gives the same bytes on
//! any number of threads, and a new stream changes no other.
//!
//! The derivation (SHA-256 over a tagged label) and the generator (ChaCha with 8 rounds) are fixed:
//! their output for a given seed is part of this crate's contract, and a change of it is listed in
//! the changelog. [`Rng`] implements the traits of `rand_core` 0.10, so that `rand` and
//! `rand_distr` draw from it.
//!
//! **A seed is not for privacy noise.** Anyone who has a seed can subtract what was drawn from it;
//! noise that protects people comes from the operating system (see `parable-dp`), through a
//! [`KeyStream`].
//!
//! ```
//! use parable_seed::Seed;
//!
//! let seed = Seed::from_u64(7);
//! let column = seed.stream("cart/fit").index(3);
//! let mut rng = column.rng();
//! let share = rng.uniform();
//! assert!((0.0..1.0).contains(&share));
//! assert_eq!(share, Seed::from_u64(7).stream("cart/fit").index(3).rng().uniform());
//! ```

mod key_stream;
mod rng;
mod seed;

pub use key_stream::KeyStream;
pub use rng::Rng;
pub use seed::{ParseSeedError, Seed};
