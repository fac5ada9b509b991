//! Columns are typed by what their texts say, and written as their source spells them.

use parable_clean::{Inference, infer};
use parable_table::{Field, Grid, Kind, TimeUnit, Unreadable, csv, read_typed};

/// The guess for one column of these texts, and the table written back.
fn read(texts: &[String]) -> (Field, Inference, Vec<String>) {
    let rows: String = texts.iter().map(|text| format!("\"{text}\",1\n")).collect();
    let options = csv::ReadOptions::default().with_delimiter(',');
    let raw = csv::read_str(&format!("x,row\n{rows}"), &options).expect("a table");
    let guess = infer(&raw, &Default::default());
    let (table, _) = read_typed(&raw, &guess.schema).expect("the guess fits every row");
    let mut out = Vec::new();
    csv::write(&table, &mut out, &raw.dialect).expect("what was read can be written");
    let again = csv::read_from(&*out, &options).expect("what was written can be read");
    let written = again.columns[0]
        .cells
        .iter()
        .map(|&cell| again.columns[0].texts.get(cell as usize).to_owned());
    (guess.schema.fields()[0].clone(), guess, written.collect())
}

fn made(count: u32, make: impl Fn(u32) -> String) -> Vec<String> {
    // Spread out, so that no column is a sequence.
    (0..count).map(|row| make(row * 7 % count)).collect()
}

#[track_caller]
fn check(texts: &[String], fits: impl Fn(&Kind) -> bool) {
    let (field, _, written) = read(texts);
    assert!(fits(&field.kind), "{:?}", field.kind);
    assert_eq!(written, texts);
}

#[track_caller]
fn check_time(expected: &str, make: impl Fn(u32) -> String) {
    check(&made(60, make), |kind| match kind {
        Kind::Date { format, also, .. } | Kind::DateTime { format, also, .. } => {
            format == expected && also.is_empty()
        }
        _ => false,
    });
}

#[test]
fn times_are_read_in_the_spellings_of_programs_and_people() {
    check_time("%Y-%m-%d %H:%M:%S+00:00", |n| {
        format!("2020-03-{:02} 10:{n:02}:05+00:00", n % 28 + 1)
    });
    check_time("%Y-%m-%dT%H:%M:%S.%3fZ", |n| {
        format!("2020-03-{:02}T10:{n:02}:05.{:03}Z", n % 28 + 1, n * 13)
    });
    check_time("%Y-%m-%d %H:%M UTC", |n| {
        format!("2020-03-{:02} 10:{n:02} UTC", n % 28 + 1)
    });
    check_time("%m/%d/%Y %I:%M %p", |n| {
        format!("03/{:02}/2020 10:{n:02} PM", n % 28 + 1)
    });
    check_time("%-m/%-d/%Y %-H:%M", |n| {
        format!("3/{}/2020 8:{n:02}", n % 28 + 1)
    });
    check_time("%B %d, %Y", |n| {
        format!("January {:02}, 20{n:02}", n % 28 + 1)
    });
    check_time("%d %b, %y", |n| format!("{:02} Jan, {n:02}", n % 28 + 1));
    check_time("%Y%m%d", |n| format!("201901{:02}", n % 28 + 1));
    check_time("%G-W%V", |n| {
        format!("20{:02}-W{:02}", n / 10 + 10, n % 50 + 1)
    });
    check_time("%H:%M", |n| format!("{:02}:{n:02}", n % 24));
    check_time("%[M]:%S", |n| format!("{}:{n:02}", n + 30));
    check_time("%-[M]:%S.%3f", |n| {
        format!("{}:{:02}.{:03}", n % 3, n, n * 11)
    });
    check_time("%d/%b/%Y:%H:%M:%S -0500", |n| {
        format!("{:02}/Oct/2000:13:{n:02}:36 -0500", n % 28 + 1)
    });
}

#[test]
fn fractions_choose_the_unit() {
    let texts = made(60, |n| format!("10:00:{n:02}.{:06}", n * 1001));
    check(&texts, |kind| {
        matches!(
            kind,
            Kind::DateTime {
                unit: TimeUnit::Microseconds,
                ..
            }
        )
    });
}

#[test]
fn texts_that_only_look_like_dates_are_none() {
    let no_date = |kind: &Kind| !matches!(kind, Kind::Date { .. } | Kind::DateTime { .. });
    check(
        &made(60, |n| format!("20{:02}-{:02}", n % 30, (n % 30) + 1)),
        no_date,
    );
    check(
        &made(60, |n| format!("{}.{}.{}", n % 4, n % 20, n % 9)),
        no_date,
    );
    check(&made(60, |n| format!("{}:{}", n % 4, n % 5)), no_date);
    check(
        &made(60, |n| format!("{:08}", n * 777_777 + 10_000_001)),
        no_date,
    );
    check(&made(60, |n| format!("May {}", n % 7)), no_date);
}

#[test]
fn exceptions_among_dates_are_reasons_or_noted() {
    let day = |n: u32| format!("2020-{:02}-{:02}", n % 12 + 1, n % 28 + 1);
    let (field, _, written) = read(&made(80, |n| match n % 8 {
        0 => "unknown".to_owned(),
        _ => day(n),
    }));
    assert!(matches!(field.kind, Kind::Date { .. }));
    assert_eq!(field.missing_codes[0].text, "unknown");
    assert!(written.contains(&"unknown".to_owned()));

    let (field, guess, written) = read(&made(80, |n| match n {
        5 => "see file".to_owned(),
        6 => "2020-02-30".to_owned(),
        _ => day(n),
    }));
    assert!(matches!(field.kind, Kind::Date { .. }));
    assert_eq!(field.unreadable, Unreadable::Absent);
    assert!(guess.notes[0].warnings[0].contains("`see file`"));
    assert!(written.iter().filter(|text| text.is_empty()).count() == 2);

    let (field, guess, written) = read(&made(80, |n| match n % 8 {
        0 => format!("{:02}/01/2020", n % 28 + 1),
        _ => day(n),
    }));
    let Kind::Date { format, also, .. } = &field.kind else {
        panic!("{field:?}")
    };
    assert_eq!((format.as_str(), also.len()), ("%Y-%m-%d", 1));
    assert!(
        guess.notes[0]
            .warnings
            .join(" ")
            .contains("will be written as")
    );
    assert!(written.iter().all(|text| text.starts_with("2020-")));
}

#[track_caller]
fn check_number(make: impl Fn(u32) -> String) {
    check(&made(60, make), |kind| {
        matches!(kind, Kind::Integer { .. } | Kind::Continuous { .. })
    });
}

#[test]
fn numbers_keep_units_signs_and_decimals() {
    check_number(|n| format!("${}.{:02}", n * 3, n));
    check_number(|n| match n {
        0..40 => format!("${}", n * 31 % 999),
        _ => format!("-${n}"),
    });
    check_number(|n| match n {
        0..40 => format!("1,{:03}", n * 3),
        _ => format!("({n})"),
    });
    check_number(|n| format!("{}.{:03},{:02} €", n + 1, n * 9, n));
    check_number(|n| format!("{}.{}%", n, n % 10));
    check_number(|n| format!("{} kg", n * 3 % 50));
    check_number(|n| format!("CHF {}.{:02}", n, 99 - n));
    check_number(|n| format!(".{:02}", n + 10));
    check_number(|n| format!("+{}.{}", n + 1, n % 9 + 1));
    check_number(|n| format!("{}.{:02}E+0{}", n % 9 + 1, n, n % 7));
    check_number(|n| format!("{}.{}", n / 4, ["0", "25", "5", "75"][(n % 4) as usize]));
}

#[track_caller]
fn check_grid(step: f64, origin: f64, make: impl Fn(u32) -> String) {
    check(&made(60, make), |kind| {
        kind.grid() == Some(Grid::Step { step, origin })
    });
}

#[test]
fn steps_are_found() {
    check_grid(25.0, 0.0, |n| format!("{}", n * 25));
    check_grid(0.05, 0.0, |n| format!("{:.2}", f64::from(n) * 0.05));
    check_grid(1.0, 0.99, |n| format!("{n}.99"));
    check_grid(25.0, 0.0, |n| {
        format!("{}", if n == 7 { 44 } else { n * 25 })
    });
    check(&made(60, |n| format!("{}", n + n / 3)), |kind| {
        kind.grid() == Some(Grid::Decimals(0))
    });
}

#[test]
fn texts_that_numbers_would_lose_are_names() {
    let names = |kind: &Kind| matches!(kind, Kind::Nominal { .. });
    check(
        &made(60, |n| {
            ["1.1", "1.10", "1.9", "2.0"][(n % 4) as usize].to_owned()
        }),
        names,
    );
    check(
        &made(60, |n| {
            format!("{}", 9_007_199_254_740_993 + u64::from(n % 5) * 2)
        }),
        names,
    );
    check(
        &made(130, |n| format!("town {}", n * 65 / 130)),
        Kind::is_categorical,
    );
}
