//! Budgets that several fits share through a file.

use std::fs;
use std::path::{Path, PathBuf};

use parable_dp::{
    Budget, Delta, Epsilon, Event, Ledger, LedgerFileError, LedgerLog, NoiseOrigin, PrivacyUnit,
    Relation, Rho, Sigma, verify,
};

/// A file of its own for each test, removed at the end.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Self {
        let name = format!("parable-{}-{name}.jsonl", std::process::id());
        Self(std::env::temp_dir().join(name))
    }

    fn open(&self, budget: Budget) -> Result<Ledger, LedgerFileError> {
        Ledger::open_file(&self.0, "trial", PrivacyUnit::one_row(), budget)
    }

    fn text(&self) -> String {
        fs::read_to_string(&self.0).expect("the file is there")
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

fn zcdp(rho: f64) -> Budget {
    Budget::zcdp(Rho::new(rho).expect("a loss"))
}

fn approx() -> Budget {
    let (epsilon, delta) = (Epsilon::new(1.0), Delta::new(1e-9));
    Budget::approx(epsilon.expect("a loss"), delta.expect("a probability"))
}

fn event(rho: f64) -> Event {
    let rho = Rho::new(rho).expect("a loss");
    Event::Zcdp { rho }
}

/// Spends a budget of 1 by charges of 0.3, as many as are granted.
fn fit(place: &Place, name: &str) -> usize {
    let mut ledger = place.open(zcdp(1.0)).expect("a ledger file");
    ledger.set_noise_origin(NoiseOrigin::OperatingSystem);
    (0..2)
        .filter(|part| {
            ledger
                .try_spend(&format!("{name} {part}"), event(0.3))
                .is_ok()
        })
        .count()
}

#[test]
fn two_fits_share_a_budget_and_the_second_is_refused_when_it_is_spent() {
    let place = Place::new("shared");
    assert_eq!(fit(&place, "first"), 2);
    let after_first = place.text();
    assert_eq!(fit(&place, "second"), 1);
    let found = verify(&place.text()).expect("a whole file");
    let purposes: Vec<&str> = found.ledger.entries().iter().map(|e| &*e.purpose).collect();
    assert_eq!(purposes, ["first 0", "first 1", "second 0"]);
    assert!(found.secure_noise && found.dataset == "trial");
    assert!(place.text().starts_with(&after_first));
    let left = place
        .open(zcdp(1.0))
        .unwrap()
        .remaining_rho()
        .unwrap()
        .get();
    assert!((left - 0.1).abs() < 1e-12, "{left}");
    assert_eq!(fit(&place, "third"), 0);
}

#[test]
fn a_program_that_forgets_the_charges_before_it_is_found_out() {
    let place = Place::new("forgetful");
    assert_eq!(fit(&place, "first"), 2);
    // Broken on purpose: an empty ledger in place of the one in the file grants what is spent.
    let mut forgetful = Ledger::open(PrivacyUnit::one_row(), zcdp(1.0));
    let (mut log, honest) = LedgerLog::resume(&place.text()).expect("a whole file");
    assert_eq!(honest.entries().len(), 2);
    let _ = forgetful
        .try_spend("overdrawn", event(0.9))
        .expect("it forgot the charges");
    log.append(&forgetful.entries()[0], NoiseOrigin::OperatingSystem, None);
    fs::write(&place.0, log.as_str()).expect("written");
    let refused = |found| matches!(found, Err(LedgerFileError::Refused { line: 4, .. }));
    assert!(refused(verify(&place.text()).map(drop)));
    assert!(refused(place.open(zcdp(1.0)).map(drop)));
}

#[test]
fn another_unit_or_budget_is_refused_and_nothing_is_written() {
    let place = Place::new("other");
    assert_eq!(fit(&place, "first"), 2);
    let before = place.text();
    let other = place.open(zcdp(2.0)).map(drop).unwrap_err();
    assert!(
        matches!(other, LedgerFileError::OtherBudget { .. }),
        "{other}"
    );
    assert!(matches!(
        place.open(approx()),
        Err(LedgerFileError::OtherBudget { .. })
    ));
    let unit = PrivacyUnit::new(Relation::ReplaceOne, 1).expect("a unit");
    let other = Ledger::open_file(&place.0, "trial", unit, zcdp(1.0))
        .map(drop)
        .unwrap_err();
    assert!(
        matches!(other, LedgerFileError::OtherUnit { .. }),
        "{other}"
    );
    assert_eq!(place.text(), before);
    let missing = Path::new("/no such folder/ledger.jsonl");
    let io = Ledger::open_file(missing, "trial", unit, zcdp(1.0))
        .map(drop)
        .unwrap_err();
    assert!(matches!(io, LedgerFileError::Io { .. }), "{io}");
}

#[test]
fn a_damaged_file_is_refused() {
    let place = Place::new("damaged");
    assert_eq!(fit(&place, "first"), 2);
    let whole = place.text();
    let lines: Vec<&str> = whole.lines().collect();
    let damage = [
        (whole.replacen("0.3", "0.1", 1), "Chain"),
        ([lines[0], lines[2]].join("\n") + "\n", "Chain"),
        (
            whole.replacen("\"version\":1", "\"version\":2", 1),
            "Version",
        ),
        ("id,age\n1,20\n".to_owned(), "Line"),
        ("{}\n".to_owned(), "Format"),
        (format!("{whole}{{}}\n"), "Line"),
        (format!("{whole}{{"), "Torn"),
    ];
    for (text, kind) in damage {
        fs::write(&place.0, &text).expect("written");
        let found = place.open(zcdp(1.0)).map(drop).unwrap_err();
        assert!(format!("{found:?}").starts_with(kind), "{kind}: {found:?}");
        assert_eq!(place.text(), text);
    }
}

#[test]
fn a_torn_line_names_its_remedy_which_helps() {
    let place = Place::new("torn");
    assert_eq!(fit(&place, "first"), 2);
    let whole = place.text();
    for missing in [2, 10, 60] {
        fs::write(&place.0, &whole[..whole.len() - missing]).expect("written");
        let torn = place.open(zcdp(1.0)).map(drop).unwrap_err();
        assert!(
            matches!(torn, LedgerFileError::Torn { line: 3 }),
            "{torn:?}"
        );
        assert!(torn.to_string().contains("delete this line"), "{torn}");
    }
    let kept: Vec<&str> = whole.lines().take(2).collect();
    fs::write(&place.0, kept.join("\n") + "\n").expect("written");
    assert_eq!(fit(&place, "again"), 2);
    // A last line that lacks nothing but its end is a charge like any other.
    let text = place.text();
    fs::write(&place.0, text.trim_end()).expect("written");
    assert_eq!(place.open(zcdp(1.0)).unwrap().entries().len(), 3);
    let _ = place
        .open(zcdp(1.0))
        .unwrap()
        .try_spend("last", event(0.1))
        .expect("it fits");
    assert_eq!(
        verify(&place.text())
            .expect("a whole file")
            .ledger
            .entries()
            .len(),
        4
    );
}

#[test]
fn a_file_in_use_is_refused_and_one_without_charges_leaves_nothing() {
    let place = Place::new("locked");
    let mut first = place.open(zcdp(1.0)).expect("a new file");
    let _ = first.try_spend("first", event(0.5)).expect("it fits");
    assert!(matches!(
        place.open(zcdp(1.0)),
        Err(LedgerFileError::InUse { .. })
    ));
    drop(first);
    assert!(place.open(zcdp(1.0)).is_ok());

    let unused = Place::new("unused");
    drop(unused.open(zcdp(1.0)).expect("a new file"));
    assert!(!unused.0.exists());
}

#[test]
fn exact_gaussian_accounting_is_chosen_once_and_goes_on() {
    let place = Place::new("gaussian");
    let noise = |sigma: f64| Event::DiscreteGaussian {
        sigma: Sigma::new(sigma).expect("noise"),
        sensitivity_squared: 1,
    };
    let mut first = place.open(approx()).expect("a new file");
    assert!(first.use_exact_gaussian_accounting());
    let _ = first.try_spend("first", noise(10.0)).expect("it fits");
    let left = first.remaining_rho();
    drop(first);
    // The same promise is asked for, and the file keeps it in its own way.
    let mut second = place.open(approx()).expect("the same budget");
    assert!(second.use_exact_gaussian_accounting());
    assert_eq!(second.remaining_rho(), left);
    assert!(
        second
            .try_spend("too much", noise(2.0))
            .unwrap_err()
            .is_over_budget()
    );
    drop(second);

    // A header that names the other accounting is not overruled.
    let log = LedgerLog::new(&Ledger::open(PrivacyUnit::one_row(), approx()), "trial");
    fs::write(&place.0, log.as_str()).expect("written");
    let mut third = place.open(approx()).expect("the same budget");
    assert!(!third.use_exact_gaussian_accounting());
    let _ = third.try_spend("third", noise(10.0)).expect("it fits");
    drop(third);
    assert!(verify(&place.text()).is_ok());
}

#[test]
fn an_interrupted_fit_goes_on_without_charging_twice() {
    let place = Place::new("resumed");
    assert_eq!(fit(&place, "first"), 2);
    let charged = verify(&place.text()).unwrap().ledger;
    let mut ledger = place.open(zcdp(1.0)).expect("the same budget");
    // The file has both charges, the checkpoint was written after the first.
    let found = &charged.entries()[..1];
    let receipts = ledger
        .resume(zcdp(1.0), found)
        .expect("they fit")
        .expect("a beginning");
    assert_eq!((receipts.len(), ledger.entries().len()), (1, 2));
    assert_eq!(receipts[0].event(), &found[0].event);
    let _ = ledger.try_spend("last", event(0.4)).expect("it fits");
    drop(ledger);
    assert_eq!(verify(&place.text()).unwrap().ledger.entries().len(), 3);
    // A new file gets the charges of the checkpoint; other charges are left alone.
    fs::remove_file(&place.0).expect("removed");
    let mut ledger = place.open(zcdp(1.0)).expect("a new file");
    assert_eq!(
        ledger
            .resume(zcdp(1.0), charged.entries())
            .unwrap()
            .map(|r| r.len()),
        Some(2)
    );
    let other = [charged.entries()[1].clone()];
    assert!(
        ledger
            .resume(zcdp(1.0), &other)
            .expect("no charge")
            .is_none()
    );
    drop(ledger);
    assert_eq!(
        verify(&place.text()).unwrap().ledger.entries(),
        charged.entries()
    );
}
