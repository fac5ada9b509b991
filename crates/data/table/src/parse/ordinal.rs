//! Orders that the names of levels say by themselves.

/// The pair in the order false, true, if the two texts say no and yes.
pub fn boolean_order<'a>(levels: &[&'a str]) -> Option<[&'a str; 2]> {
    const PAIRS: [(&str, &str); 8] = [
        ("no", "yes"),
        ("n", "y"),
        ("false", "true"),
        ("f", "t"),
        ("off", "on"),
        ("0", "1"),
        ("absent", "present"),
        ("unchecked", "checked"),
    ];
    let &[a, b] = levels else {
        return None;
    };
    let (x, y) = (a.to_lowercase(), b.to_lowercase());
    PAIRS.iter().find_map(|&(no, yes)| {
        if (x.as_str(), y.as_str()) == (no, yes) {
            Some([a, b])
        } else if (y.as_str(), x.as_str()) == (no, yes) {
            Some([b, a])
        } else {
            None
        }
    })
}

/// Whether a level says that the question was not answered, as "not applicable" beside a scale of
/// five points.
pub fn is_beside_a_scale(level: &str) -> bool {
    const ANSWERS: [&str; 8] = [
        "not applicable",
        "does not apply",
        "don't know",
        "dont know",
        "do not know",
        "refused",
        "no answer",
        "prefer not to say",
    ];
    let level = level.to_lowercase();
    level.contains("(n/a)") || level == "n/a" || ANSWERS.contains(&level.as_str())
}

/// The levels from lowest to highest, if their names say an order that leaves no doubt: every level
/// has its own place on one scale.
pub fn order<'a>(levels: &[&'a str]) -> Option<Vec<&'a str>> {
    let plain: Vec<String> = levels.iter().map(|level| simplify(level)).collect();
    agreement(&plain)
        .or_else(|| word_scale(&plain))
        .or_else(|| by_rank(&plain, education).filter(|_| plain.iter().any(|l| is_schooling(l))))
        .or_else(|| numbered(&plain))
        .or_else(|| bands(levels))
        .and_then(|ranks| sort_by(levels, &ranks))
}

/// Lower case, with single spaces for everything but letters, digits and plus signs.
fn simplify(level: &str) -> String {
    let kept: String = level
        .chars()
        .map(|c| {
            if c.is_alphanumeric() || c == '+' {
                c
            } else {
                ' '
            }
        })
        .collect();
    kept.to_lowercase()
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

/// The levels by rank; `None` if two share a place.
fn sort_by<'a>(levels: &[&'a str], ranks: &[f64]) -> Option<Vec<&'a str>> {
    let mut order: Vec<(f64, &str)> = ranks.iter().copied().zip(levels.iter().copied()).collect();
    order.sort_by(|a, b| a.0.total_cmp(&b.0));
    let distinct = order.windows(2).all(|pair| pair[0].0 < pair[1].0);
    distinct.then(|| order.into_iter().map(|(_, level)| level).collect())
}

fn by_rank(levels: &[String], mut rank: impl FnMut(&str) -> Option<f64>) -> Option<Vec<f64>> {
    levels.iter().map(|level| rank(level)).collect()
}

/// Scales from one pole to its opposite: "strongly disagree" to "strongly agree".
fn agreement(levels: &[String]) -> Option<Vec<f64>> {
    const POLES: [(&str, &str); 13] = [
        ("disagree", "agree"),
        ("unfavor", "favor"),
        ("unfavour", "favour"),
        ("dissatisf", "satisf"),
        ("unlikely", "likely"),
        ("unimportant", "important"),
        ("unhappy", "happy"),
        ("uncomfortable", "comfortable"),
        ("oppose", "support"),
        ("negative", "positive"),
        ("disapprove", "approve"),
        ("unsafe", "safe"),
        ("pessimistic", "optimistic"),
    ];
    POLES.iter().find_map(|&(low, high)| {
        let ranks = by_rank(levels, |level| pole_rank(level, low, high))?;
        let both = ranks.iter().any(|&r| r < 0.0) && ranks.iter().any(|&r| r > 0.0);
        both.then_some(ranks)
    })
}

fn pole_rank(level: &str, low: &str, high: &str) -> Option<f64> {
    const NEUTRAL: [&str; 5] = ["neither", "neutral", "undecided", "indifferent", "mixed"];
    const STRONG: [&str; 7] = [
        "strongly",
        "very",
        "extremely",
        "completely",
        "totally",
        "highly",
        "definitely",
    ];
    const WEAK: [&str; 10] = [
        "somewhat",
        "mostly",
        "rather",
        "slightly",
        "fairly",
        "moderately",
        "partly",
        "tend",
        "probably",
        "little",
    ];
    let words: Vec<&str> = level.split(' ').collect();
    let any = |list: &[&str]| words.iter().any(|word| list.contains(word));
    if any(&NEUTRAL) {
        return Some(0.0);
    }
    let starts = |pole: &str| words.iter().any(|word| word.starts_with(pole));
    let sign = match (starts(low), starts(high)) {
        (true, false) => -1.0,
        (false, true) => 1.0,
        _ => return None,
    };
    let degree = match (any(&STRONG), any(&WEAK)) {
        (true, false) => 3.0,
        (false, true) => 1.0,
        (false, false) => 2.0,
        (true, true) => return None,
    };
    Some(sign * degree)
}

/// Scales of words in common use, lowest first; words on one line mean the same place.
const SCALES: [&[&[&str]]; 10] = [
    // Delighted-terrible scale: Andrews and Withey 1976.
    &[
        &["terrible"],
        &["unhappy"],
        &["mostly dissatisfied"],
        &["mixed"],
        &["mostly satisfied"],
        &["pleased"],
        &["delighted"],
    ],
    &[
        &["never"],
        &["almost never", "hardly ever", "very rarely"],
        &["rarely", "seldom"],
        &["sometimes", "occasionally"],
        &["often", "frequently"],
        &["usually", "very often", "most of the time"],
        &["almost always"],
        &["always"],
    ],
    &[
        &["never"],
        &["less than yearly"],
        &["yearly", "annually", "once a year"],
        &["quarterly"],
        &["monthly", "once a month"],
        &["weekly", "once a week"],
        &["daily", "every day"],
    ],
    &[
        &["none"],
        &["very low", "very little"],
        &["low", "little", "few"],
        &[
            "medium",
            "moderate",
            "mid",
            "middle",
            "average",
            "intermediate",
            "some",
        ],
        &["high", "much", "many"],
        &["very high", "very much", "very many"],
    ],
    &[
        &["extra small", "xs"],
        &["small", "s"],
        &["medium", "m"],
        &["large", "big", "l"],
        &["extra large", "xl"],
        &["xxl"],
    ],
    &[
        &["very poor", "very bad"],
        &["poor", "bad"],
        &["fair", "acceptable", "satisfactory"],
        &["good"],
        &["very good"],
        &["excellent", "outstanding"],
    ],
    &[
        &["not at all"],
        &["slightly", "a little", "a bit"],
        &["somewhat", "moderately"],
        &["quite", "quite a bit", "fairly"],
        &["very", "very much"],
        &["extremely"],
    ],
    &[
        &["none", "absent"],
        &["mild"],
        &["moderate"],
        &["severe"],
        &["very severe", "critical"],
    ],
    &[
        &["beginner", "novice"],
        &["elementary", "basic"],
        &["intermediate"],
        &["advanced"],
        &["expert", "fluent", "proficient"],
        &["native"],
    ],
    &[&["none"], &["passive"], &["active"]],
];

fn word_scale(levels: &[String]) -> Option<Vec<f64>> {
    SCALES.iter().find_map(|scale| {
        by_rank(levels, |level| {
            let place = scale.iter().position(|words| words.contains(&level))?;
            Some(place as f64)
        })
    })
}

/// Words without which a ladder is not one of schooling.
fn is_schooling(level: &str) -> bool {
    [
        "bachelor",
        "master",
        "school",
        "secondary",
        "college",
        "doctor",
        "associate",
        "phd",
    ]
    .iter()
    .any(|word| level.contains(word))
}

/// About the years of schooling; what matters is the order.
fn education(level: &str) -> Option<f64> {
    // The first line that fits counts, so longer phrases come before what they contain.
    const LADDER: [(&str, f64); 38] = [
        ("less than high school", 8.0),
        ("less than secondary", 8.0),
        ("some high school", 9.8),
        ("some secondary", 9.8),
        ("some college", 13.0),
        ("some university", 13.0),
        ("post secondary", 14.0),
        ("postsecondary", 14.0),
        ("tertiary", 14.5),
        ("preschool", 0.5),
        ("pre school", 0.5),
        ("nursery", 0.4),
        ("kindergarten", 0.7),
        ("primary", 3.0),
        ("elementary", 3.0),
        ("middle school", 8.0),
        ("lower secondary", 8.5),
        ("upper secondary", 11.0),
        ("vocational", 9.0),
        ("hs grad", 12.0),
        ("high school", 12.0),
        ("secondary", 12.0),
        ("grammar", 12.0),
        ("ged", 11.9),
        ("assoc voc", 14.0),
        ("assoc acdm", 14.3),
        ("assoc", 14.2),
        ("undergraduate", 15.5),
        ("bachelor", 16.0),
        ("postgraduate", 17.5),
        ("graduate degree", 17.5),
        ("master", 18.0),
        ("specialist", 19.0),
        ("prof school", 20.0),
        ("professional", 20.0),
        ("doctor", 21.0),
        ("phd", 21.0),
        ("no education", 0.0),
    ];
    let more = if level.contains('+') { 0.5 } else { 0.0 };
    if let Some(&(_, years)) = LADDER.iter().find(|(phrase, _)| level.contains(phrase)) {
        return Some(years + more);
    }
    if ["none", "no schooling", "no formal education"].contains(&level) {
        return Some(0.0);
    }
    // `11th`, `5th 6th`: school years as counted in the United States.
    let first = level.split(' ').next()?;
    let year = first
        .strip_suffix("th")
        .or_else(|| first.strip_suffix("st"))?;
    let year: u32 = year.parse().ok()?;
    (1..=12)
        .contains(&year)
        .then(|| f64::from(year) * 0.9 + 0.1)
}

/// "grade 1", "grade 2", with "kindergarten" below.
fn numbered(levels: &[String]) -> Option<Vec<f64>> {
    const WORDS: [&str; 11] = [
        "grade", "year", "level", "stage", "wave", "week", "month", "quartile", "quintile",
        "decile", "step",
    ];
    let mut word = None;
    by_rank(levels, |level| {
        if level == "kindergarten" {
            return Some(0.0);
        }
        let (name, number) = level.split_once(' ')?;
        if !WORDS.contains(&name) || *word.get_or_insert(name.to_owned()) != name {
            return None;
        }
        number
            .parse::<u32>()
            .ok()
            .map(|number| f64::from(number) + 0.5)
    })
}

/// An interval of numbers as a level names it, and the words around the numbers.
struct Band {
    low: f64,
    high: f64,
    words: Vec<String>,
}

/// Bands of numbers that do not overlap: "16-24", "25-34", "65+"; "under 20,000", "20,000 to
/// 50,000", "over 50,000".
fn bands(levels: &[&str]) -> Option<Vec<f64>> {
    let parsed: Vec<(Option<Band>, String)> = levels
        .iter()
        .map(|level| (band(level), simplify(level)))
        .collect();
    let words = parsed
        .iter()
        .find_map(|(band, _)| band.as_ref())
        .map(|band| &band.words)?;
    // A village has no number of inhabitants in its name and comes before all towns.
    let rural = |name: &str| name.starts_with("rural");
    let ranks: Option<Vec<(f64, f64)>> = parsed
        .iter()
        .map(|(band, name)| match band {
            Some(band) if band.words == *words => Some((band.low, band.high)),
            None if rural(name) => Some((f64::NEG_INFINITY, f64::NEG_INFINITY)),
            _ => None,
        })
        .collect();
    let ranks = ranks?;
    let mut order = ranks.clone();
    order.sort_by(|a, b| a.0.total_cmp(&b.0).then_with(|| a.1.total_cmp(&b.1)));
    let apart = order
        .windows(2)
        .all(|pair| pair[0].1 <= pair[1].0 && pair[0] != pair[1]);
    apart.then(|| {
        ranks
            .iter()
            .map(|rank| {
                order
                    .iter()
                    .position(|other| other == rank)
                    .map_or(0.0, |at| at as f64)
            })
            .collect()
    })
}

fn band(level: &str) -> Option<Band> {
    const BELOW: [&str; 7] = ["less", "under", "below", "<", "<=", "most", "up"];
    const ABOVE: [&str; 9] = [
        "more", "over", "above", ">", ">=", "+", "older", "least", "plus",
    ];
    const GLUE: [&str; 7] = ["than", "and", "to", "or", "at", "between", "from"];
    let (mut below, mut above) = (false, false);
    let (mut numbers, mut words) = (Vec::new(), Vec::new());
    for token in tokens(level) {
        if token.starts_with(|c: char| c.is_ascii_digit()) {
            let padded = token.len() > 1 && token.starts_with('0') && !token.starts_with("0.");
            numbers.push(token.parse::<f64>().ok().filter(|_| !padded)?);
        } else if BELOW.contains(&token.as_str()) {
            below = true;
        } else if ABOVE.contains(&token.as_str()) {
            above = true;
        } else if !GLUE.contains(&token.as_str()) {
            words.push(token.trim_end_matches('s').to_owned());
        }
    }
    let (low, high) = match (numbers.as_slice(), below, above) {
        (&[one], true, false) => (f64::NEG_INFINITY, one),
        (&[one], false, true) => (one, f64::INFINITY),
        (&[one], false, false) => (one, one),
        (&[low, high], false, false) if low <= high => (low, high),
        _ => return None,
    };
    Some(Band { low, high, words })
}

/// Numbers (commas between groups of digits taken out), signs and words of a level, in lower case.
fn tokens(level: &str) -> Vec<String> {
    let mut tokens: Vec<String> = Vec::new();
    let class = |c: char| match c {
        c if c.is_ascii_digit() => 1,
        c if c.is_alphabetic() => 2,
        '<' | '>' | '=' | '+' => 3,
        _ => 0,
    };
    let chars: Vec<char> = level.to_lowercase().chars().collect();
    let mut previous = 0;
    for (at, &c) in chars.iter().enumerate() {
        let inside_number = previous == 1
            && matches!(c, ',' | '.')
            && chars.get(at + 1).is_some_and(char::is_ascii_digit);
        if inside_number {
            if c == '.'
                && let Some(token) = tokens.last_mut()
            {
                token.push(c);
            }
            continue;
        }
        let this = class(c);
        match tokens.last_mut() {
            Some(token) if this == previous && this != 0 => token.push(c),
            _ if this != 0 => tokens.push(c.to_string()),
            _ => {}
        }
        previous = this;
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn ordered(expected: &[&str]) {
        let mut levels = expected.to_vec();
        levels.sort_unstable();
        assert_eq!(order(&levels).as_deref(), Some(expected));
    }

    #[track_caller]
    fn unordered(levels: &[&str]) {
        assert_eq!(order(levels), None);
    }

    #[test]
    fn scales_between_poles_are_ordered() {
        ordered(&[
            "Very unfavorably",
            "Somewhat unfavorably",
            "Neither favorably nor unfavorably (neutral)",
            "Somewhat favorably",
            "Very favorably",
        ]);
        ordered(&["strongly disagree", "disagree", "agree", "strongly agree"]);
        unordered(&["agree", "somewhat", "no"]);
    }

    #[test]
    fn common_words_are_ordered() {
        ordered(&[
            "TERRIBLE",
            "UNHAPPY",
            "MOSTLY DISSATISFIED",
            "MIXED",
            "MOSTLY SATISFIED",
            "PLEASED",
            "DELIGHTED",
        ]);
        ordered(&["never", "rarely", "sometimes", "often", "always"]);
        ordered(&["Low", "Medium", "High"]);
        unordered(&["low", "high", "rural"]);
        unordered(&["small", "regular", "regular+aide"]);
    }

    #[test]
    fn ladders_of_schooling_are_ordered() {
        ordered(&[
            "Preschool",
            "1st-4th",
            "5th-6th",
            "7th-8th",
            "9th",
            "10th",
            "11th",
            "12th",
            "HS-grad",
            "Some-college",
            "Assoc-voc",
            "Assoc-acdm",
            "Bachelors",
            "Masters",
            "Prof-school",
            "Doctorate",
        ]);
        ordered(&[
            "PRIMARY/NO EDUCATION",
            "VOCATIONAL/GRAMMAR",
            "SECONDARY",
            "POST-SECONDARY OR HIGHER",
        ]);
        ordered(&[
            "Less than high school degree",
            "High school degree",
            "Some college or Associate degree",
            "Bachelor degree",
            "Graduate degree",
        ]);
        ordered(&[
            "bachelors",
            "masters",
            "masters +",
            "specialist",
            "doctoral",
        ]);
        ordered(&["kindergarten", "grade 1", "grade 2", "grade 3"]);
    }

    #[test]
    fn bands_that_do_not_overlap_are_ordered() {
        ordered(&["16-24", "25-34", "35-44", "65+"]);
        ordered(&["18-29", "30-44", "45-60", "> 60"]);
        ordered(&[
            "$0 - $24,999",
            "$25,000 - $49,999",
            "$50,000 - $99,999",
            "$150,000+",
        ]);
        ordered(&[
            "RURAL AREAS",
            "URBAN BELOW 20,000",
            "URBAN 20,000-100,000",
            "URBAN 100,000-200,000",
            "URBAN 500,000 AND OVER",
        ]);
        unordered(&["10-20", "15-30", "40+"]);
        unordered(&["24-01004", "38-00100", "06-08507"]);
        unordered(&["1-2", "2-3", "it depends"]);
        unordered(&["north 1", "south 2", "east 3"]);
    }

    #[test]
    fn pairs_of_no_and_yes_are_found_in_any_case() {
        assert_eq!(boolean_order(&["Yes", "No"]), Some(["No", "Yes"]));
        assert_eq!(boolean_order(&["0", "1"]), Some(["0", "1"]));
        assert_eq!(boolean_order(&["male", "female"]), None);
        assert_eq!(boolean_order(&["yes"]), None);
    }
}
