//! Rows as numbers that are equal where the rows are.

use crate::{Column, Missing, Values};

/// A 64-bit digest of each row in the columns at the positions `of`: equal for equal values and
/// reasons, different for others but for chance (about `rows² / 2^65`). Not for secrets: whoever
/// knows the possible values can try them.
///
/// # Panics
/// On a position that is none.
#[must_use]
pub fn digests(columns: &[Column], of: &[usize]) -> Vec<u64> {
    let rows = columns.first().map_or(0, Column::len);
    let mut digests = vec![0x9E37_79B9_7F4A_7C15u64; rows];
    for &position in of {
        let column = &columns[position];
        for (row, digest) in digests.iter_mut().enumerate() {
            let reason = column.missing(row).map_or(0, Missing::to_byte);
            let value = match column.values() {
                _ if reason != 0 => 0,
                Values::Codes(codes) => u64::from(codes[row]),
                Values::Integer(numbers) => numbers[row] as u64,
                // Adding zero turns -0 into 0, which is the same value.
                Values::Continuous(numbers) => (numbers[row] + 0.0).to_bits(),
                Values::Text(texts) => texts
                    .get(row)
                    .bytes()
                    .fold(0, |value, byte| mix(value ^ u64::from(byte))),
            };
            *digest = mix(mix(*digest ^ value).wrapping_add(u64::from(reason)));
        }
    }
    digests
}

/// The finalizer of `splitmix64` (Steele, Lea & Flood 2014).
fn mix(x: u64) -> u64 {
    let x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Strings;

    #[test]
    fn equal_rows_have_equal_digests_and_others_do_not() {
        let mut texts = Strings::new();
        ["a", "b", "a", "a"]
            .iter()
            .for_each(|text| texts.push(text));
        let columns = [
            Column::complete(Values::Text(texts)),
            Column::with_missing(
                Values::Continuous(vec![0.0, 0.0, -0.0, 0.0]),
                vec![0, 0, 0, 1],
            ),
        ];
        let both = digests(&columns, &[0, 1]);
        assert_eq!(both[0], both[2]);
        assert_ne!(both[0], both[1]);
        assert_ne!(both[0], both[3], "no value is not the value 0");
        let first = digests(&columns, &[0]);
        assert_eq!((first[0], first[0] == first[1]), (first[3], false));
    }
}
