//! Splitting wide rows into rows.

use parable_core::{Observer, SampleError};
use parable_seed::Seed;
use parable_table::{Column, Kind, Schema, Table, Values};

use super::shape::{Shape, at};
use super::wide::Wide;
use crate::model::CartModel;
use crate::sample::table::all;

/// Subjects drawn beyond those that are expected to do: a share, and so many more.
const SPARE: f64 = 0.05;
const MORE: usize = 10;

/// So many rows of whole subjects; the last one may lack its last rows.
pub(crate) fn sample(
    model: &CartModel,
    shape: &Shape,
    rows: usize,
    seed: &Seed,
    observer: &dyn Observer,
) -> Result<Table, SampleError> {
    let schema = &model.record.schema;
    let mean = shape.rows as f64 / shape.labels.len().max(1) as f64;
    let wanted = (rows as f64 / mean).round() as usize;
    let most = shape.labels.room(&schema.fields()[shape.subject]);
    let too_many = SampleError::TooManyRows {
        rows,
        limit: most.saturating_mul(shape.most()),
    };
    let mut drawn = (wanted as f64 * (1.0 + SPARE)) as usize + MORE;
    loop {
        let made = all(model, drawn, seed, observer)?;
        let times = Times::of(shape, schema, &made);
        if let Some(subjects) = choose(&times.rows, rows, wanted.clamp(1, most), most) {
            return Ok(shape.gather(schema, &made, &times, &subjects, rows, seed)?);
        }
        // All subjects that were drawn are too few, or those that there are names for have too few
        // rows.
        if drawn / 4 > most || drawn > 4 * rows + 4 * MORE {
            return Err(too_many);
        }
        drawn *= 2;
    }
}

/// The first subjects, so many as are expected to have the rows wanted; where they have too few,
/// others join, or stand in for those of them that have the fewest. `None` if that is not enough.
fn choose(held: &[usize], rows: usize, wanted: usize, most: usize) -> Option<Vec<usize>> {
    let mut chosen: Vec<usize> = (0..wanted.min(held.len())).collect();
    let mut sum: usize = chosen.iter().map(|&subject| held[subject]).sum();
    for spare in chosen.len()..held.len() {
        if sum >= rows {
            break;
        }
        if chosen.len() < most {
            chosen.push(spare);
            sum += held[spare];
            continue;
        }
        let place = (0..chosen.len()).min_by_key(|&place| held[chosen[place]])?;
        if held[chosen[place]] < held[spare] {
            sum += held[spare] - held[chosen[place]];
            chosen[place] = spare;
        }
    }
    chosen.sort_unstable();
    (sum >= rows).then_some(chosen)
}

/// When the rows of each wide row are, as far as the schema allows such times.
struct Times {
    rows: Vec<usize>,
    of_row: Vec<Vec<f64>>,
}

impl Times {
    fn of(shape: &Shape, schema: &Schema, made: &[Column]) -> Self {
        let field = &schema.fields()[shape.time];
        let last = match &field.kind {
            Kind::Integer { bounds, .. }
            | Kind::Date { bounds, .. }
            | Kind::DateTime { bounds, .. } => bounds.as_ref().map(|known| known.value.max as f64),
            Kind::Continuous { bounds, .. } => bounds.as_ref().map(|known| known.value.max),
            kind => kind.levels().map(|levels| levels.len() as f64 - 1.0),
        };
        let subjects = made.first().map_or(0, Column::len);
        let mut times = Self {
            rows: vec![1; subjects],
            of_row: vec![vec![0.0; subjects]; shape.most()],
        };
        let mut open = vec![true; subjects];
        for (wide, column) in shape.columns(schema).into_iter().zip(made) {
            for subject in 0..subjects {
                match wide {
                    Wide::Start => times.of_row[0][subject] = at(column, subject),
                    Wide::Another(_) => open[subject] &= column.code(subject) == Some(1),
                    Wide::Step(row) if open[subject] => {
                        let time = times.of_row[row - 2][subject] + at(column, subject);
                        open[subject] = last.is_none_or(|last| time <= last);
                        if open[subject] {
                            times.of_row[row - 1][subject] = time;
                            times.rows[subject] = row;
                        }
                    }
                    _ => {}
                }
            }
        }
        times
    }
}

impl Shape {
    fn gather(
        &self,
        schema: &Schema,
        made: &[Column],
        times: &Times,
        subjects: &[usize],
        rows: usize,
        seed: &Seed,
    ) -> Result<Table, parable_table::TableError> {
        let mut places: Vec<(usize, usize)> = Vec::with_capacity(rows);
        let mut names: Vec<usize> = Vec::with_capacity(rows);
        for (name, &subject) in subjects.iter().enumerate() {
            let own = (0..times.rows[subject]).map(|row| (subject, row));
            places.extend(own);
            names.resize(places.len(), name);
        }
        places.truncate(rows);
        names.truncate(rows);
        let of_subject: Vec<usize> = places.iter().map(|&(subject, _)| subject).collect();
        let wide = self.columns(schema);
        let column = |position: usize| -> Column {
            if position == self.subject {
                return self.names(schema, subjects.len(), seed).take(&names);
            }
            if position == self.time {
                let when = places
                    .iter()
                    .map(|&(subject, row)| times.of_row[row][subject]);
                return Column::complete(match &schema.fields()[position].kind {
                    Kind::Continuous { grid, .. } => {
                        let on = |x: f64| grid.as_ref().map_or(x, |grid| grid.value.round(x));
                        Values::Continuous(when.map(on).collect())
                    }
                    kind if kind.is_numeric() => {
                        Values::Integer(when.map(|x| x.round() as i64).collect())
                    }
                    _ => Values::Codes(when.map(|x| x.round() as u32).collect()),
                });
            }
            if let Some(at) = wide.iter().position(|own| *own == Wide::Constant(position)) {
                return made[at].take(&of_subject);
            }
            let of_row = |row: usize| {
                let place = wide
                    .iter()
                    .position(|own| *own == Wide::Cell(position, row));
                place.map(|place| &made[place])
            };
            let rows: Vec<&Column> = (1..=self.most()).filter_map(of_row).collect();
            let units = rows.first().map_or(0, |column| column.len());
            let cells: Vec<usize> = places
                .iter()
                .map(|&(subject, row)| row * units + subject)
                .collect();
            Column::concat(rows).take(&cells)
        };
        let columns = (0..schema.len()).map(column).collect();
        Table::new(schema.clone(), columns)
    }

    /// What the subjects are called: names of real ones, dealt out anew, and further ones where
    /// they do not suffice.
    fn names(&self, schema: &Schema, subjects: usize, seed: &Seed) -> Column {
        let labels = self
            .labels
            .with_more(&schema.fields()[self.subject], subjects);
        let mut order: Vec<usize> = (0..labels.len()).collect();
        let mut rng = seed.stream("cart/subjects").rng();
        rng.shuffle(&mut order[..self.labels.len()]);
        order.truncate(subjects);
        labels.column(order.into_iter())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subjects_are_chosen_until_their_rows_suffice() {
        let held = [3, 3, 1, 3, 3, 3];
        assert_eq!(choose(&held, 6, 2, 9), Some(vec![0, 1]));
        assert_eq!(choose(&held, 8, 3, 9), Some(vec![0, 1, 2, 3]));
        // There are three names: a subject with more rows stands in for one with fewer.
        assert_eq!(choose(&held, 9, 3, 3), Some(vec![0, 1, 3]));
        assert_eq!(choose(&held, 10, 3, 3), None);
    }
}
