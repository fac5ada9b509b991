//! A source of counts of your own: a database counts, and no row leaves it. `mst` learns from noisy
//! counts alone, so a private fit needs nothing else.

use std::error::Error;
use std::sync::Mutex;

use parable::core::{FitContext, MarginalSynthesizer, Model};
use parable::domain::{AttrSet, Counts, Domain, MarginalSource, SourceError};
use parable::dp::{Budget, Delta, Epsilon, Ledger, NoiseSource, PrivacyUnit};
use parable::mst::{Mst, MstConfig};
use parable::seed::Seed;
use parable::table::{Dialect, Field, Kind, Known, Levels, Schema, csv};
use rusqlite::Connection;

/// A table in SQLite whose columns hold one of the declared levels each.
struct Sqlite {
    database: Mutex<Connection>,
    schema: Schema,
    domain: Domain,
}

impl Sqlite {
    /// How many rows hold each combination of levels of these columns, row-major.
    fn count(&self, attrs: &AttrSet) -> Result<Vec<u64>, Box<dyn Error + Send + Sync>> {
        let fields: Vec<&Field> = attrs
            .iter()
            .map(|attr| &self.schema.fields()[attr as usize])
            .collect();
        let names: String = fields
            .iter()
            .map(|field| format!(", {}", field.name))
            .collect();
        let group = match names.strip_prefix(',') {
            Some(names) => format!("GROUP BY {names}"),
            None => String::new(),
        };
        let query = format!("SELECT count(*){names} FROM pupils {group}");
        let mut cells = vec![0; self.domain.cells(attrs)? as usize];
        let levels = self.domain.levels(attrs)?;
        let database = self.database.lock().map_err(|error| error.to_string())?;
        let mut query = database.prepare(&query)?;
        let mut rows = query.query([])?;
        while let Some(row) = rows.next()? {
            let mut cell = 0;
            for (at, (field, levels)) in fields.iter().zip(&levels).enumerate() {
                let text: String = row.get(at + 1)?;
                let code = field.kind.levels().and_then(|own| own.code(&text));
                cell = cell * *levels as usize + code.ok_or("a level is not declared")? as usize;
            }
            cells[cell] = row.get::<_, i64>(0)? as u64;
        }
        Ok(cells)
    }
}

impl MarginalSource for Sqlite {
    fn domain(&self) -> &Domain {
        &self.domain
    }

    fn counts(&self, sets: &[AttrSet]) -> Result<Vec<Counts>, SourceError> {
        let count = |attrs: &AttrSet| {
            let cells = self.count(attrs);
            let cells = cells.map_err(|source| SourceError::Engine { source })?;
            Ok(Counts::new(&self.domain, attrs.clone(), cells)?)
        };
        sets.iter().map(count).collect()
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    // 6,000 pupils; those who were treated pass more often.
    let database = Connection::open_in_memory()?;
    database.execute_batch(
        "CREATE TABLE pupils (arm TEXT, region TEXT, passed TEXT);
         WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 5999)
         INSERT INTO pupils SELECT
             iif(i % 2, 'treated', 'control'),
             iif(i / 2 % 3, 'town', 'country'),
             iif(i / 6 % 10 < 4 + 3 * (i % 2), 'yes', 'no') FROM n;",
    )?;
    let levels = |name: &str, levels: [&str; 2]| -> Result<Field, Box<dyn Error>> {
        Ok(Field::new(
            name,
            Kind::nominal(Known::declared(Levels::new(levels)?)),
        ))
    };
    let schema = Schema::new(vec![
        levels("arm", ["control", "treated"])?,
        levels("region", ["town", "country"])?,
        levels("passed", ["no", "yes"])?,
    ])?;

    let mst = Mst::new(MstConfig::default().with_required(["arm", "passed"]));
    let codec = mst.codec(&schema)?;
    let source = Sqlite {
        database: Mutex::new(database),
        domain: codec.domain().clone(),
        schema,
    };
    let budget = Budget::approx(Epsilon::new(1.0)?, Delta::new(1e-6)?);
    let mut ledger = Ledger::open(PrivacyUnit::one_row(), budget);
    let mut noise = NoiseSource::operating_system();
    let mut context = FitContext::new(Seed::from_u64(1), &mut ledger, &mut noise);
    let model = mst.fit_source(&codec, &source, &mut context)?;

    for (columns, sigma) in model.relations() {
        println!(
            "measured {} with noise of {sigma:.1} rows",
            columns.join(" and ")
        );
    }
    let synthetic = model.sample(10, &Seed::from_u64(2))?;
    csv::write(&synthetic, std::io::stdout().lock(), &Dialect::default())?;
    Ok(())
}
