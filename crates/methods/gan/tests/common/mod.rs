//! A small table, quick settings and a budget.

use parable_dp::{Budget, Delta, Epsilon, Ledger, PrivacyUnit};
use parable_gan::GanConfig;
use parable_seed::Seed;
use parable_table::{
    Bounds, Column, Field, Kind, Known, Levels, NumberFormat, Schema, Table, Values,
};

/// Rows with a known answer: `b` follows `a` in nine of ten rows, `c` is 1 where exactly one of `a`
/// and `b` is, up to a tenth, and `d` is a number near 10 or near 30 as `a` says.
pub(crate) fn toy(rows: usize) -> Table {
    let mut rng = Seed::from_u64(5).rng();
    let coin = |share: f64, rng: &mut parable_seed::Rng| u32::from(rng.chance(share));
    let (mut a, mut b, mut c, mut d) = (vec![], vec![], vec![], vec![]);
    for _ in 0..rows {
        let own = coin(0.3, &mut rng);
        let other = own ^ coin(0.1, &mut rng);
        a.push(own);
        b.push(other);
        c.push((own ^ other) ^ coin(0.1, &mut rng));
        d.push(10 + 20 * i64::from(own) + rng.below(5) as i64);
    }
    let level = |name: &str| {
        let levels = Levels::new(["0", "1"]).expect("two levels");
        Field::new(name, Kind::nominal(Known::declared(levels)))
    };
    let number = Kind::Integer {
        bounds: Some(Known::declared(Bounds { min: 0, max: 40 })),
        grid: None,
        format: NumberFormat::default(),
    };
    let fields = vec![level("a"), level("b"), level("c"), Field::new("d", number)];
    let columns = vec![
        Column::complete(Values::Codes(a)),
        Column::complete(Values::Codes(b)),
        Column::complete(Values::Codes(c)),
        Column::complete(Values::Integer(d)),
    ];
    Table::new(Schema::new(fields).expect("four names"), columns).expect("fits")
}

pub(crate) fn quick() -> GanConfig {
    let mut config = GanConfig::default();
    config.latent_dim = 16;
    config.hidden_units = vec![32, 32];
    config.marginals.components = 400;
    config.marginals.batch = 200;
    config.marginals.max_bins = Some(10);
    config.marginals.final_steps = 300;
    config.discriminator.hidden_units = vec![32, 32];
    config.discriminator.batch = 200;
    config
}

pub(crate) fn ledger(epsilon: f64) -> Ledger {
    let budget = Budget::approx(
        Epsilon::new(epsilon).expect("above 0"),
        Delta::new(1e-6).expect("small"),
    );
    Ledger::open(PrivacyUnit::one_row(), budget)
}
