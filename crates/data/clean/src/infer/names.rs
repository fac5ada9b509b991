//! Words in column names.

/// The words of a name in lower case, cut at everything that is neither letter nor digit and where
/// a capital follows a small letter.
pub(super) fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut small = false;
    for c in name.chars() {
        let cut = !c.is_alphanumeric() || (c.is_uppercase() && small);
        if cut && words.last().is_some_and(|word| !word.is_empty()) {
            words.push(String::new());
        }
        if c.is_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.extend(c.to_lowercase());
        }
        small = c.is_lowercase();
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Whether one of the words is in the list.
pub(super) fn has(words: &[String], list: &[&str]) -> bool {
    words.iter().any(|word| list.contains(&word.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_cut_into_words() {
        assert_eq!(words("SchoolID"), ["school", "id"]);
        assert_eq!(words("post_test score.2"), ["post", "test", "score", "2"]);
        assert_eq!(words("HOUSING_TYPE"), ["housing", "type"]);
        assert_eq!(words("RAC1P"), ["rac1p"]);
        assert_eq!(words("__"), Vec::<String>::new());
    }
}
