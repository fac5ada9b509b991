//! What can be typed.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Synthetic tables that carry what a sensitive table teaches, and none of the people in it.
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES, propagate_version = true, disable_help_subcommand = true)]
pub(crate) struct Arguments {
    /// Say nothing on standard error but errors: no progress, no notes.
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
  parable demo                                          a simulated school trial, synthesised and judged
  parable synthesize DATA.csv --rows 5000 --out SYNTH.csv  a synthetic version of your own table
  parable evaluate DATA.csv SYNTH.csv --out report      a page that says how good and how safe it is

With more care:
  parable schema DATA.csv --out schema.json             what parable takes each column for; edit it
  parable clean DATA.csv --schema schema.json --out cleaned
  parable fit DATA.csv --schema schema.json --method cart --model trial.parable
  parable sample trial.parable --rows 5000 --seed 1 --out SYNTH.csv
  parable inspect trial.parable                         how the model came about
  parable fit DATA.csv --schema schema.json --method swift --epsilon 1 --delta 1e-9 --model private.parable
  parable sample trial.parable --rows 500 --where arm=treated --where sen=yes --out SEN.csv
  parable privacy epsilon --mechanism gaussian --noise-multiplier 4 --delta 1e-6

Exit codes:
  0  done
  1  something outside the input failed (a full disk, a file that cannot be written)
  2  bad input or usage; the message names file, row, column and rule
  130  cancelled (Ctrl-C); nothing half-written is left";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Simulate a school trial, clean, synthesise with every method, restore, evaluate and write the report
    Demo(Demo),
    /// Write a simulated school trial: table, schema and the truth behind it
    Simulate(Simulate),
    /// Work out a schema from a table and say why; the file is meant to be read and edited
    Schema(SchemaArgs),
    /// Clean a table and say what was done: the cleaned table, its schema, the recipe that undoes it, all issues
    Clean(Clean),
    /// Learn a model from a table
    Fit(Fit),
    /// Make a synthetic table from a model
    Sample(Sample),
    /// Clean, fit, sample and restore in one go
    Synthesize(Synthesize),
    /// Judge a synthetic table against the real one: report.html, report.md and report.json, or with --release the pages fit for others
    Evaluate(Evaluate),
    /// Show how a model came about and what it learnt, as a person reads it
    Inspect(Inspect),
    /// List the methods
    Methods,
    /// Ask what private releases cost, how much noise they need, and whether a privacy ledger holds together
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
    /// Which trial
    #[arg(long, value_enum, default_value = "B", ignore_case = true)]
    pub(crate) preset: PresetName,
    /// Where everything random starts: a number or 64 hexadecimal digits
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
    /// Which trial
    #[arg(long, value_enum, default_value = "B", ignore_case = true)]
    pub(crate) preset: PresetName,
    /// Where everything random starts: a number or 64 hexadecimal digits
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
    /// The folder to write into; made if absent
    #[arg(long)]
    pub(crate) out: PathBuf,
    /// Replace files that exist
    #[arg(long)]
    pub(crate) force: bool,
}

#[derive(Debug, Args)]
pub(crate) struct OutFile {
    /// The file to write
    #[arg(long)]
    pub(crate) out: PathBuf,
    /// Replace the file if it exists
    #[arg(long)]
    pub(crate) force: bool,
}

/// Which groups of rows shall not agree.
#[derive(Debug, Args)]
pub(crate) struct DiverseArgs {
    /// No group of rows that agree in the keys may agree in the target, e.g. --diverse income=age,sex,education: values are exchanged where one does; may be repeated
    #[arg(long, value_name = "TARGET=KEY,KEY,...")]
    pub(crate) diverse: Vec<String>,
    /// Smaller groups are left as they are
    #[arg(long, default_value = "20", value_parser = clap::value_parser!(u32).range(2..))]
    pub(crate) diverse_rows: u32,
}

#[derive(Debug, Args)]
pub(crate) struct SchemaArgs {
    /// A table in a text file: separated by comma, semicolon, tab or bar, one header line
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
    /// The table
    pub(crate) data: PathBuf,
    /// What each column is; without it, parable works it out and says so
    #[arg(long)]
    pub(crate) schema: Option<PathBuf>,
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

/// Which method, and how it is set.
#[derive(Debug, Args)]
pub(crate) struct MethodArgs {
    /// The method; `parable methods` lists them
    #[arg(long, default_value = "cart")]
    pub(crate) method: String,
    /// One setting of the method, e.g. --set min_leaf_rows=10 or --set discriminator.steps=500; may be repeated
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub(crate) settings: Vec<String>,
    /// A JSON file with settings of the method; --set overrides it
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

/// What a private fit may spend, whom it protects, and what it should spend it on.
#[derive(Debug, Args)]
#[command(next_help_heading = "Private methods")]
pub(crate) struct PrivateArgs {
    /// The privacy loss that may not be exceeded
    #[arg(long, requires = "delta")]
    pub(crate) epsilon: Option<parable::dp::Epsilon>,
    /// Its failure probability, far below one over the number of people
    #[arg(long, requires = "epsilon")]
    pub(crate) delta: Option<parable::dp::Delta>,
    #[command(flatten)]
    pub(crate) unit: UnitArgs,
    /// Columns whose joint table is measured in any case, e.g. --require arm,post_maths; may be repeated
    #[arg(long, value_name = "A,B", value_delimiter = None)]
    pub(crate) require: Vec<String>,
    /// Require the joint table of the treatment and each outcome, as the roles in the schema say
    #[arg(long)]
    pub(crate) require_effects: bool,
    /// How much the error of a column or of a set of columns matters, e.g. --weight post_maths=3 or --weight arm,sen=2; may be repeated
    #[arg(long, value_name = "A,B=FACTOR")]
    pub(crate) weight: Vec<String>,
    /// Take levels, bounds and grids that were read off the rows as public. The guarantee is void where they are not
    #[arg(long)]
    pub(crate) trust_observed: bool,
    /// Write the privacy ledger here, for `parable privacy verify`
    #[arg(long, value_name = "FILE")]
    pub(crate) ledger: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Fit {
    #[command(flatten)]
    pub(crate) input: Input,
    #[command(flatten)]
    pub(crate) method: MethodArgs,
    #[command(flatten)]
    pub(crate) private: PrivateArgs,
    /// Say what a private fit would release and how many people each answer will be off for about this many rows; spends and writes nothing
    #[arg(long, value_name = "ROWS")]
    pub(crate) plan: Option<f64>,
    /// Where everything random starts: a number or 64 hexadecimal digits
    #[arg(long, default_value = "1")]
    pub(crate) seed: parable::seed::Seed,
    /// The model file to write. Confidential like the table it learnt from, unless the method is private
    #[arg(long, required_unless_present = "plan")]
    pub(crate) model: Option<PathBuf>,
    /// Keep here how far a training is, and go on from there if the file exists (gan, vae). What was charged is not charged again. Removed
    /// when the model is written; as confidential as the model
    #[arg(long, value_name = "FILE", conflicts_with = "plan")]
    pub(crate) checkpoint: Option<PathBuf>,
    /// Steps between two writings of the checkpoint. A private training that is killed loses up to so many steps
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
    /// How many rows to make; as many as the model learnt from when left out
    #[arg(long, conflicts_with = "given")]
    pub(crate) rows: Option<usize>,
    #[command(flatten)]
    pub(crate) diverse: DiverseArgs,
    /// A value that every row must have, e.g. --where arm=treated --where sen=yes; may be repeated
    #[arg(long = "where", value_name = "COLUMN=VALUE", conflicts_with_all = ["given", "diverse"])]
    pub(crate) values: Vec<String>,
    /// A table with some of the columns: one synthetic row is made for each of its rows, with its values
    #[arg(long, value_name = "FILE", conflicts_with = "diverse")]
    pub(crate) given: Option<PathBuf>,
    /// How many tables to make, each from its own random numbers; they are named OUT-1, OUT-2, ... and judged together
    #[arg(long, default_value = "1", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) copies: u32,
    /// Where everything random starts: a number or 64 hexadecimal digits
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
    /// How many rows to make; as many as the table has when left out
    #[arg(long)]
    pub(crate) rows: Option<usize>,
    #[command(flatten)]
    pub(crate) diverse: DiverseArgs,
    /// Where everything random starts: a number or 64 hexadecimal digits
    #[arg(long, default_value = "1")]
    pub(crate) seed: parable::seed::Seed,
    #[command(flatten)]
    pub(crate) out: OutFile,
}

#[derive(Debug, Args)]
pub(crate) struct Evaluate {
    /// The real table
    #[arg(required_unless_present_any = ["write_bands", "list_metrics"])]
    pub(crate) real: Option<PathBuf>,
    /// The synthetic table
    #[arg(required_unless_present_any = ["write_bands", "list_metrics"])]
    pub(crate) synthetic: Option<PathBuf>,
    /// What each column is; without it, parable works it out from the real table and says so
    #[arg(long)]
    pub(crate) schema: Option<PathBuf>,
    /// Real rows the method never saw; makes the privacy numbers comparable with chance
    #[arg(long)]
    pub(crate) holdout: Option<PathBuf>,
    /// The folder to write into; made if absent
    #[arg(long, required_unless_present_any = ["write_bands", "list_metrics"])]
    pub(crate) out: Option<PathBuf>,
    /// Replace files that exist
    #[arg(long)]
    pub(crate) force: bool,
    /// Where everything random starts: a number or 64 hexadecimal digits
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
    /// Name every metric with a sentence about it, and stop
    #[arg(long)]
    pub(crate) list_metrics: bool,
    /// Columns an intruder is taken to know, separated by commas
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',')]
    pub(crate) keys: Vec<String>,
    /// Columns an intruder wants to know, separated by commas
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

/// What the pages say.
#[derive(Debug, Args)]
#[command(next_help_heading = "What the pages say")]
pub(crate) struct Shown {
    /// Write pages made for publication instead of the owner's: bands in place of numbers, no small counts, no extreme values
    #[arg(long)]
    pub(crate) release: bool,
    /// Limits of the bands, edited by you
    #[arg(long, value_name = "FILE")]
    pub(crate) bands: Option<PathBuf>,
    /// Write the limits of the bands to edit, and stop
    #[arg(long, value_name = "FILE")]
    pub(crate) write_bands: Option<PathBuf>,
    /// The model file the synthetic table was sampled from: the model card tells its method, settings, ledger and cleaning
    #[arg(long, value_name = "FILE")]
    pub(crate) model: Option<PathBuf>,
    /// What the synthetic table was made from, if there is no model file
    #[arg(long, value_enum, conflicts_with = "model")]
    pub(crate) made_from: Option<MadeFromName>,
    /// Also write the rows to look at before a release, for the owner's eyes only: it says who stands in the data
    #[arg(long, value_name = "FILE", conflicts_with = "release")]
    pub(crate) review: Option<PathBuf>,
    /// Days of work people put in, for the cost section
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
    /// Show how the model draws this column: its trees and predictors, or the relations that were measured
    #[arg(long)]
    pub(crate) column: Option<String>,
    /// Write a picture of the relations (private marginal methods) of the tree of --column (cart), or of the losses and the budget by step (gan, vae), as SVG
    #[arg(long, value_name = "FILE")]
    pub(crate) picture: Option<PathBuf>,
    /// Write the noisy tables that a private fit released, with their standard deviations and cost, as JSON
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
    /// The loss epsilon at a failure probability delta, by every accountant that applies
    Epsilon {
        #[command(flatten)]
        releases: Releases,
        /// The failure probability, far below one over the number of people
        #[arg(long)]
        delta: parable::dp::Delta,
    },
    /// The failure probability delta at a loss epsilon
    Delta {
        #[command(flatten)]
        releases: Releases,
        /// The loss
        #[arg(long)]
        epsilon: parable::dp::Epsilon,
    },
    /// The least noise, the largest rate or the most steps that a target admits; leave out what is looked for
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
    /// Whether a list of releases fits a budget, without charging anything
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
    /// Check the chain and the budget of a ledger file, and recompute what was spent from it alone
    Verify {
        /// The ledger file, JSON lines
        ledger: PathBuf,
        /// Also give epsilon at this failure probability
        #[arg(long)]
        delta: Option<parable::dp::Delta>,
    },
    /// The lower bound on epsilon that a number of right guesses about canaries shows
    Audit {
        /// Records that were put in or left out by a coin each
        #[arg(long)]
        canaries: u64,
        /// How many of them were guessed about
        #[arg(long)]
        guesses: u64,
        /// How many guesses were right
        #[arg(long)]
        correct: u64,
        /// The failure probability of the claim
        #[arg(long, default_value = "0")]
        delta: parable::dp::Delta,
        /// The probability that the bound is wrong
        #[arg(long, default_value = "0.05")]
        significance: parable::dp::Probability,
        /// The claimed upper bound; an audit above it is an error
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
    /// How often it is repeated
    #[arg(long)]
    pub(crate) steps: Option<u64>,
    /// A privacy ledger, or a JSON tree of events
    #[arg(long, value_name = "FILE")]
    pub(crate) ledger: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) unit: UnitArgs,
}

/// Who is protected.
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
    /// One has the rows of one person more
    AddRemove,
    /// The rows of one person are exchanged
    ReplaceOne,
    /// The rows of one person are exchanged for rows that say nothing
    ReplaceNull,
}
