//! Checks of everything that sampling relies on, so that a bad file is refused when it is read and
//! never panics later.

use ndarray::Array2;
use parable_table::{Field, Grid, Kind, Schema};
use parable_tree::{Binning, MAX_BINS, Scale};

use super::format::{
    BookV2, FeatureV2, JointV2, LabelsV2, LevelV2, LinearV2, MixV2, PartV2, ScaleV2, ShapeV2,
    SourceV2, StageV2,
};
use super::trees::{Bytes, take_tree};
use super::visit::{Visit, ensure};
use crate::clusters::effect_covariance::EffectCovariance;
use crate::clusters::hierarchy::Labels;
use crate::clusters::nominal_effects::NominalEffects;
use crate::clusters::random_effects::RandomEffects;
use crate::config::Panel;
use crate::model::{Codebook, Feature, LevelModel, Part, Source, Stage};
use crate::panel::shape::{self, Shape};
use crate::values::cells::ValueCells;
use crate::values::normal_ranks::{Linear, Term};

fn field_of(schema: &Schema, column: usize) -> Result<&Field, String> {
    schema
        .fields()
        .get(column)
        .ok_or_else(|| "a column beyond the schema".to_owned())
}

fn levels_of(field: &Field) -> usize {
    field.kind.levels().map_or(0, parable_table::Levels::len)
}

impl LabelsV2 {
    fn check(self, field: &Field) -> Result<Labels, String> {
        let labels = match self {
            Self::Codes(codes) => {
                let known = codes.iter().all(|&code| (code as usize) < levels_of(field));
                ensure(
                    known && field.kind.is_categorical(),
                    "a cluster without a name",
                )?;
                Labels::Codes(codes)
            }
            Self::Integers(numbers) => {
                ensure(
                    matches!(field.kind, Kind::Integer { .. }),
                    "clusters named by numbers",
                )?;
                Labels::Integers(numbers)
            }
        };
        ensure(labels.len() > 0, "a level without clusters")?;
        Ok(labels)
    }
}

impl ShapeV2 {
    pub(super) fn check(self, config: &Panel, schema: &Schema) -> Result<Shape, String> {
        let found = shape::positions(schema, &config.subject, &config.time);
        let (subject, time) = found.map_err(|error| error.to_string())?;
        let known =
            |column: &usize| *column < schema.len() && *column != subject && *column != time;
        ensure(
            self.constant.iter().all(known) && self.constant.is_sorted_by(|a, b| a < b),
            "columns of subjects that are not the schema's",
        )?;
        ensure(
            self.ends.last() == Some(&true) && self.ends.len() <= shape::MOST_ROWS && self.rows > 0,
            "subjects without rows",
        )?;
        Ok(Shape {
            labels: self.labels.check(field_of(schema, subject)?)?,
            subject,
            time,
            constant: self.constant,
            ends: self.ends,
            rows: self.rows,
        })
    }
}

impl LevelV2 {
    pub(super) fn check(self, schema: &Schema) -> Result<LevelModel, String> {
        let field = field_of(schema, self.column)?;
        let labels = self.labels.check(field)?;
        for (&column, reasons) in &self.reasons {
            let codes = field_of(schema, column)?.missing_codes.len();
            let fits = reasons
                .iter()
                .all(|&(byte, count)| byte > 0 && usize::from(byte) < codes + 2 && count > 0);
            let total: u64 = reasons.iter().map(|(_, count)| u64::from(*count)).sum();
            ensure(
                fits && total > 0 && total <= u64::from(u32::MAX),
                "a reason for absence that is not declared",
            )?;
        }
        let explained = self
            .patterns
            .iter()
            .flatten()
            .all(|column| self.reasons.contains_key(column));
        ensure(
            explained && self.patterns.is_empty() == self.reasons.is_empty(),
            "an absence without a reason",
        )?;
        for (column, counts) in &self.row_counts {
            let field = field_of(schema, *column)?;
            ensure(
                field.kind.is_categorical() && counts.len() == levels_of(field),
                "rows by levels that are not the schema's",
            )?;
        }
        Ok(LevelModel {
            covariance: self
                .joint
                .map(JointV2::check)
                .transpose()?
                .unwrap_or_default(),
            row_counts: self.row_counts,
            column: self.column,
            labels,
            patterns: self.patterns,
            reasons: self.reasons,
        })
    }
}

impl JointV2 {
    fn check(self) -> Result<EffectCovariance, String> {
        let triangle = self
            .loadings
            .iter()
            .enumerate()
            .all(|(row, own)| own.len() == row + 1 && own.iter().all(|x| x.abs() <= 1.01));
        ensure(
            triangle && self.loadings.len() == self.latents.len(),
            "correlations of clusters out of range",
        )?;
        let mut loadings = Array2::zeros((self.latents.len(), self.latents.len()));
        for (place, own) in self.loadings.into_iter().enumerate() {
            for (before, loading) in own.into_iter().enumerate() {
                loadings[[place, before]] = loading;
            }
        }
        Ok(EffectCovariance {
            latents: self.latents,
            loadings,
        })
    }
}

impl MixV2 {
    /// - `count`: codes of the column
    /// - `arms`: how many arms have been made, if any
    fn check(
        self,
        level: usize,
        count: usize,
        arms: Option<usize>,
    ) -> Result<NominalEffects, String> {
        let known = self.codes.is_sorted_by(|a, b| a < b)
            && self.codes.iter().all(|&code| (code as usize) < count);
        let wide = self
            .spread
            .iter()
            .all(|spread| spread.len() == self.codes.len());
        let sane = self
            .spread
            .iter()
            .flatten()
            .all(|spread| (0.0..=100.0).contains(spread));
        let levels = self.spread.is_empty() || self.spread.len() == level;
        ensure(
            known && wide && sane && levels,
            "differences of clusters out of range",
        )?;
        let fits = self.rows.iter().all(|rows| rows.len() == count);
        let arms = self.rows.len() == 1 || Some(self.rows.len()) == arms;
        ensure(fits && arms, "codes of other arms")?;
        Ok(NominalEffects {
            codes: self.codes,
            spread: self.spread,
            rows: self.rows,
        })
    }
}

impl FeatureV2 {
    pub(super) fn check(self, schema: &Schema, base: usize) -> Result<Feature, String> {
        let (source, field) = match self.source {
            SourceV2::Column(column) => (Source::Column(column), Some(field_of(schema, column)?)),
            SourceV2::Rows => (Source::Rows, None),
            SourceV2::Children => (Source::Children, None),
        };
        ensure(
            self.level <= base && self.to <= base,
            "a predictor of a level that is not there",
        )?;
        ensure(
            self.level <= self.from && self.from <= self.to,
            "a predictor used before it is made",
        )?;
        let scale = match self.scale {
            ScaleV2::Numbers(edges) => {
                let ascending = edges.iter().all(|edge| edge.is_finite()) && edges.is_sorted();
                ensure(ascending, "bins out of order")?;
                ensure(
                    field.is_none_or(|field| field.kind.is_numeric()),
                    "numbers for levels",
                )?;
                Scale::Numeric {
                    edges,
                    centres: Vec::new(),
                }
            }
            ScaleV2::Ranks(levels) | ScaleV2::Levels(levels)
                if field.is_none_or(|f| !f.kind.is_categorical() || levels_of(f) != levels) =>
            {
                return Err("levels that are not the schema's".to_owned());
            }
            ScaleV2::Ranks(levels) => Scale::Ordinal(levels),
            ScaleV2::Levels(levels) => Scale::Nominal(levels),
        };
        let reasons = field.map_or(0, |field| field.missing_codes.len() + 1);
        ensure(
            self.reasons == reasons,
            "missing reasons that are not the schema's",
        )?;
        let binning = Binning {
            scale,
            missing: reasons,
        };
        ensure(binning.bins() <= MAX_BINS, "too many bins")?;
        Ok(Feature {
            source,
            level: self.level,
            from: self.from,
            to: self.to,
            binning,
        })
    }
}

impl StageV2 {
    pub(super) fn check(
        self,
        visit: &mut Visit<'_>,
        last: Option<&Stage>,
        arms: Option<usize>,
        bytes: &mut Bytes<'_>,
    ) -> Result<Stage, String> {
        let level = self.level;
        let part = match self.part {
            PartV2::Rows => Part::Rows,
            PartV2::Children => Part::Children,
            PartV2::Absences => Part::Absences,
            PartV2::Reason(column) => Part::Reason(column),
            PartV2::Spike(column) => Part::Spike(column),
            PartV2::Value(column) => Part::Value(column),
            PartV2::Formula(column) => Part::Formula(column),
        };
        ensure(visit.follows(part, level, last), "trees out of order")?;
        // Trees of one column see what was made before the column.
        if let Some(last) =
            last.filter(|last| part.column().is_none() || last.part.column() != part.column())
        {
            visit.make(last);
        }
        let book = self.book.check(part, level, visit)?;
        let finite = self
            .arms
            .iter()
            .flatten()
            .chain(&self.clusters)
            .all(|number| number.is_finite());
        let clusters = self.clusters.is_empty() || self.clusters.len() == level;
        let shares = self.clusters.iter().all(|&part| part >= 0.0)
            && self.clusters.iter().sum::<f64>() <= 1.0;
        ensure(finite && clusters && shares, "effects out of range")?;
        let known = arms.map_or(0, |feature| visit.features[feature].binning.bins());
        ensure(
            self.arms.is_empty() || self.arms.len() == known,
            "effects of other arms",
        )?;
        let tree = take_tree(bytes, visit, level, book.codes())?;
        let made = arms.filter(|&feature| visit.made[feature]).map(|_| known);
        let mix = self.mix.map(|mix| match &book {
            Codebook::Codes(count) => mix.check(level, *count, made),
            _ => Err("levels without an order where there are none".to_owned()),
        });
        let effects = RandomEffects {
            arms: self.arms,
            clusters: self.clusters,
            nominal: mix.transpose()?,
            linear: self
                .linear
                .map(|linear| linear.check(visit, level))
                .transpose()?,
        };
        let stage = Stage {
            level,
            part,
            book,
            tree,
            effects,
        };
        if part.column().is_none() {
            visit.make(&stage);
        }
        Ok(stage)
    }
}

impl BookV2 {
    fn check(self, part: Part, level: usize, visit: &Visit<'_>) -> Result<Codebook, String> {
        let field = part
            .column()
            .map(|column| field_of(visit.schema, column))
            .transpose()?;
        let finite = |numbers: &[f64]| numbers.iter().all(|number| number.is_finite());
        match (self, part, field) {
            (
                Self::Numbers { cells, grid },
                Part::Rows | Part::Children | Part::Value(_),
                field,
            ) => {
                let fits = field.is_none_or(|field| field.kind.is_numeric());
                let good = |cell: &Vec<f64>| !cell.is_empty() && finite(cell) && cell.is_sorted();
                ensure(
                    fits && !cells.is_empty() && cells.iter().all(good),
                    "cells out of order",
                )?;
                let good_grid = match grid {
                    Some(Grid::Decimals(decimals)) => decimals <= 17,
                    Some(Grid::Step { step, origin }) => {
                        step > 0.0 && step.is_finite() && origin.is_finite()
                    }
                    Some(_) => false,
                    None => true,
                };
                ensure(good_grid, "a grid that is not one")?;
                Ok(Codebook::Numbers(ValueCells { cells, grid }))
            }
            (Self::Spikes(spikes), Part::Spike(_), Some(field)) => {
                ensure(
                    field.kind.is_numeric() && finite(&spikes),
                    "spikes that are no numbers",
                )?;
                Ok(Codebook::Spikes(spikes))
            }
            (Self::Reasons(bytes), Part::Reason(_), Some(field)) => {
                let limit = field.missing_codes.len() + 2;
                let known = bytes.iter().all(|&byte| usize::from(byte) < limit);
                ensure(
                    known && !bytes.is_empty(),
                    "a missing reason that is not declared",
                )?;
                Ok(Codebook::Reasons(bytes))
            }
            (Self::Codes(count), Part::Value(_), Some(field)) => {
                ensure(
                    field.kind.is_categorical() && count == levels_of(field),
                    "levels that are not the schema's",
                )?;
                Ok(Codebook::Codes(count))
            }
            (Self::Codes(1), Part::Formula(_), Some(_)) => Ok(Codebook::Codes(1)),
            (Self::Codes(count), Part::Absences, None) => {
                ensure(
                    count == visit.levels[level].patterns.len(),
                    "absences without a set of columns",
                )?;
                Ok(Codebook::Codes(count))
            }
            _ => Err("codes of another kind than the tree draws".to_owned()),
        }
    }
}

impl LinearV2 {
    fn check(self, visit: &Visit<'_>, level: usize) -> Result<Linear, String> {
        ensure(
            (0.0..=1.0).contains(&self.own),
            "a share of chance out of range",
        )?;
        let terms = self.terms.into_iter().map(|term| {
            let position = usize::from(term.feature);
            let feature = visit
                .features
                .get(position)
                .ok_or("a term of no predictor")?;
            let usable = visit.made[position] && (feature.from..=feature.to).contains(&level);
            ensure(usable, "a term of what is not made yet")?;
            let finite = term
                .values
                .iter()
                .chain(&term.reasons)
                .all(|value| value.is_finite());
            ensure(finite && term.cuts.is_sorted(), "a term out of range")?;
            Ok(Term {
                feature: term.feature,
                cuts: term.cuts,
                values: term.values,
                reasons: term.reasons,
            })
        });
        Ok(Linear {
            terms: terms.collect::<Result<_, String>>()?,
            own: self.own,
        })
    }
}
