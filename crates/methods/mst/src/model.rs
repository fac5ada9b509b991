//! The fitted model.

use parable_core::{FitRecord, NoisyMarginal, Publication, SampleError};
use parable_domain::Codes;
use parable_encode::Codec;
use parable_seed::Seed;
use parable_table::Table;

use crate::config::Restore;
use crate::estimate::Estimated;
use crate::{NAME, restore};

/// Noisy marginals of a table, and the graphical model that agrees best with them.
#[derive(Clone, Debug)]
pub struct MstModel {
    record: FitRecord,
    codec: Codec,
    publication: Publication,
    estimated: Estimated,
    restore: Restore,
}

impl MstModel {
    pub(crate) fn new(
        record: FitRecord,
        codec: Codec,
        publication: Publication,
        estimated: Estimated,
        restore: Restore,
    ) -> Self {
        Self {
            record,
            codec,
            publication,
            estimated,
            restore,
        }
    }

    /// Returns the noisy marginals with their standard deviations, and the charges for them.
    #[must_use]
    pub fn publication(&self) -> &Publication {
        &self.publication
    }

    /// The model of the codes.
    #[must_use]
    pub fn estimated(&self) -> &Estimated {
        &self.estimated
    }

    /// The relations that were measured: names of the columns, and the standard deviation of the
    /// noise in each cell, in rows.
    pub fn relations(&self) -> impl Iterator<Item = (Vec<&str>, f64)> {
        let name = |attr: u32| &*self.publication.domain.attrs()[attr as usize].name;
        let relation = move |noisy: &NoisyMarginal| {
            let sigma = noisy.sigma;
            (noisy.attrs.iter().map(name).collect(), sigma)
        };
        self.publication.marginals.iter().map(relation)
    }

    /// The rows of [`Model::sample`](parable_core::Model::sample) in chunks of `size` rows, for
    /// tables larger than memory: they join into one table without loss, and memory is that of a
    /// chunk and of the model. One chunk that holds all rows is the table of `sample`.
    ///
    /// # Errors
    /// More rows than 2^32 - 1 in a chunk.
    pub fn sample_chunks(
        &self,
        rows: u64,
        size: usize,
        seed: &Seed,
    ) -> Result<impl Iterator<Item = Result<Table, SampleError>> + '_, SampleError> {
        let seed = seed.stream("mst/sample");
        let chunks = self.estimated.chunks(rows, size, &seed).map_err(failed)?;
        Ok(chunks.zip(0u64..).map(move |(codes, number)| {
            let codes = codes.map_err(failed)?;
            self.decode(&codes, &seed.index(number), &seed)
        }))
    }

    /// A table of these codes; `seed` is that of the chunk, `whole` that of the table it is part
    /// of.
    pub(crate) fn decode(
        &self,
        codes: &Codes,
        seed: &Seed,
        whole: &Seed,
    ) -> Result<Table, SampleError> {
        restore::decode(
            &self.codec,
            &self.estimated,
            codes,
            self.restore,
            seed,
            whole,
        )
        .map_err(failed)
    }

    pub(crate) fn fit_record(&self) -> &FitRecord {
        &self.record
    }

    pub(crate) fn restore(&self) -> Restore {
        self.restore
    }

    pub(crate) fn codec(&self) -> &Codec {
        &self.codec
    }
}

pub(crate) fn failed(error: impl std::error::Error + Send + Sync + 'static) -> SampleError {
    SampleError::Method {
        method: NAME.to_owned(),
        source: Box::new(error),
    }
}
