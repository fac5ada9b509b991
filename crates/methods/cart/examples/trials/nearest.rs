//! Whether made rows lie closer to rows that were learnt from than to rows of another trial of the
//! same kind.

use parable_table::{Role, Table};

use crate::between::constant;

/// Made rows that are looked at, at most, spread evenly.
const MOST_ROWS: usize = 400;

/// Share of made rows whose nearest record (Gower's distance over the columns of pupils) is one of
/// `real` and not of `others`, ties counting half: a half where nobody is given away.
pub(crate) fn nearer(real: &Table, others: &Table, made: &Table) -> f64 {
    let fields = real.schema().fields();
    let columns: Vec<Scaled> = (0..fields.len())
        .filter(|&column| fields[column].role != Role::ClusterId && !constant(real, column))
        .map(|column| Scaled::of([real, others, made], column))
        .collect();
    let rows = real.rows().min(others.rows());
    let step = made.rows().div_ceil(MOST_ROWS);
    let mut nearer = 0.0;
    let mut looked = 0.0;
    for row in (0..made.rows()).step_by(step) {
        let least = |table: usize| {
            let distance =
                |other: usize| -> f64 { columns.iter().map(|c| c.apart(row, table, other)).sum() };
            (0..rows).map(distance).fold(f64::INFINITY, f64::min)
        };
        let (own, other) = (least(0), least(1));
        nearer += match own.total_cmp(&other) {
            std::cmp::Ordering::Less => 1.0,
            std::cmp::Ordering::Equal => 0.5,
            std::cmp::Ordering::Greater => 0.0,
        };
        looked += 1.0;
    }
    nearer / looked
}

/// A column of three tables: numbers over their range, codes, missing values apart.
struct Scaled {
    cells: [Vec<f64>; 3],
    ordered: bool,
}

const MISSING: f64 = -1.0;

impl Scaled {
    fn of(tables: [&Table; 3], column: usize) -> Self {
        let ordered = tables[0].schema().fields()[column].kind.is_numeric();
        let raw = tables.map(|table| {
            let held = table.column(column);
            let cell = |row: usize| {
                let code = held.code(row).map(f64::from);
                held.number(row).or(code)
            };
            (0..table.rows()).map(cell).collect::<Vec<_>>()
        });
        let numbers = || raw.iter().flatten().flatten().copied();
        let low = numbers().fold(f64::INFINITY, f64::min);
        let range = numbers().fold(f64::NEG_INFINITY, f64::max) - low;
        let scale = if ordered && range > 0.0 { range } else { 1.0 };
        let cells = raw.map(|held| {
            let cell = |cell: Option<f64>| cell.map_or(MISSING, |cell| (cell - low) / scale);
            held.into_iter().map(cell).collect()
        });
        Self { cells, ordered }
    }

    fn apart(&self, made: usize, table: usize, row: usize) -> f64 {
        let (a, b) = (self.cells[2][made], self.cells[table][row]);
        if self.ordered && a >= 0.0 && b >= 0.0 {
            (a - b).abs()
        } else {
            f64::from(u8::from(a != b))
        }
    }
}
