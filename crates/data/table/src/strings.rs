//! Many short texts in one piece of memory.

/// A list of texts stored end to end, so that a million cells cost two allocations and not a
/// million.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Strings {
    bytes: String,
    ends: Vec<usize>,
}

impl Strings {
    /// An empty list.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a text at the end.
    pub fn push(&mut self, text: &str) {
        self.bytes.push_str(text);
        self.ends.push(self.bytes.len());
    }

    /// Returns the number of texts.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The text at this position.
    ///
    /// # Panics
    /// If `index` is not below [`Strings::len`].
    #[must_use]
    pub fn get(&self, index: usize) -> &str {
        let start = if index == 0 { 0 } else { self.ends[index - 1] };
        &self.bytes[start..self.ends[index]]
    }

    /// Puts another text at this position. Costs a pass over the texts behind it: meant for few
    /// changes.
    ///
    /// # Panics
    /// If `index` is not below [`Strings::len`].
    pub fn replace(&mut self, index: usize, text: &str) {
        let start = if index == 0 { 0 } else { self.ends[index - 1] };
        let end = self.ends[index];
        self.bytes.replace_range(start..end, text);
        for later in &mut self.ends[index..] {
            *later = *later - (end - start) + text.len();
        }
    }

    /// The texts in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &str> {
        (0..self.len()).map(|index| self.get(index))
    }
}

impl<'a> FromIterator<&'a str> for Strings {
    fn from_iter<I: IntoIterator<Item = &'a str>>(texts: I) -> Self {
        let mut strings = Self::new();
        texts.into_iter().for_each(|text| strings.push(text));
        strings
    }
}
