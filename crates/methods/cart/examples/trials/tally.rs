//! Figures by name.

/// Sums of figures, in the order in which they first came.
#[derive(Default)]
pub(crate) struct Tally {
    figures: Vec<(String, Vec<f64>)>,
}

impl Tally {
    /// One more figure of this name; what is not a number is left out.
    pub(crate) fn add(&mut self, name: &str, figure: f64) {
        if !figure.is_finite() {
            return;
        }
        match self.figures.iter_mut().find(|(known, _)| known == name) {
            Some((_, held)) => held.push(figure),
            None => self.figures.push((name.to_owned(), vec![figure])),
        }
    }

    pub(crate) fn print(&self) {
        for (name, held) in &self.figures {
            let count = held.len() as f64;
            let mean = held.iter().sum::<f64>() / count;
            let squares = held.iter().map(|x| (x - mean).powi(2)).sum::<f64>();
            let sd = (squares / (count - 1.0).max(1.0)).sqrt();
            println!("  {name:<60} {mean:>8.3}  sd {sd:.3}  n {}", held.len());
        }
    }
}
