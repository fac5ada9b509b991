//! Exact numbers that must not slip into what is published.

use std::collections::BTreeSet;

use parable_draw::number;

/// Fields whose numbers the user chose: they are public.
const CHOSEN: [&str; 4] = ["options", "coarse", "params", "bands"];

/// The numbers of an evaluation in every form in which a page or a file could print them.
///
/// A search for whoever publishes a page about a confidential table: it finds numbers of three
/// significant digits, or of two and three decimals. Rounder numbers stand on any page.
///
/// ```
/// use parable_judge::ExactNumbers;
///
/// let secrets = ExactNumbers::of_json(r#"{"value": 0.012345, "rows": 1234}"#, &[])?;
/// assert_eq!(secrets.first_in("the share is 1.23 %"), Some("1.23"));
/// assert_eq!(secrets.first_in("about 1 % of 1200 rows"), None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct ExactNumbers {
    forms: BTreeSet<String>,
}

impl ExactNumbers {
    /// Collects the numbers of a JSON text, such as an evaluation or a report, apart from those up
    /// to 100 that are whole, those in `public`, and settings.
    ///
    /// # Errors
    /// [`std::io::Error`] of the kind `InvalidData` if the text is no JSON.
    pub fn of_json(text: &str, public: &[f64]) -> std::io::Result<Self> {
        let value: serde_json::Value = serde_json::from_str(text)?;
        let mut numbers = Vec::new();
        collect(&value, &mut numbers);
        let mut forms = BTreeSet::new();
        for number in numbers {
            let whole = number.fract() == 0.0;
            if whole && (number.abs() <= 100.0 || public.contains(&number)) {
                continue;
            }
            forms.extend(forms_of(number));
        }
        Ok(Self { forms })
    }

    /// Adds a text that must not be published, such as a rare level or the largest value.
    #[must_use]
    pub fn with(mut self, secret: impl Into<String>) -> Self {
        self.forms.insert(secret.into());
        self
    }

    /// Returns how many forms are searched for.
    #[must_use]
    pub fn len(&self) -> usize {
        self.forms.len()
    }

    /// Returns whether there is nothing to search for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.forms.is_empty()
    }

    /// Returns a form that stands in the text as a number of its own.
    #[must_use]
    pub fn first_in(&self, text: &str) -> Option<&str> {
        let text = without_separators(text);
        let found = self.forms.iter().find(|form| stands_in(&text, form))?;
        Some(found)
    }
}

impl std::fmt::Debug for ExactNumbers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ExactNumbers")
            .field("len", &self.forms.len())
            .finish_non_exhaustive()
    }
}

fn collect(value: &serde_json::Value, numbers: &mut Vec<f64>) {
    match value {
        serde_json::Value::Number(number) => numbers.extend(number.as_f64()),
        serde_json::Value::Array(items) => items.iter().for_each(|item| collect(item, numbers)),
        serde_json::Value::Object(fields) => {
            let own = fields
                .iter()
                .filter(|(name, _)| !CHOSEN.contains(&name.as_str()));
            own.for_each(|(_, item)| collect(item, numbers));
        }
        _ => {}
    }
}

/// Every way in which the number could be printed.
fn forms_of(number: f64) -> Vec<String> {
    let mut forms = vec![number.to_string(), number::plain(number)];
    let mut shares = Vec::new();
    if number.fract() == 0.0 {
        forms.push(number::count(number.abs() as u64));
    } else {
        forms.extend([
            number::value(number),
            number::share(number),
            number::points(number),
        ]);
        let share = without_separators(&number::share(number));
        shares.extend(share.contains('.').then_some(share));
        forms.extend((2..7).map(|decimals| number::fixed(number, decimals)));
        forms.extend((1..5).map(|decimals| format!("{:.decimals$}", number * 100.0)));
    }
    let digits = forms.iter().map(|form| {
        let form = without_separators(form);
        form.trim_matches(|c: char| !c.is_ascii_digit()).to_owned()
    });
    digits.filter(|form| is_exact(form)).chain(shares).collect()
}

/// The text without the marks that group digits.
fn without_separators(text: &str) -> String {
    text.replace(['\u{202f}', ','], "").replace('\u{2212}', "-")
}

/// Whether a number as written has three significant digits, or two and three decimals. Zeros at
/// its ends do not count.
fn is_exact(form: &str) -> bool {
    let digits: String = form.chars().filter(char::is_ascii_digit).collect();
    let significant = digits.trim_matches('0').len();
    let decimals = form
        .split_once('.')
        .map_or(0, |(_, decimals)| decimals.len());
    significant >= 3 || (significant == 2 && decimals >= 3)
}

/// Whether the form stands in the text as a number of its own, not as a part of a longer one.
fn stands_in(text: &str, form: &str) -> bool {
    let digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
    text.match_indices(form).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let mut after = text[at + form.len()..].chars();
        let next = after.next();
        let goes_on = next == Some('.') && digit(after.next());
        !(digit(before) || before == Some('.') || digit(next) || goes_on)
    })
}
