//! What a model learnt, as people read it.

use std::any::Any;

use parable_cart::CartModel;
use parable_core::{Model, Publication};
use parable_gan::{GanModel, LossPoint, VaeModel};
use parable_mst::MstModel;
use parable_report::{TrainingCurve, training_svg};

use crate::Fitted;

/// Splits shown below the root of a tree.
const DEPTH: usize = 6;

impl Fitted {
    /// How the model draws a column, as text: its trees with what they split on and the predictors by importance, or the relations of the column that
    /// were measured. `None` for a column the model does not draw by itself, and for methods without relations.
    #[must_use]
    pub fn explain(&self, column: &str) -> Option<String> {
        if let Some(model) = self.as_model::<CartModel>() {
            let tree = model.draw_tree(column, DEPTH)?;
            let mut text = String::new();
            for own in model.importance().iter().filter(|own| own.column == column) {
                text.push_str(&format!(
                    "{column}: predictors by importance (together they explain {:.2} of its variation)\n",
                    own.explained
                ));
                for (name, share) in &own.predictors {
                    text.push_str(&format!("  {share:6.3}  {name}\n"));
                }
            }
            text.push_str(&format!("\n{tree}"));
            return Some(text);
        }
        let model = self.as_model::<MstModel>()?;
        model.schema().position(column)?;
        let mut text = format!("{column}: measured together with (sd of the noise in rows)\n");
        for (columns, sigma) in model.relations() {
            if columns.contains(&column) {
                let others: Vec<&str> =
                    columns.into_iter().filter(|&name| name != column).collect();
                text.push_str(&format!("  {sigma:8.1}  {}\n", others.join(" x ")));
            }
        }
        Some(text)
    }

    /// A picture as SVG: the tree that draws a column, the relations that were measured between all columns, or how the training of a network went.
    /// `None` for methods without one.
    #[must_use]
    pub fn picture(&self, column: Option<&str>) -> Option<String> {
        match column {
            Some(column) => self.as_model::<CartModel>()?.tree_svg(column, DEPTH),
            None => match self.as_model::<MstModel>() {
                Some(model) => Some(model.picture()),
                None => training_svg(&self.training()),
            },
        }
    }

    /// How the training of a network went: its losses and the privacy loss charged, by step. Empty for other methods. Computed from released counts
    /// and made rows alone if the fit was private, confidential else.
    #[must_use]
    pub fn training(&self) -> Vec<TrainingCurve> {
        let points = match (self.as_model::<GanModel>(), self.as_model::<VaeModel>()) {
            (Some(model), _) => model.curve(),
            (_, Some(model)) => model.curve(),
            _ => return Vec::new(),
        };
        let curve = |name: &str, number: fn(&LossPoint) -> Option<f64>| {
            let points = points.iter();
            let points = points.filter_map(|point| Some((point.step, number(point)?)));
            let points: Vec<(u64, f64)> = points.collect();
            (!points.is_empty()).then(|| TrainingCurve::new(name, points))
        };
        let curves = [
            curve("rows written and read back: loss in nats", |p| p.rows),
            curve("measured counts: divergence in nats per set", |p| {
                p.marginals
            }),
            curve("made rows before the discriminator: loss in nats", |p| {
                p.discriminator
            }),
            curve("epsilon charged", |p| p.spent),
        ];
        curves.into_iter().flatten().collect()
    }

    /// The noisy marginals that a private fit released, with their standard deviations and what they cost: may be published beside the rows.
    #[must_use]
    pub fn publication(&self) -> Option<&Publication> {
        let own = self.as_model::<MstModel>().map(MstModel::publication);
        own.or_else(|| self.as_model::<GanModel>()?.publication())
            .or_else(|| self.as_model::<VaeModel>()?.publication())
    }

    fn as_model<M: Model>(&self) -> Option<&M> {
        let model: &dyn Any = self.model();
        model.downcast_ref()
    }
}
