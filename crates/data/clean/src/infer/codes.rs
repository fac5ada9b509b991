//! Whole numbers that are codes of categories.

use super::profile::{Counted, Profile};
use super::{InferOptions, Note, names, observed_levels};
use parable_table::parse::number::Number;
use parable_table::parse::order;
use parable_table::{Kind, NumberFormat, Role};

/// Words in names of columns whose numbers are codes of categories.
const CODE_WORDS: [&str; 54] = [
    "type",
    "cat",
    "category",
    "code",
    "class",
    "status",
    "region",
    "race",
    "ethnic",
    "ethnicity",
    "sex",
    "gender",
    "marital",
    "occupation",
    "occp",
    "industry",
    "state",
    "county",
    "country",
    "zip",
    "zipcode",
    "postcode",
    "religion",
    "language",
    "nationality",
    "citizenship",
    "sector",
    "diagnosis",
    "icd",
    "naics",
    "indp",
    "soc",
    "socp",
    "isco",
    "isced",
    "fips",
    "puma",
    "rac1p",
    "hisp",
    "msp",
    "mar",
    "arm",
    "treatment",
    "condition",
    "area",
    "zone",
    "province",
    "department",
    "relationship",
    "rent",
    "tenure",
    "cow",
    "dis",
    "strata",
];
/// Words that say that numbers are quantities, whatever else the name says: `class_size`.
const QUANTITY_WORDS: [&str; 22] = [
    "size",
    "count",
    "score",
    "years",
    "age",
    "income",
    "pct",
    "percent",
    "percentage",
    "rate",
    "ratio",
    "hours",
    "days",
    "amount",
    "total",
    "mean",
    "average",
    "num",
    "number",
    "share",
    "index",
    "price",
];
/// Two small whole numbers in so many rows are codes.
const TWO_CODES_ROWS: usize = 20;

/// The type if the whole numbers are codes of categories rather than quantities.
pub(super) fn categories(
    profile: &Profile<'_>,
    numbers: &[(Counted<'_>, Number)],
    format: &NumberFormat,
    options: &InferOptions,
    role: &Role,
    note: &mut Note,
) -> Option<Kind> {
    let plain = *format == NumberFormat::default()
        && numbers.iter().all(|((text, _), _)| !text.contains(' '));
    let mut levels: Vec<&str> = numbers.iter().map(|((text, _), _)| *text).collect();
    order::sort_levels(&mut levels);
    if levels == ["0", "1"] {
        note.reason("the values are 0 and 1");
        return Some(Kind::boolean(observed_levels(levels)));
    }
    if !plain || *role == Role::UnitId || *role == Role::Weight {
        return None;
    }
    let single_digit = levels.iter().all(|level| level.len() == 1);
    let rows: usize = numbers.iter().map(|((_, count), _)| count).sum();
    let reason = if matches!(role, Role::ClusterId | Role::Treatment) {
        "the numbers name groups"
    } else if levels.len() == 2 && single_digit && rows >= TWO_CODES_ROWS {
        "two small whole numbers are codes"
    } else if names::has(&profile.words, &CODE_WORDS)
        && !names::has(&profile.words, &QUANTITY_WORDS)
        && levels.len() > 1
        && levels.len() <= options.max_levels
    {
        note.alternative("integer");
        "the name says that the numbers are codes of categories"
    } else {
        return None;
    };
    note.reason(reason);
    Some(Kind::nominal(observed_levels(levels)))
}
