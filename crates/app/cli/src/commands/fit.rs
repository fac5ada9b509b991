//! `parable fit`: a model file from a table.

use std::path::Path;
use std::time::Instant;

use parable::clean::Recipe;
use parable::core::Checkpointing;
use parable::dp::Ledger;
use parable::seed::Seed;
use parable::{Cleaned, Fitted, Method, Source};

use super::private::{apart, ledger, priorities, privacy_params, spent, trusted};
use super::settings;
use crate::args::{Fit, Input, MethodArgs, PrivateArgs};
use crate::failure::Failure;
use crate::session::Session;

pub(crate) fn run(options: &Fit, session: &Session) -> Result<(), Failure> {
    let path = options
        .model
        .as_deref()
        .unwrap_or(Path::new("model.parable"));
    apart(&options.private, path)?;
    let outputs = session.claim(
        options.input.files(),
        options.model.as_deref(),
        options.force,
    )?;
    let work = Work::prepare(&options.input, &options.method, &options.private, session)?;
    if let Some(rows) = options.plan {
        return work.plan(&options.private, rows, session);
    }
    let started = Instant::now();
    let checkpoint = options.checkpoint.as_ref();
    let checkpoint = checkpoint.map(|path| Checkpointing::new(path, options.checkpoint_every));
    let (fitted, ledger) = work.fit(&options.private, &options.seed, checkpoint, session)?;
    let seconds = started.elapsed().as_secs_f64();
    let shown = path.display();
    outputs.write(path, |file| Ok(fitted.write(file)?))?;
    if let Some(path) = &options.checkpoint {
        std::fs::remove_file(path)
            .map_err(|error| Failure::environment(format!("{}: {error}", path.display())))?;
    }
    let (rows, columns) = (
        work.source.table().rows(),
        work.source.table().schema().len(),
    );
    let name = work.method.name();
    let (object, text) = if work.method.capabilities().private {
        // The number of rows is confidential.
        (
            serde_json::json!({ "model": path, "method": name, "columns": columns, "spent": ledger.spent(), "seconds": seconds }),
            format!(
                "{name} learnt {columns} columns, {}, in {seconds:.1} s: {shown}",
                spent(&ledger)
            ),
        )
    } else {
        (
            serde_json::json!({ "model": path, "method": name, "rows": rows, "columns": columns, "seconds": seconds }),
            format!(
                "{name} learnt from {rows} rows x {columns} columns in {seconds:.1} s: {shown}"
            ),
        )
    };
    session.say_beside(&outputs, &object, &text);
    Ok(())
}

/// A fit that is ready to run.
pub(super) struct Work {
    pub(super) source: Source,
    pub(super) method: Method,
    keep_rare_levels: bool,
}

impl Work {
    /// Reads the table and sets up the method, priorities included.
    pub(super) fn prepare(
        input: &Input,
        chosen: &MethodArgs,
        private: &PrivateArgs,
        session: &Session,
    ) -> Result<Self, Failure> {
        let settings = settings(chosen)?;
        // Faults of the arguments end here, before a large file is read.
        let early = session.methods.get(&chosen.method, &settings)?;
        privacy_params(private, &early, session)?;
        let source = session.source(&input.data, input.schema.as_deref())?;
        let source = trusted(private, source)?;
        let columns = Recipe::declared_columns(source.table().schema());
        let columns = columns.map_err(parable::Error::from)?;
        let priorities = priorities(private, &columns)?;
        let methods = &session.methods;
        let method = methods.get_with(&chosen.method, &settings, &priorities)?;
        Ok(Self {
            source,
            method,
            keep_rare_levels: chosen.keep_rare_levels,
        })
    }

    /// Cleans and fits, telling the user what cleaning did.
    pub(super) fn fit(
        &self,
        private: &PrivateArgs,
        seed: &Seed,
        checkpoint: Option<Checkpointing>,
        session: &Session,
    ) -> Result<(Fitted, Ledger), Failure> {
        let params = privacy_params(private, &self.method, session)?;
        let mut ledger = ledger(private, &params, self.source.name())?;
        let cleaned = {
            let _work = session.work("cleaning");
            let (table, capabilities) = (self.source.table(), self.method.capabilities());
            match self.keep_rare_levels {
                true => Cleaned::with_rare_levels(table, capabilities)?,
                false => Cleaned::for_method(table, capabilities)?,
            }
        };
        for step in cleaned.steps() {
            session.note(format!("cleaning: {step}"));
        }
        for issue in cleaned.issues() {
            session.note(format!("note: {issue}"));
        }
        let work = session.work(&format!("fitting {}", self.method.name()));
        let builder = self.source.fit(self.method.clone()).seed(*seed);
        let builder = builder
            .cleaned(&cleaned)
            .ledger(&mut ledger)
            .observer(&work);
        let fitted = match checkpoint {
            None => builder.run()?,
            Some(checkpoint) => {
                let path = checkpoint.path.clone();
                if path.exists() {
                    session.note(format!("resuming from {}", path.display()));
                }
                let resumed = builder.checkpoint(checkpoint).run();
                resumed.map_err(|error| match error.is_cancelled() && path.exists() {
                    true => Failure::paused(&path),
                    false => error.into(),
                })?
            }
        };
        drop(work);
        for warning in &fitted.record().warnings {
            session.note(format!("warning: {warning}"));
        }
        Ok((fitted, ledger))
    }

    fn plan(&self, private: &PrivateArgs, rows: f64, session: &Session) -> Result<(), Failure> {
        let params = privacy_params(private, &self.method, session)?;
        let columns = Recipe::declared_columns(self.source.table().schema());
        let columns = columns.map_err(parable::Error::from)?;
        let plan = self.method.plan(&columns, &params, rows);
        let Some(plan) = plan.map_err(parable::Error::from)? else {
            return Err(Failure::input(format!(
                "method `{}` has no plan to show: --plan is for the private marginal methods",
                self.method.name()
            )));
        };
        session.say(&serde_json::json!(plan), plan.to_string().trim_end());
        Ok(())
    }
}
