//! Encoding of tables as levels and positions, and decoding.
//!
//! A [`Codec`] makes levels of all columns. A column whose numbers are written by modes has one bin
//! in it, its range: the codec keeps its missing reasons, and its [`Scale`] says what becomes of
//! values.

use parable_domain::{Codes, Domain};
use parable_encode::{Bin, Codec, CodecConfig, CodecError, ValueCodes};
use parable_seed::Seed;
use parable_table::{Column, Field, Grid, Kind, Table, Values};
use rayon::prelude::*;

use super::heads::Heads;
use super::scale::{Scale, ScaleFacts};

/// Numbers with at most so many values are levels.
const FEW: usize = 32;
/// Rows whose draws share a stream.
const BLOCK: usize = 4_096;

/// Encoder and decoder of tables.
#[derive(Clone, Debug)]
pub(crate) struct Coding {
    codec: Codec,
    /// For each column how its numbers are written, if not by bins.
    scales: Vec<Option<Scale>>,
    domain: Domain,
}

/// The rows of a table as they are written.
pub(crate) struct Written {
    /// The level of each column.
    pub(crate) codes: Codes,
    /// The position of each row in each column with modes; 0 where its level is no mode.
    pub(crate) positions: Vec<Vec<f32>>,
}

/// A wish for the value of a row in a column.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Wish {
    Level(u32),
    /// A number of a column that is written by modes.
    Number(f64),
}

impl Coding {
    /// All numbers by the bins of the codec.
    pub(crate) fn by_bins(codec: Codec) -> Self {
        Self {
            scales: vec![None; codec.columns().len()],
            domain: codec.domain().clone(),
            codec,
        }
    }

    /// Numbers with many values by modes, those with few by levels, all from the rows. Not for
    /// private fits.
    pub(crate) fn by_modes(table: &Table, config: &CodecConfig) -> Result<Self, CodecError> {
        let codec = Codec::observed(table, config)?;
        let few = FEW.min(config.max_bins as usize);
        let fields = codec.schema().fields().par_iter();
        let scales: Vec<Option<Scale>> = fields
            .zip(codec.columns())
            .map(|(field, own)| {
                let ValueCodes::Bins(_) = own.values else {
                    return None;
                };
                let (_, column) = table.named(&field.name)?;
                let numbers = (0..column.len()).filter_map(|row| column.number(row));
                let mut numbers: Vec<f64> = numbers.collect();
                numbers.sort_by(f64::total_cmp);
                Scale::observed(&numbers, grid(field), few)
            })
            .collect();
        let columns = codec.columns().iter().zip(&scales);
        let columns = columns.map(|(own, scale)| {
            let mut own = own.clone();
            if let Some(scale) = scale {
                let (low, high) = scale.range();
                own.values = ValueCodes::Bins(vec![Bin { low, high }]);
            }
            own
        });
        let codec = Codec::from_columns(codec.schema().clone(), columns.collect())?;
        Self::with_scales(codec, scales)
    }

    /// Restores a coding from [`Coding::facts`] and its codec; nothing if they do not belong
    /// together.
    pub(crate) fn of(codec: Codec, facts: Vec<(usize, ScaleFacts)>) -> Option<Self> {
        let mut scales = vec![None; codec.columns().len()];
        for (column, facts) in facts {
            let place = scales.get_mut(column)?;
            let ValueCodes::Bins(bins) = &codec.columns()[column].values else {
                return None;
            };
            let &[Bin { low, high }] = bins.as_slice() else {
                return None;
            };
            let scale = Scale::of(facts, (low, high), grid(&codec.schema().fields()[column]))?;
            if scale.units() == 0 || place.replace(scale).is_some() {
                return None;
            }
        }
        Self::with_scales(codec, scales).ok()
    }

    fn with_scales(codec: Codec, scales: Vec<Option<Scale>>) -> Result<Self, CodecError> {
        let columns = codec.columns().iter().zip(&scales);
        let attrs = columns.map(|(own, scale)| {
            let units = scale.as_ref().map(|scale| scale.units() as u32);
            let units = units.unwrap_or_else(|| own.value_codes());
            (own.name.as_str(), units + own.missing.len() as u32)
        });
        Ok(Self {
            domain: Domain::new(attrs)?,
            codec,
            scales,
        })
    }

    pub(crate) fn codec(&self) -> &Codec {
        &self.codec
    }

    /// The columns written by modes, with what is stored of them.
    pub(crate) fn facts(&self) -> Vec<(usize, ScaleFacts)> {
        let scales = self.scales.iter().enumerate();
        let own = scales.filter_map(|(at, scale)| Some((at, scale.as_ref()?.facts.clone())));
        own.collect()
    }

    /// The columns with as many levels as they are written with.
    pub(crate) fn domain(&self) -> &Domain {
        &self.domain
    }

    /// Returns the encoding of the numbers of a column, if not by bins.
    pub(crate) fn scale(&self, column: usize) -> Option<&Scale> {
        self.scales[column].as_ref()
    }

    /// Returns the positions of modes among the outputs of a generator.
    pub(crate) fn heads(&self) -> Heads {
        Heads::of(&self.scales)
    }

    /// A table as it is written. Which of several modes a number gets is a matter of the seed, its
    /// column and its block of rows.
    pub(crate) fn write(&self, table: &Table, seed: &Seed) -> Result<Written, CodecError> {
        let (_, mut levels) = self.codec.encode(table)?.into_parts();
        let seed = seed.stream("gan/modes");
        let mut positions: Vec<Option<Vec<f32>>> = levels
            .par_iter_mut()
            .zip(&self.scales)
            .enumerate()
            .map(|(at, (levels, scale))| {
                let scale = scale.as_ref()?;
                let (_, column) = table.named(&self.codec.columns()[at].name)?;
                let mut positions = vec![0.0; levels.len()];
                let seed = seed.index(at as u64);
                let blocks = levels.chunks_mut(BLOCK).zip(positions.chunks_mut(BLOCK));
                for (block, (levels, positions)) in blocks.enumerate() {
                    let mut rng = seed.index(block as u64).rng();
                    let rows = levels.iter_mut().zip(positions);
                    for (row, (level, position)) in rows.enumerate() {
                        let (unit, at) = match column.number(block * BLOCK + row) {
                            Some(value) => scale.write(value, &mut rng),
                            None => (missing(scale, *level), 0.0),
                        };
                        (*level, *position) = (unit as u32, at as f32);
                    }
                }
                (scale.units() > scale.spikes()).then_some(positions)
            })
            .collect();
        let codes = Codes::new(self.domain.clone(), levels)?;
        let positions = positions.iter_mut().filter_map(Option::take).collect();
        Ok(Written { codes, positions })
    }

    /// Reads the wishes for the rows of one column, as [`Codec::encode_column`].
    pub(crate) fn wishes(
        &self,
        position: usize,
        field: &Field,
        column: &Column,
    ) -> Result<Vec<Wish>, CodecError> {
        let codes = self.codec.encode_column(position, field, column)?;
        let codes = codes.into_iter().enumerate();
        Ok(codes
            .map(|(row, code)| match &self.scales[position] {
                None => Wish::Level(code),
                Some(scale) => match column.number(row) {
                    Some(value) => Wish::Number(value),
                    None => Wish::Level(missing(scale, code) as u32),
                },
            })
            .collect())
    }

    /// The table of these levels and positions (one column of them for each column with modes, in
    /// order).
    pub(crate) fn read(
        &self,
        codes: Codes,
        positions: &[Vec<f64>],
        seed: &Seed,
    ) -> Result<Table, CodecError> {
        if self.scales.iter().all(Option::is_none) {
            return self.codec.decode(&codes, seed);
        }
        let (_, mut levels) = codes.into_parts();
        let heads = self.heads();
        let mut numbers: Vec<(usize, Vec<f64>)> = Vec::new();
        for (at, (levels, scale)) in levels.iter_mut().zip(&self.scales).enumerate() {
            let Some(scale) = scale else { continue };
            let place = heads.columns().iter().position(|head| head.column == at);
            let positions = place.map(|place| &positions[place]);
            let values = levels.iter().enumerate().map(|(row, &level)| {
                let position = positions.map_or(0.0, |own| own[row]);
                match (level as usize) < scale.units() {
                    true => scale.read(level as usize, position),
                    false => 0.0,
                }
            });
            numbers.push((at, values.collect()));
            let first_missing = scale.units() as u32;
            for level in levels {
                *level = level.checked_sub(first_missing).map_or(0, |at| 1 + at);
            }
        }
        let codes = Codes::new(self.codec.domain().clone(), levels)?;
        let table = self.codec.decode(&codes, seed)?;
        let (schema, mut columns) = table.into_parts();
        for (at, numbers) in numbers {
            let values = match columns[at].values() {
                Values::Integer(_) => {
                    Values::Integer(numbers.into_iter().map(|number| number as i64).collect())
                }
                _ => Values::Continuous(numbers),
            };
            columns[at] = columns[at].with_values(values);
        }
        Ok(Table::new(schema, columns)?)
    }
}

/// The level of a missing reason: the codec has one code for values before those of reasons.
fn missing(scale: &Scale, code: u32) -> usize {
    scale.units() + (code as usize).saturating_sub(1)
}

fn grid(field: &Field) -> Option<Grid> {
    match &field.kind {
        Kind::Continuous { grid, .. } => grid.as_ref().map(|known| known.value),
        _ => Some(Grid::Decimals(0)),
    }
}

#[cfg(test)]
mod tests {
    use parable_table::Schema;

    use super::*;

    /// Whole numbers around two means with a heavy value and two reasons for missing ones, real
    /// numbers without a grid, few numbers, and levels.
    fn table() -> Table {
        let mut rng = Seed::from_u64(8).rng();
        let rows = 5_000;
        let whole: Vec<i64> = (0..rows)
            .map(|row| match row % 4 {
                0 => 100,
                part => (40.0 * part as f64 + 5.0 * rng.normal()).round() as i64,
            })
            .collect();
        let missing = (0..rows).map(|row| [0, 1, 0, 2, 0, 0, 0][row % 7]);
        let real: Vec<f64> = (0..rows).map(|_| rng.uniform()).collect();
        let few: Vec<i64> = (0..rows).map(|row| (row % 5) as i64).collect();
        let any = Kind::Continuous {
            bounds: None,
            grid: None,
            format: parable_table::NumberFormat::default(),
        };
        let fields = vec![
            Field::new("few", Kind::integer()),
            Field::new("whole", Kind::integer()).with_missing_codes(["-9"]),
            Field::new("real", any),
        ];
        let columns = vec![
            Column::complete(Values::Integer(few)),
            Column::with_missing(Values::Integer(whole), missing.collect()),
            Column::complete(Values::Continuous(real)),
        ];
        Table::new(Schema::new(fields).expect("three names"), columns).expect("fits")
    }

    #[test]
    fn tables_come_back() {
        let (table, seed) = (table(), Seed::from_u64(3));
        let coding = Coding::by_modes(&table, &CodecConfig::default()).expect("numbers");
        assert!(coding.scale(0).is_none());
        assert_eq!(coding.scale(1).map(Scale::spikes), Some(1));
        let written = coding.write(&table, &seed).expect("its own table");
        assert_eq!(written.positions.len(), 2);
        let exact = |own: &Vec<f32>| own.iter().map(|&x| f64::from(x)).collect();
        let positions: Vec<Vec<f64>> = written.positions.iter().map(exact).collect();
        let back = coding
            .read(written.codes.clone(), &positions, &seed)
            .expect("its levels");
        for row in 0..table.rows() {
            for at in 0..2 {
                assert_eq!(back.column(at).number(row), table.column(at).number(row));
                assert_eq!(back.column(at).missing(row), table.column(at).missing(row));
            }
            let [was, is] = [&table, &back].map(|t| t.column(2).number(row).expect("a number"));
            assert!((was - is).abs() < 1e-7, "{was} {is}");
        }
        // Stored and read, it writes the same.
        let stored = Coding::of(coding.codec().clone(), coding.facts()).expect("its own facts");
        let again = stored.write(&table, &seed).expect("its own table");
        assert_eq!(again.codes, written.codes);
        assert_eq!(again.positions, written.positions);
        assert!(
            Coding::of(
                coding.codec().clone(),
                vec![(0, coding.facts()[0].1.clone())]
            )
            .is_none()
        );
        assert!(
            Coding::of(
                coding.codec().clone(),
                vec![(9, coding.facts()[0].1.clone())]
            )
            .is_none()
        );
    }

    #[test]
    fn wishes_are_numbers_where_there_are_modes_and_levels_elsewhere() {
        let table = table();
        let coding = Coding::by_modes(&table, &CodecConfig::default()).expect("numbers");
        let wishes = |at: usize| {
            let (field, column) = (&table.schema().fields()[at], table.column(at));
            coding.wishes(at, field, column).expect("its own table")
        };
        assert_eq!(wishes(0)[3], Wish::Level(3));
        let whole = wishes(1);
        assert_eq!(whole[0], Wish::Number(100.0));
        let units = coding.scale(1).map_or(0, Scale::units) as u32;
        assert_eq!(
            (whole[1], whole[3]),
            (Wish::Level(units), Wish::Level(units + 1))
        );
    }
}
