//! The public part of a schema, which a private fit may use.

use crate::{Kind, Known, Provenance, Schema};

impl Schema {
    /// Returns the schema without the facts that were merely observed in the rows: the part that a
    /// private model file may hold.
    #[must_use]
    pub fn public(&self) -> Self {
        self.with_facts(Strip, &mut Vec::new())
    }

    /// Returns the schema with every observed fact taken as declared, and the names of the columns
    /// concerned.
    ///
    /// For a data owner who knows these facts to be public: a private fit trusts them, and its
    /// guarantee is void where they are not.
    #[must_use]
    pub fn trusted(&self) -> (Self, Vec<String>) {
        let mut columns = Vec::new();
        (self.with_facts(Trust, &mut columns), columns)
    }

    fn with_facts(&self, change: impl Change, columns: &mut Vec<String>) -> Self {
        let mut fields = self.fields().to_vec();
        for field in &mut fields {
            let changed = match &mut field.kind {
                Kind::Boolean { levels } | Kind::Nominal { levels } | Kind::Ordinal { levels } => {
                    change.fact(levels)
                }
                Kind::Date { bounds, .. } | Kind::DateTime { bounds, .. } => change.fact(bounds),
                Kind::Integer { bounds, grid, .. } => change.fact(bounds) | change.fact(grid),
                Kind::Continuous { bounds, grid, .. } => change.fact(bounds) | change.fact(grid),
                Kind::Text => false,
            };
            if changed {
                columns.push(field.name.clone());
            }
        }
        Self::with_constraints(fields, self.constraints().to_vec())
            .expect("fewer facts contradict nothing, and provenance is no part of a rule")
    }
}

/// The treatment of an observed fact; returns whether there was one.
trait Change {
    fn fact<T>(&self, fact: &mut Option<Known<T>>) -> bool;
}

struct Strip;

impl Change for Strip {
    fn fact<T>(&self, fact: &mut Option<Known<T>>) -> bool {
        fact.take_if(|fact| !fact.is_public()).is_some()
    }
}

struct Trust;

impl Change for Trust {
    fn fact<T>(&self, fact: &mut Option<Known<T>>) -> bool {
        match fact {
            Some(fact) if !fact.is_public() => {
                fact.provenance = Provenance::Declared;
                true
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{Bounds, Field, Grid, Levels, NumberFormat};

    use super::*;

    fn schema() -> Schema {
        let levels = |names: [&str; 2]| Levels::new(names).expect("distinct");
        let score = Kind::Continuous {
            bounds: Some(Known::declared(Bounds { min: 0.0, max: 1.0 })),
            grid: Some(Known::observed(Grid::Decimals(1))),
            format: NumberFormat::default(),
        };
        Schema::new(vec![
            Field::new("arm", Kind::nominal(Known::declared(levels(["a", "b"])))),
            Field::new("town", Kind::nominal(Known::observed(levels(["x", "y"])))),
            Field::new("score", score),
            Field::new("remark", Kind::Text),
        ])
        .expect("names differ")
    }

    #[test]
    fn observed_facts_go_and_declared_ones_stay() {
        let public = schema().public();
        assert_eq!(public.fields()[0], schema().fields()[0]);
        assert!(public.fields()[1].kind.known_levels().is_none());
        assert!(matches!(
            &public.fields()[2].kind,
            Kind::Continuous {
                bounds: Some(_),
                grid: None,
                ..
            }
        ));
    }

    #[test]
    fn trusting_names_the_columns_it_is_about() {
        let (trusted, columns) = schema().trusted();
        assert_eq!(columns, ["town", "score"]);
        assert_eq!(trusted.public(), trusted);
        assert_eq!(trusted.trusted().1, Vec::<String>::new());
    }
}
