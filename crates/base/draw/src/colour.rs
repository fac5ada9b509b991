//! The colours of drawings: one palette for light and one for dark pages.

use std::fmt::Write as _;

/// Classes and their lines, fills and fonts.
const RULES: &str = include_str!("chart.css");

/// Colours on a light page, by the names the rules use.
const LIGHT: &str = "--paper:#faf9f6;--ink:#1c2025;--soft:#5b626a;--faint:#eceae4;\
--real:#d57c00;--syn:#0072b2;--both:#b7babd;--hold:#6a7077;--void:#b4b1aa";
const DARK: &str = "--paper:#15181b;--ink:#e7e5e0;--soft:#a2a8ae;--faint:#24282d;\
--real:#f0a132;--syn:#5fb7f0;--both:#5c6268;--hold:#9aa1a8;--void:#565c62";

/// Colours on each side of zero.
pub(crate) const STEPS: i32 = 10;

/// The ends of a ramp of colours and what lies between them.
struct Ramp {
    below: [f64; 3],
    zero: [f64; 3],
    above: [f64; 3],
}

/// Orange below zero, blue above, the page's own tone at zero.
const LIGHT_RAMP: Ramp = Ramp {
    below: [168.0, 76.0, 4.0],
    zero: [246.0, 244.0, 239.0],
    above: [0.0, 82.0, 150.0],
};
const DARK_RAMP: Ramp = Ramp {
    below: [255.0, 166.0, 61.0],
    zero: [38.0, 41.0, 46.0],
    above: [104.0, 186.0, 255.0],
};

/// Returns the style sheet for a page with drawings: colours for light and dark pages as custom
/// properties of the root (`--ink`, `--real`, `--syn` and others), and the classes of the drawings.
#[must_use]
pub fn page_style() -> String {
    format!(
        ":root{{{LIGHT}}}\n@media (prefers-color-scheme:dark){{@media screen{{:root{{{DARK}}}}}}}\n\
         {RULES}{}\n@media (prefers-color-scheme:dark){{@media screen{{{}}}}}\n",
        LIGHT_RAMP.css(),
        DARK_RAMP.css()
    )
}

/// The style sheet of an image that stands alone, on white. Colours are written out, because many
/// viewers of images know no custom properties.
pub(crate) fn image_style() -> String {
    let colours = LIGHT.split(';').filter_map(|own| own.split_once(':'));
    let rules = colours.fold(RULES.to_owned(), |rules, (name, colour)| {
        rules.replace(&format!("var({name})"), colour)
    });
    let rules = rules.replace("var(--sans,system-ui,sans-serif)", "system-ui,sans-serif");
    format!("{rules}{}\n", LIGHT_RAMP.css())
}

/// The class of a value: `m0` (-limit) over `m10` (zero) to `m20` (limit); `void` for none.
pub(crate) fn class(value: Option<f64>, limit: f64) -> String {
    match value.filter(|value| value.is_finite()) {
        None => "void".to_owned(),
        Some(value) => {
            let step = (value / limit).clamp(-1.0, 1.0) * f64::from(STEPS);
            format!("m{}", step.round() as i32 + STEPS)
        }
    }
}

impl Ramp {
    /// The fills of the classes `m0` to `m20`.
    fn css(&self) -> String {
        let mut css = String::new();
        for step in -STEPS..=STEPS {
            let end = if step < 0 { self.below } else { self.above };
            // More colour near zero than in proportion, so that small values can be told apart.
            let share = (f64::from(step.abs()) / f64::from(STEPS)).powf(0.8);
            let _ = write!(css, ".m{}{{fill:#", step + STEPS);
            for (zero, end) in self.zero.iter().zip(end) {
                let mixed = zero + share * (end - zero);
                let _ = write!(css, "{:02x}", mixed.round() as u8);
            }
            css.push('}');
        }
        css
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_beyond_the_scale_take_its_end() {
        assert_eq!(class(Some(0.0), 0.3), "m10");
        assert_eq!(class(Some(0.3), 0.3), "m20");
        assert_eq!(class(Some(-7.0), 0.3), "m0");
        assert_eq!(class(None, 0.3), "void");
        assert_eq!(class(Some(f64::NAN), 0.3), "void");
    }

    #[test]
    fn an_image_needs_no_custom_properties() {
        let css = image_style();
        assert!(!css.contains("var(") && css.contains("#d57c00"));
    }

    #[test]
    fn every_class_has_a_colour_for_light_and_dark() {
        let css = page_style();
        for step in 0..=20 {
            assert_eq!(css.matches(&format!(".m{step}{{")).count(), 2);
        }
    }
}
