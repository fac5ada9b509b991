//! The fitted model.

use parable_core::FitRecord;
use parable_domain::AttrSet;
use parable_encode::Codec;
use parable_pgm::MarkovField;

/// A log-linear model of a table.
#[derive(Clone, Debug)]
pub struct IpfModel {
    record: FitRecord,
    codec: Codec,
    field: MarkovField,
    sets: Vec<AttrSet>,
}

impl IpfModel {
    pub(crate) fn new(
        record: FitRecord,
        codec: Codec,
        field: MarkovField,
        sets: Vec<AttrSet>,
    ) -> Self {
        Self {
            record,
            codec,
            field,
            sets,
        }
    }

    /// The model of the codes.
    #[must_use]
    pub fn field(&self) -> &MarkovField {
        &self.field
    }

    /// The margins of two and more columns, by name.
    pub fn margins(&self) -> impl Iterator<Item = Vec<&str>> {
        let attrs = self.codec.domain().attrs();
        let name = |attr: u32| &*attrs[attr as usize].name;
        self.sets
            .iter()
            .map(move |set| set.iter().map(name).collect())
    }

    /// The number of rows that the margins stand for.
    #[must_use]
    pub fn rows(&self) -> f64 {
        self.field.total()
    }

    pub(crate) fn codec(&self) -> &Codec {
        &self.codec
    }

    pub(crate) fn sets(&self) -> &[AttrSet] {
        &self.sets
    }

    pub(crate) fn fit_record(&self) -> &FitRecord {
        &self.record
    }
}
