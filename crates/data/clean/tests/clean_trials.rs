//! Recipes on the simulated trials: every restated column is found and comes back exactly.

use parable_clean::{PlanOptions, Recipe, Step};
use parable_seed::Seed;
use parable_table::{Field, Role, Schema, Table, Values};
use parable_trials::{Preset, Trial, TrialConfig};

fn simulate(preset: Preset) -> Table {
    Trial::simulate(&TrialConfig::new(preset), &Seed::from_u64(7))
        .unwrap()
        .table
}

/// The table without any hint that a column describes others.
fn without_hints(table: Table) -> Table {
    let (schema, columns) = table.into_parts();
    let plain = |field: &Field| {
        let hint = matches!(field.role, Role::Descriptor { .. });
        if hint {
            field.clone().with_role(Role::Covariate)
        } else {
            field.clone()
        }
    };
    let fields = schema.fields().iter().map(plain).collect();
    let schema = Schema::with_constraints(fields, schema.constraints().to_vec()).unwrap();
    Table::new(schema, columns).unwrap()
}

/// The columns that remain, and that restoring gives the source back.
#[track_caller]
fn check(preset: Preset, gone: &[&str], block: &str) {
    for table in [simulate(preset), without_hints(simulate(preset))] {
        let (recipe, _) = Recipe::plan(&table, &PlanOptions::default()).unwrap();
        let (cleaned, issues) = recipe.apply(&table).unwrap();
        assert_eq!(issues, []);
        for &name in gone {
            assert!(cleaned.named(name).is_none(), "{name} is still there");
        }
        assert_eq!(cleaned.schema().len(), table.schema().len() - gone.len());
        assert!(recipe.steps().iter().any(
            |step| matches!(step, Step::OneHot(found) if found.into.name == block && found.columns.len() == 3)
        ));
        let (back, repairs) = recipe.restore(&cleaned, &Seed::from_u64(1)).unwrap();
        assert_eq!(repairs, []);
        for (index, field) in table.schema().fields().iter().enumerate() {
            assert_eq!(back.schema().fields()[index], *field);
            if field.role != Role::UnitId {
                assert_eq!(back.column(index), table.column(index), "{}", field.name);
            }
        }
        let (Values::Text(real), Values::Text(fresh)) =
            (table.column(0).values(), back.column(0).values())
        else {
            panic!("pupil ids are text")
        };
        let distinct: std::collections::HashSet<&str> = fresh.iter().collect();
        assert_eq!(distinct.len(), table.rows());
        // Names beyond the real ones may need one more digit.
        let width = real.get(0).len();
        assert!(
            fresh
                .iter()
                .all(|id| (width..=width + 1).contains(&id.len()))
        );
        let real: std::collections::HashSet<&str> = real.iter().collect();
        assert!(real.is_disjoint(&distinct));
    }
}

#[test]
fn preset_a() {
    check(
        Preset::A,
        &[
            "pupil_id",
            "treatment_desc",
            "region_name",
            "term_of_birth",
            "band_below",
            "band_expected",
            "band_higher",
            "trial_name",
        ],
        "band",
    );
}

#[test]
fn preset_b() {
    check(
        Preset::B,
        &[
            "pupil_id",
            "treatment_desc",
            "region_name",
            "ethnicity_desc",
            "idaci_decile",
            "level_below",
            "level_expected",
            "level_higher",
            "withdrawal_reason",
        ],
        "level",
    );
}

#[test]
fn preset_c() {
    check(
        Preset::C,
        &[
            "pupil_id",
            "treatment_desc",
            "region_name",
            "school_type_desc",
            "ethnicity_desc",
            "sen_desc",
            "eng_maths_band",
            "em_below4",
            "em_4",
            "em_5plus",
            "persistent_absentee",
            "data_source",
        ],
        "em",
    );
}
