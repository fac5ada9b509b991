//! The stored form of a model: a line of JSON, then the numbers of the network.
//!
//! The line names every array with its shape; the arrays follow as 32-bit floats, little end first,
//! one after the other. Nothing of it depends on the tensor library.

use std::io::Write;

use parable_core::{
    FitRecord, Model, ModelFile, ModelFileError, ModelReader, Observer, Publication, SampleError,
    TrainingCurve,
};
use parable_encode::Codec;
use parable_measure::merged_domain;
use parable_pgm::Groups;
use parable_seed::Seed;
use parable_table::{Schema, Table};
use serde::{Deserialize, Serialize};

use crate::NAME;
use crate::condition::Conditions;
use crate::forward::{Forward, Latent, Layer, Sizes};
use crate::model::{Asked, GanModel, LossPoint};
use crate::numbers::coding::Coding;
use crate::numbers::scale::ScaleFacts;
use parable_learn::GaussianComponent as Mode;

/// Reads model files of [`GanModel`].
#[derive(Clone, Copy, Debug, Default)]
pub struct GanReader;

const VERSION: u32 = 1;
/// No network of a model is larger: a damaged header must not ask for all memory.
const MOST_NUMBERS: usize = 1 << 30;

/// The first line of the body, version 1.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct HeaderV1 {
    version: u32,
    codec: Codec,
    /// Columns whose numbers are written by modes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    numbers: Vec<NumbersV1>,
    groups: Vec<Groups>,
    latent: usize,
    hidden: Vec<usize>,
    /// Probability of a condition; absent where there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reveal: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    publication: Option<Publication>,
    curve: Vec<LossPoint>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    noisy_rows: Option<usize>,
    arrays: Vec<ArrayV1>,
}

/// Modes of the numbers of a column, whose range is the bin that it has in the codec.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct NumbersV1 {
    column: usize,
    spikes: Vec<f64>,
    modes: Vec<Mode>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ArrayV1 {
    name: String,
    shape: [usize; 2],
}

/// Returns the arrays of a network of these sizes, in order, without those of the components.
fn expected_arrays(sizes: &Sizes) -> Vec<ArrayV1> {
    let mut arrays = Vec::new();
    for layer in 0..=sizes.hidden.len() {
        let units = sizes.units_of(layer);
        for (index, input) in sizes.parts(layer).into_iter().enumerate() {
            arrays.push(ArrayV1 {
                name: format!("layer{layer}.weights{index}"),
                shape: [input, units],
            });
        }
        arrays.push(ArrayV1 {
            name: format!("layer{layer}.bias"),
            shape: [1, units],
        });
    }
    arrays
}

const COMPONENTS: &str = "components";
/// Shares of the levels of conditions.
const REVEALED: &str = "revealed";

pub(crate) fn write(model: &GanModel, out: &mut dyn Write) -> Result<(), ModelFileError> {
    let sizes = model.forward.sizes();
    let mut arrays = expected_arrays(sizes);
    let mut numbers: Vec<&[f32]> = Vec::new();
    for layer in model.forward.layers() {
        numbers.push(&layer.weights);
        numbers.push(&layer.bias);
    }
    let mut reveal = None;
    match &model.latent {
        Latent::Fixed(components) => {
            arrays.push(ArrayV1 {
                name: COMPONENTS.to_owned(),
                shape: [components.len() / sizes.latent, sizes.latent],
            });
            numbers.push(components);
        }
        Latent::Conditional(conditions) => {
            reveal = Some(conditions.share());
            arrays.push(ArrayV1 {
                name: REVEALED.to_owned(),
                shape: [1, sizes.width()],
            });
            numbers.extend(conditions.columns().iter().map(Vec::as_slice));
        }
        Latent::Drawn => {}
    }
    let header = HeaderV1 {
        version: VERSION,
        codec: model.coding.codec().clone(),
        numbers: model
            .coding
            .facts()
            .into_iter()
            .map(|(column, facts)| NumbersV1 {
                column,
                spikes: facts.spikes,
                modes: facts.modes,
            })
            .collect(),
        groups: model.groups.clone(),
        latent: sizes.latent,
        hidden: sizes.hidden.clone(),
        reveal,
        publication: model.publication.clone(),
        curve: model.curve.clone(),
        noisy_rows: model.noisy_rows,
        arrays,
    };
    let line = serde_json::to_vec(&header).map_err(|error| ModelFileError::Io(error.into()))?;
    out.write_all(&line)?;
    out.write_all(b"\n")?;
    for array in numbers {
        let bytes: Vec<u8> = array.iter().flat_map(|x| x.to_le_bytes()).collect();
        out.write_all(&bytes)?;
    }
    Ok(())
}

impl Model for GanModel {
    fn schema(&self) -> &Schema {
        &self.record.schema
    }

    fn record(&self) -> &FitRecord {
        &self.record
    }

    fn typical_rows(&self) -> Option<usize> {
        self.record.rows.or(self.noisy_rows)
    }

    fn sample_with(
        &self,
        rows: usize,
        seed: &Seed,
        observer: &dyn Observer,
    ) -> Result<Table, SampleError> {
        let asked = Asked::nothing(self.schema());
        self.obedient_rows(rows, &asked, &seed.stream("gan/sample"), observer)
    }

    fn sample_given(
        &self,
        given: &Table,
        seed: &Seed,
        observer: &dyn Observer,
    ) -> Result<Table, SampleError> {
        let asked = self.asked(given)?;
        self.obedient_rows(given.rows(), &asked, &seed.stream("gan/given"), observer)
    }

    fn write_body(&self, out: &mut dyn Write) -> Result<(), ModelFileError> {
        write(self, out)
    }

    /// Losses and the privacy loss charged, by step.
    fn training(&self) -> Vec<TrainingCurve> {
        let curve = |name: &str, number: fn(&LossPoint) -> Option<f64>| {
            let points = self.curve().iter();
            let points = points.filter_map(|point| Some((point.step, number(point)?)));
            let points: Vec<(u64, f64)> = points.collect();
            (!points.is_empty()).then(|| TrainingCurve::new(name, points))
        };
        let curves = [
            curve("reconstruction loss in nats", |p| p.rows),
            curve("divergence from measured counts in nats per set", |p| {
                p.marginals
            }),
            curve("generator's loss against the discriminator in nats", |p| {
                p.discriminator
            }),
            curve("epsilon charged", |p| p.spent),
        ];
        curves.into_iter().flatten().collect()
    }

    fn publication(&self) -> Option<&Publication> {
        self.publication()
    }
}

impl ModelReader for GanReader {
    fn method(&self) -> &'static str {
        NAME
    }

    fn read(&self, file: &ModelFile) -> Result<Box<dyn Model>, ModelFileError> {
        Ok(Box::new(read(NAME, file)?))
    }
}

/// The model that the body of a file of this method holds.
pub(crate) fn read(method: &str, file: &ModelFile) -> Result<GanModel, ModelFileError> {
    let refuse = |problem: &str| ModelFileError::body(method, problem);
    let end = file.body.iter().position(|&byte| byte == b'\n');
    let end = end.ok_or_else(|| refuse("it has no header line"))?;
    let header: HeaderV1 = serde_json::from_slice(&file.body[..end])
        .map_err(|error| ModelFileError::body(method, error))?;
    if header.version != VERSION {
        return Err(refuse("not version 1"));
    }
    if *header.codec.schema() != file.record.schema {
        return Err(refuse("its schema is not that of the record"));
    }
    let numbers = header.numbers.into_iter();
    let numbers = numbers.map(
        |NumbersV1 {
             column,
             spikes,
             modes,
         }| { (column, ScaleFacts { spikes, modes }) },
    );
    let coding = Coding::of(header.codec, numbers.collect());
    let coding = coding.ok_or_else(|| refuse("its modes are none of its columns"))?;
    let own = coding.domain();
    let fits = header.groups.len() == own.len()
        && header.groups.iter().zip(own.attrs()).all(|(groups, attr)| {
            let levels = attr.levels as usize;
            groups.of.len() == levels
                && groups.rows.len() == levels
                && groups.of.iter().all(|&group| (group as usize) < levels)
                && groups.has_no_gaps()
        });
    if !fits {
        return Err(refuse("its groups of levels do not fit its columns"));
    }
    let domain =
        merged_domain(own, &header.groups).map_err(|error| ModelFileError::body(method, error))?;
    let sane = |units: &usize| (1..=65_536).contains(units);
    if !sane(&header.latent) || header.hidden.len() > 6 || !header.hidden.iter().all(sane) {
        return Err(refuse("its layers have no possible sizes"));
    }
    let sizes = Sizes {
        latent: header.latent,
        hidden: header.hidden,
        levels: domain.attrs().iter().map(|a| a.levels as usize).collect(),
        conditional: header.reveal.is_some(),
        modes: coding.heads().outputs(),
    };
    let expected = expected_arrays(&sizes);
    let (own, rest) = header
        .arrays
        .split_at_checked(expected.len())
        .ok_or_else(|| refuse("it lacks arrays"))?;
    if own != expected {
        return Err(refuse("its arrays are not those of its network"));
    }
    let extra = match rest {
        [] if !sizes.conditional => None,
        [array]
            if sizes.conditional && array.name == REVEALED && array.shape == [1, sizes.width()] =>
        {
            Some(sizes.width())
        }
        [array]
            if !sizes.conditional
                && array.name == COMPONENTS
                && array.shape[1] == sizes.latent
                && (1..=1 << 20).contains(&array.shape[0]) =>
        {
            Some(array.shape[0] * array.shape[1])
        }
        _ => return Err(refuse("it has arrays of no known name")),
    };
    let counts: Vec<usize> = expected
        .iter()
        .map(|array| array.shape[0] * array.shape[1])
        .chain(extra)
        .collect();
    let total: usize = counts.iter().sum();
    let bytes = &file.body[end + 1..];
    if total > MOST_NUMBERS || bytes.len() != total * 4 {
        return Err(refuse("its numbers are not as many as its arrays hold"));
    }
    let (words, _) = bytes.as_chunks::<4>();
    let mut words = words.iter().map(|word| f32::from_le_bytes(*word));
    let mut arrays: Vec<Vec<f32>> = counts
        .iter()
        .map(|&count| words.by_ref().take(count).collect())
        .collect();
    if !arrays.iter().flatten().all(|x| x.is_finite()) {
        return Err(refuse("a number is not finite"));
    }
    let latent = match (extra, header.reveal) {
        (None, _) => Latent::Drawn,
        (Some(_), None) => Latent::Fixed(arrays.pop().unwrap_or_default()),
        (Some(_), Some(share)) => {
            let shares = arrays.pop().unwrap_or_default();
            let sane = |share: &f32| (0.0..=1.0).contains(share);
            if !(0.0..=1.0).contains(&share) || !shares.iter().all(sane) {
                return Err(refuse("its conditions have no possible shares"));
            }
            let mut shares = shares.into_iter();
            let columns = sizes.levels.iter();
            let columns = columns.map(|&levels| shares.by_ref().take(levels).collect());
            Latent::Conditional(Conditions::new(share, columns.collect()))
        }
    };
    let mut arrays = arrays.into_iter();
    let layers = (0..=sizes.hidden.len())
        .map(|layer| Layer {
            weights: arrays.by_ref().take(layer + 1).flatten().collect(),
            bias: arrays.next().unwrap_or_default(),
        })
        .collect();
    let forward =
        Forward::new(sizes, layers).ok_or_else(|| refuse("its layers do not fit together"))?;
    Ok(GanModel {
        record: file.record.clone(),
        coding,
        groups: header.groups,
        domain,
        forward,
        latent,
        publication: header.publication,
        curve: header.curve,
        noisy_rows: header.noisy_rows,
    })
}
