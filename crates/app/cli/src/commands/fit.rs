//! `parable fit`: a model file from a table.

use std::path::Path;
use std::time::Instant;

use parable::clean::Recipe;
use parable::core::Checkpointing;
use parable::dp::Ledger;
use parable::seed::Seed;
use parable::{Cleaned, Fitted, Method, Source};

use super::private::{ledger_text, protection, spent, trusted, wishes};
use super::{method, say, settings, source};
use crate::args::{Fit, Input, MethodArgs, PrivateArgs};
use crate::failure::Failure;
use crate::output::Outputs;
use crate::progress::Terminal;

pub(crate) fn run(options: &Fit, terminal: &Terminal, json: bool) -> Result<(), Failure> {
    let written = options.model.iter().chain(&options.private.ledger);
    let outputs = Outputs::claim(written.map(|path| &**path), options.force)?;
    let work = Work::prepare(&options.input, &options.method, &options.private, terminal)?;
    if let Some(rows) = options.plan {
        return work.plan(&options.private, rows, json);
    }
    let started = Instant::now();
    let checkpoint = options.checkpoint.as_ref();
    let checkpoint = checkpoint.map(|path| Checkpointing::new(path, options.checkpoint_every));
    let (fitted, ledger) = work.fit(&options.private, &options.seed, checkpoint, terminal)?;
    let seconds = started.elapsed().as_secs_f64();
    let path = options
        .model
        .as_deref()
        .unwrap_or(Path::new("model.parable"));
    let shown = path.display();
    outputs.write(path, |file| Ok(fitted.write(file)?))?;
    work.write_ledger(&options.private, &ledger, &outputs)?;
    if let Some(path) = &options.checkpoint {
        std::fs::remove_file(path)
            .map_err(|error| Failure::environment(format!("{}: {error}", path.display())))?;
    }
    let (rows, columns) = (
        work.source.table().rows(),
        work.source.table().schema().len(),
    );
    let name = work.method.name();
    let (object, text) = if work.method.is_private() {
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
    say(json, &object, &text);
    Ok(())
}

/// What is known before anything is learnt.
pub(super) struct Work {
    pub(super) source: Source,
    pub(super) method: Method,
}

impl Work {
    /// Reads the table and puts the method together, wishes about columns included.
    pub(super) fn prepare(
        input: &Input,
        chosen: &MethodArgs,
        private: &PrivateArgs,
        terminal: &Terminal,
    ) -> Result<Self, Failure> {
        let mut settings = settings(chosen)?;
        // Faults of the arguments end here, before a large file is read.
        let early = method(&chosen.method, settings.clone())?;
        protection(private, &early)?;
        let source = source(&input.data, input.schema.as_deref(), terminal)?;
        let source = trusted(private, source)?;
        let columns = Recipe::declared_columns(source.table().schema());
        let columns = columns.map_err(parable::Error::from)?;
        wishes(private, &columns)?.add_to(&chosen.method, &mut settings)?;
        let method = method(&chosen.method, settings)?;
        Ok(Self { source, method })
    }

    /// Cleans and fits, telling the user what cleaning did.
    pub(super) fn fit(
        &self,
        private: &PrivateArgs,
        seed: &Seed,
        checkpoint: Option<Checkpointing>,
        terminal: &Terminal,
    ) -> Result<(Fitted, Ledger), Failure> {
        let mut ledger = protection(private, &self.method)?.ledger();
        let cleaned = {
            let _work = terminal.work("cleaning");
            Cleaned::for_method(self.source.table(), &self.method)?
        };
        for step in cleaned.steps() {
            terminal.note(format!("cleaning: {step}"));
        }
        for issue in cleaned.issues() {
            terminal.note(format!("note: {issue}"));
        }
        let work = terminal.work(&format!("fitting {}", self.method.name()));
        let (source, method) = (&self.source, &self.method);
        let fitted = match checkpoint {
            None => Fitted::fit_under(&mut ledger, source, &cleaned, method, seed, &work)?,
            Some(checkpoint) => {
                let path = checkpoint.path.clone();
                if path.exists() {
                    terminal.note(format!("going on from {}", path.display()));
                }
                let ledger = &mut ledger;
                Fitted::fit_resumable(ledger, source, &cleaned, method, seed, &work, checkpoint)
                    .map_err(|error| match error.is_cancelled() && path.exists() {
                        true => Failure::paused(&path),
                        false => error.into(),
                    })?
            }
        };
        drop(work);
        for warning in &fitted.record().warnings {
            terminal.note(format!("warning: {warning}"));
        }
        Ok((fitted, ledger))
    }

    /// Writes the ledger beside the model, if it is wanted.
    pub(super) fn write_ledger(
        &self,
        private: &PrivateArgs,
        ledger: &Ledger,
        outputs: &Outputs,
    ) -> Result<(), Failure> {
        match &private.ledger {
            Some(path) => outputs.text(path, &ledger_text(ledger, self.source.name())),
            None => Ok(()),
        }
    }

    fn plan(&self, private: &PrivateArgs, rows: f64, json: bool) -> Result<(), Failure> {
        let protection = protection(private, &self.method)?;
        let schema = self.source.table().schema();
        let Some(plan) = self.method.plan(schema, &protection, rows)? else {
            return Err(Failure::input(format!(
                "method `{}` has no plan to show: --plan is for the private marginal methods",
                self.method.name()
            )));
        };
        say(json, &serde_json::json!(plan), plan.to_string().trim_end());
        Ok(())
    }
}
