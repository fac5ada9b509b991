//! Command-line arguments.

use std::path::{Path, PathBuf};

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Synthetic versions of sensitive tables: the statistical patterns without the people.
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES, propagate_version = true, disable_help_subcommand = true)]
pub(crate) struct Arguments {
    /// Print only errors on standard error: no progress, no notes.
    #[arg(long, global = true)]
    pub(crate) quiet: bool,
    /// Print the result as JSON on standard output, for programs.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXAMPLES: &str = "\
Start here:
  parable demo                                          a simulated school trial, synthesised and evaluated
  parable synthesize DATA.csv --rows 5000 --out SYNTH.csv  a synthetic version of your own table
  parable evaluate DATA.csv SYNTH.csv --out report      a page on how good and how safe it is

With more care:
  parable schema DATA.csv --out schema.json             what each column is, as inferred; edit it
  parable clean DATA.csv --schema schema.json --out cleaned
  parable fit DATA.csv --schema schema.json --method cart --model trial.parable
  parable sample trial.parable --rows 5000 --seed 1 --out SYNTH.csv
  parable inspect trial.parable                         how the model was fitted
  parable fit DATA.csv --schema schema.json --method swift --epsilon 1 --delta 1e-9 --model private.parable
  parable sample trial.parable --rows 500 --where arm=treated --where sen=yes --out SEN.csv
  gzip -dc DATA.csv.gz | parable synthesize - --out - | head    tables from and to pipes
  parable privacy epsilon --mechanism gaussian --noise-multiplier 4 --delta 1e-6

Exit codes:
  0  done
  1  something outside the input failed (a full disk, a file that cannot be written)
  2  bad input or usage; the message names file, row, column and rule
  130  cancelled (Ctrl-C); nothing half-written is left";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Simulate a school trial, synthesise it with several methods, evaluate and write the report
    Demo(Demo),
    /// Write a simulated school trial: table, schema and the truth behind it
    Simulate(Simulate),
    /// Infer a schema from a table, with reasons; the file is meant to be read and edited
    Schema(SchemaArgs),
    /// Clean a table: writes the cleaned table, its schema, the recipe that undoes it, and all
    /// issues
    Clean(Clean),
    /// Fit a model to a table
    Fit(Fit),
    /// Sample a synthetic table from a model
    Sample(Sample),
    /// Clean, fit, sample and restore in one go
    Synthesize(Synthesize),
    /// Evaluate a synthetic table against the real one: report.html, report.md and report.json, or
    /// with --release pages for publication
    Evaluate(Evaluate),
    /// Show how a model was fitted and what it learnt
    Inspect(Inspect),
    /// List the methods
    Methods,
    /// Compute what private releases cost and how much noise they need, and verify a privacy ledger
    Privacy(Privacy),
}

/// The simulated trial.
#[derive(Clone, Copy, Debug, ValueEnum)]
#[value(rename_all = "upper")]
pub(crate) enum PresetName {
    /// 1,200 pupils in 48 schools, 24 columns
    A,
    /// 9,900 pupils in 132 schools, 34 columns
    B,
    /// 67,200 pupils in 420 schools, 36 columns
    C,
}

#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// The trial to simulate
    #[arg(long, value_enum, default_value = "B", ignore_case = true)]
    pub(crate) preset: PresetName,
    /// The seed of all random numbers: a number or 64 hexadecimal digits
    #[arg(long, default_value = "7")]
    pub(crate) seed: parable::seed::Seed,
    /// The folder to write into
    #[arg(long, default_value = "parable-demo")]
    pub(crate) out: PathBuf,
    /// Replace files that exist
    #[arg(long)]
    pub(crate) force: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Simulate {
    /// The trial to simulate
    #[arg(long, value_enum, default_value = "B", ignore_case = true)]
    pub(crate) preset: PresetName,
    /// The seed of all random numbers: a number or 64 hexadecimal digits
    #[arg(long, default_value = "7")]
    pub(crate) seed: parable::seed::Seed,
    /// Make every treatment effect zero, to see how often a method invents one
    #[arg(long)]
    pub(crate) null: bool,
    #[command(flatten)]
    pub(crate) out: OutFolder,
}

#[derive(Debug, Args)]
pub(crate) struct OutFolder {
    /// The folder to write into; created if absent
    #[arg(long)]
    pub(crate) out: PathBuf,
    /// Replace files that exist
    #[arg(long)]
    pub(crate) force: bool,
}

#[derive(Debug, Args)]
pub(crate) struct OutFile {
    /// The file to write; `-` writes to standard output. An input is never replaced
    #[arg(long)]
    pub(crate) out: PathBuf,
    /// Replace the file if it exists
    #[arg(long)]
    pub(crate) force: bool,
}

/// Rules of diversity.
#[derive(Debug, Args)]
pub(crate) struct DiverseArgs {
    /// No group of rows that agree in the keys may agree in the target, e.g. --diverse
    /// income=age,sex,education; values are exchanged where a group does. May be repeated
    #[arg(long, value_name = "TARGET=KEY,KEY,...")]
    pub(crate) diverse: Vec<String>,
    /// Leave smaller groups as they are
    #[arg(long, default_value = "20", value_parser = clap::value_parser!(u32).range(2..))]
    pub(crate) diverse_rows: u32,
}

#[derive(Debug, Args)]
pub(crate) struct SchemaArgs {
    /// A table in a text file: separated by comma, semicolon, tab or bar, one header line; `-`
    /// reads standard input
    pub(crate) data: PathBuf,
    /// Also write a codebook for people, in Markdown. Confidential: it counts rows
    #[arg(long)]
    pub(crate) codebook: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) out: OutFile,
}

/// The table to work on.
#[derive(Debug, Args)]
pub(crate) struct Input {
    /// The table; `-` reads standard input
    pub(crate) data: PathBuf,
    /// The schema: what each column is. Without it, parable infers one and says so
    #[arg(long)]
    pub(crate) schema: Option<PathBuf>,
}

impl Input {
    /// Returns the files that are read.
    pub(crate) fn files(&self) -> impl Iterator<Item = &Path> + Clone {
        std::iter::once(&*self.data).chain(self.schema.as_deref())
    }
}

#[derive(Debug, Args)]
pub(crate) struct Clean {
    #[command(flatten)]
    pub(crate) input: Input,
    /// Fill missing values, with an indicator column beside each number
    #[arg(long)]
    pub(crate) impute: bool,
    #[command(flatten)]
    pub(crate) out: OutFolder,
}

/// The method and its settings.
#[derive(Debug, Args)]
pub(crate) struct MethodArgs {
    /// The method; `parable methods` lists them
    #[arg(long, default_value = "cart")]
    pub(crate) method: String,
    /// One setting of the method, e.g. --set min_leaf_rows=10 or --set discriminator.steps=500; may
    /// be repeated
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub(crate) settings: Vec<String>,
    /// A JSON file with settings of the method; --set overrides it
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Keep levels that only one or two people have; by default they are withheld, because such a
    /// level is about these people. Private methods keep to the declared levels in any case
    #[arg(long)]
    pub(crate) keep_rare_levels: bool,
}

/// The budget of a private fit, its unit of privacy, and its priorities.
#[derive(Debug, Args)]
#[command(next_help_heading = "Private methods")]
pub(crate) struct PrivateArgs {
    /// The largest privacy loss epsilon
    #[arg(long, requires = "delta")]
    pub(crate) epsilon: Option<parable::dp::Epsilon>,
    /// The failure probability delta, far below one over the number of people
    #[arg(long, requires = "epsilon")]
    pub(crate) delta: Option<parable::dp::Delta>,
    #[command(flatten)]
    pub(crate) unit: UnitArgs,
    /// Columns whose joint distribution is always measured, e.g. --require arm,post_maths; may be
    /// repeated
    #[arg(long, value_name = "A,B", value_delimiter = None)]
    pub(crate) require: Vec<String>,
    /// Require the joint distribution of the treatment and each outcome, by their roles in the
    /// schema
    #[arg(long)]
    pub(crate) require_effects: bool,
    /// Weight of the error of a column or a set of columns, e.g. --weight post_maths=3 or --weight
    /// arm,sen=2; may be repeated
    #[arg(long, value_name = "A,B=FACTOR")]
    pub(crate) weight: Vec<String>,
    /// Treat levels, bounds and grids that were read off the rows as public. The guarantee is void
    /// if they are not
    #[arg(long)]
    pub(crate) trust_observed: bool,
    /// Record charges in this ledger file, as they are made. An existing one is continued: fits
    /// share its budget, and one that exceeds it is refused. `parable privacy verify` checks it
    #[arg(long, value_name = "FILE")]
    pub(crate) ledger: Option<PathBuf>,
    /// Let this fit spend at most this share of the ledger's whole budget, e.g. 0.5, and leave the
    /// rest to later fits. Without it a fit spends what is left
    #[arg(long, value_name = "SHARE", requires = "ledger")]
    pub(crate) ledger_share: Option<f64>,
}

#[derive(Debug, Args)]
pub(crate) struct Fit {
    #[command(flatten)]
    pub(crate) input: Input,
    #[command(flatten)]
    pub(crate) method: MethodArgs,
    #[command(flatten)]
    pub(crate) private: PrivateArgs,
    /// Show what a private fit would release and the expected error of each answer, in people, for
    /// about this many rows; charges and writes nothing
    #[arg(long, value_name = "ROWS")]
    pub(crate) plan: Option<f64>,
    /// The seed of all random numbers: a number or 64 hexadecimal digits
    #[arg(long, default_value = "1")]
    pub(crate) seed: parable::seed::Seed,
    /// The model file to write. As confidential as the table, unless the method is private
    #[arg(long, required_unless_present = "plan")]
    pub(crate) model: Option<PathBuf>,
    /// Keep a checkpoint of a training in this file, and resume from it if it exists (gan, vae).
    /// What
    /// was charged is not charged again. Removed when the model is written; as confidential as the
    /// model
    #[arg(long, value_name = "FILE", conflicts_with = "plan")]
    pub(crate) checkpoint: Option<PathBuf>,
    /// Steps between two checkpoints. A private training that is killed loses up to this many steps
    #[arg(long, value_name = "STEPS", default_value = "100", requires = "checkpoint", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) checkpoint_every: u64,
    /// Replace the model file if it exists
    #[arg(long)]
    pub(crate) force: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Sample {
    /// A model file written by fit
    pub(crate) model: PathBuf,
    /// The number of rows; default: as many as the model learnt from
    #[arg(long, conflicts_with = "given")]
    pub(crate) rows: Option<usize>,
    #[command(flatten)]
    pub(crate) diverse: DiverseArgs,
    /// A condition that every row must satisfy, on any column: --where arm=treated --where age>=11
    /// --where city=Paris,Lyon --where income=20000..30000, or a rule such as
    /// --where 'age < 16 or arm == "treated"'; values are spelled as in the source; may be repeated
    #[arg(long = "where", value_name = "CONDITION", conflicts_with_all = ["given", "diverse"])]
    pub(crate) values: Vec<String>,
    /// A table with some of the columns: one synthetic row is sampled for each of its rows, with
    /// its values
    #[arg(long, value_name = "FILE", conflicts_with = "diverse")]
    pub(crate) given: Option<PathBuf>,
    /// The number of tables, each from its own random numbers; they are named OUT-1, OUT-2, ... and
    /// can be evaluated together
    #[arg(long, default_value = "1", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) copies: u32,
    /// The seed of all random numbers: a number or 64 hexadecimal digits
    #[arg(long, default_value = "1")]
    pub(crate) seed: parable::seed::Seed,
    #[command(flatten)]
    pub(crate) out: OutFile,
}

#[derive(Debug, Args)]
pub(crate) struct Synthesize {
    #[command(flatten)]
    pub(crate) input: Input,
    #[command(flatten)]
    pub(crate) method: MethodArgs,
    #[command(flatten)]
    pub(crate) private: PrivateArgs,
    /// The number of rows; default: as many as the table has
    #[arg(long)]
    pub(crate) rows: Option<usize>,
    #[command(flatten)]
    pub(crate) diverse: DiverseArgs,
    /// The seed of all random numbers: a number or 64 hexadecimal digits
    #[arg(long, default_value = "1")]
    pub(crate) seed: parable::seed::Seed,
    #[command(flatten)]
    pub(crate) out: OutFile,
}

#[derive(Debug, Args)]
pub(crate) struct Evaluate {
    /// The real table; `-` reads standard input
    #[arg(required_unless_present_any = ["write_bands", "list_metrics"])]
    pub(crate) real: Option<PathBuf>,
    /// The synthetic table; `-` reads standard input
    #[arg(required_unless_present_any = ["write_bands", "list_metrics"])]
    pub(crate) synthetic: Option<PathBuf>,
    /// The schema: what each column is. Without it, parable infers one from the real table and says
    /// so
    #[arg(long)]
    pub(crate) schema: Option<PathBuf>,
    /// Real rows the method never saw; makes the privacy numbers comparable with chance
    #[arg(long)]
    pub(crate) holdout: Option<PathBuf>,
    /// The folder to write into; created if absent
    #[arg(long, required_unless_present_any = ["write_bands", "list_metrics"])]
    pub(crate) out: Option<PathBuf>,
    /// Replace files that exist
    #[arg(long)]
    pub(crate) force: bool,
    /// The seed of all random numbers: a number or 64 hexadecimal digits
    #[arg(long, default_value = "1")]
    pub(crate) seed: parable::seed::Seed,
    #[command(flatten)]
    pub(crate) what: Measured,
    #[command(flatten)]
    pub(crate) shown: Shown,
}

/// What is measured.
#[derive(Debug, Args)]
#[command(next_help_heading = "What is measured")]
pub(crate) struct Measured {
    /// Only these metrics, by id and separated by commas; --list-metrics names them
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub(crate) metrics: Option<Vec<String>>,
    /// List every metric with a sentence about it, and stop
    #[arg(long)]
    pub(crate) list_metrics: bool,
    /// Columns that an intruder is assumed to know, separated by commas
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',')]
    pub(crate) keys: Vec<String>,
    /// Columns that an intruder wants to learn, separated by commas
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',')]
    pub(crate) targets: Vec<String>,
    /// A regression an analyst would fit, such as 'post ~ arm*fsm + pre | school'; may be repeated
    #[arg(long, value_name = "FORMULA")]
    pub(crate) formula: Vec<parable::metrics::Formula>,
    /// Columns whose levels are subgroups, separated by commas
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',')]
    pub(crate) subgroups: Vec<String>,
    /// Columns that models are trained to predict, separated by commas
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',')]
    pub(crate) predict: Vec<String>,
    /// Another table of the same model: estimates are combined over all of them; may be repeated
    #[arg(long, value_name = "FILE")]
    pub(crate) copy: Vec<PathBuf>,
    /// Another method's table to compare with, on the same pages; may be repeated
    #[arg(long, value_name = "NAME=FILE")]
    pub(crate) also: Vec<String>,
}

/// The contents of the pages.
#[derive(Debug, Args)]
#[command(next_help_heading = "What the pages say")]
pub(crate) struct Shown {
    /// Write pages made for publication instead of the owner's: bands in place of numbers, no small
    /// counts, no extreme values
    #[arg(long)]
    pub(crate) release: bool,
    /// A file with your own limits of the bands
    #[arg(long, value_name = "FILE")]
    pub(crate) bands: Option<PathBuf>,
    /// Write the limits of the bands to edit, and stop
    #[arg(long, value_name = "FILE")]
    pub(crate) write_bands: Option<PathBuf>,
    /// The model file of the synthetic table: adds its method, settings, ledger and cleaning to the
    /// model card
    #[arg(long, value_name = "FILE")]
    pub(crate) model: Option<PathBuf>,
    /// What the synthetic table was made from, if there is no model file
    #[arg(long, value_enum, conflicts_with = "model")]
    pub(crate) made_from: Option<MadeFromName>,
    /// Also write the rows to review before a release. For the owner only: it says who is in the
    /// data
    #[arg(long, value_name = "FILE", conflicts_with = "release")]
    pub(crate) review: Option<PathBuf>,
    /// Days of staff time, for the cost section
    #[arg(long, value_name = "DAYS")]
    pub(crate) person_days: Option<f64>,
}

/// What a synthetic table was made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum MadeFromName {
    /// Names and types of columns only
    Metadata,
    /// Names, types and values that could occur
    PlausibleValues,
    /// The real distribution of each column on its own
    OneWay,
    /// Relations between real columns
    Joint,
}

#[derive(Debug, Args)]
pub(crate) struct Inspect {
    /// A model file
    pub(crate) model: PathBuf,
    /// Explain how the model draws this column: its trees and predictors, or the relations that
    /// were measured
    #[arg(long)]
    pub(crate) column: Option<String>,
    /// Write a picture as SVG: the relations (private marginal methods), the tree of --column
    /// (cart), or losses and budget by step (gan, vae)
    #[arg(long, value_name = "FILE")]
    pub(crate) picture: Option<PathBuf>,
    /// Write the noisy tables that a private fit released, with their standard deviations and cost,
    /// as JSON
    #[arg(long, value_name = "FILE")]
    pub(crate) publication: Option<PathBuf>,
    /// Replace files that exist
    #[arg(long)]
    pub(crate) force: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Privacy {
    #[command(subcommand)]
    pub(crate) question: PrivacyQuestion,
}

#[derive(Debug, Subcommand)]
pub(crate) enum PrivacyQuestion {
    /// Compute the loss epsilon at a failure probability delta, by every accountant that applies
    Epsilon {
        #[command(flatten)]
        releases: Releases,
        /// The failure probability, far below one over the number of people
        #[arg(long)]
        delta: parable::dp::Delta,
    },
    /// Compute the failure probability delta at a loss epsilon
    Delta {
        #[command(flatten)]
        releases: Releases,
        /// The loss
        #[arg(long)]
        epsilon: parable::dp::Epsilon,
    },
    /// Find the least noise, the largest rate or the most steps that meet a target; leave out the
    /// one to find
    Calibrate {
        #[command(flatten)]
        releases: Releases,
        /// The loss that may not be exceeded
        #[arg(long)]
        epsilon: parable::dp::Epsilon,
        /// Its failure probability
        #[arg(long)]
        delta: parable::dp::Delta,
    },
    /// Check whether a list of releases fits a budget, without charging anything
    Plan {
        /// A JSON list of {"purpose": .., "event": ..}
        plan: PathBuf,
        /// A budget of zero-concentrated loss
        #[arg(long, conflicts_with_all = ["epsilon", "delta"])]
        rho: Option<parable::dp::Rho>,
        /// A budget of loss, with --delta
        #[arg(long, requires = "delta")]
        epsilon: Option<parable::dp::Epsilon>,
        /// The failure probability of the budget
        #[arg(long, requires = "epsilon")]
        delta: Option<parable::dp::Delta>,
        #[command(flatten)]
        unit: UnitArgs,
    },
    /// Verify the chain and the budget of a ledger file, and recompute what was spent from it alone
    Verify {
        /// The ledger file, JSON lines
        ledger: PathBuf,
        /// Also give epsilon at this failure probability
        #[arg(long)]
        delta: Option<parable::dp::Delta>,
    },
    /// Compute the lower bound on epsilon from a number of correct guesses about canaries
    Audit {
        /// Records that were each included or left out by a fair coin
        #[arg(long)]
        canaries: u64,
        /// The number of guesses
        #[arg(long)]
        guesses: u64,
        /// The number of correct guesses
        #[arg(long)]
        correct: u64,
        /// The failure probability of the claim
        #[arg(long, default_value = "0")]
        delta: parable::dp::Delta,
        /// The probability that the bound is wrong
        #[arg(long, default_value = "0.05")]
        significance: parable::dp::Probability,
        /// The claimed upper bound; a lower bound above it is an error
        #[arg(long)]
        claim: Option<parable::dp::Epsilon>,
    },
}

/// What was or will be released: a mechanism with its numbers, or a file.
#[derive(Debug, Args)]
pub(crate) struct Releases {
    /// The mechanism
    #[arg(
        long,
        value_enum,
        required_unless_present = "ledger",
        conflicts_with = "ledger"
    )]
    pub(crate) mechanism: Option<MechanismName>,
    /// Noise over sensitivity: standard deviation (Gaussian) or scale (Laplace)
    #[arg(long)]
    pub(crate) noise_multiplier: Option<parable::dp::NoiseMultiplier>,
    /// Share of the rows in one step
    #[arg(long)]
    pub(crate) sampling_rate: Option<parable::dp::SamplingRate>,
    /// The number of repetitions
    #[arg(long)]
    pub(crate) steps: Option<u64>,
    /// A privacy ledger, or a JSON tree of events
    #[arg(long, value_name = "FILE")]
    pub(crate) ledger: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) unit: UnitArgs,
}

/// The unit of privacy.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct UnitArgs {
    /// Which tables are neighbours
    #[arg(long, value_enum, default_value = "add-remove")]
    pub(crate) relation: RelationName,
    /// The most rows of one person
    #[arg(long, default_value = "1")]
    pub(crate) max_rows: u32,
}

/// A mechanism, with the sampler named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum MechanismName {
    /// Gaussian noise on all rows
    Gaussian,
    /// Laplace noise on all rows
    Laplace,
    /// Gaussian noise on a sample that each row enters by its own coin
    PoissonGaussian,
    /// Laplace noise on a sample that each row enters by its own coin
    PoissonLaplace,
    /// Gaussian noise on a sample of fixed size (relation replace-one)
    FixedSizeGaussian,
}

/// Which tables are neighbours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum RelationName {
    /// One table has the rows of one more person
    AddRemove,
    /// The rows of one person are replaced
    ReplaceOne,
    /// The rows of one person are replaced by empty rows
    ReplaceNull,
}
