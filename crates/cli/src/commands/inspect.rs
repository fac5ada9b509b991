//! `parable inspect`: how a model came about, as a person reads it.

use super::sample::open;
use crate::args::Inspect;
use crate::failure::Failure;

pub(crate) fn run(options: &Inspect, json: bool) -> Result<(), Failure> {
    let fitted = open(&options.model)?;
    if json {
        let record = serde_json::to_string(fitted.record()).map_err(Failure::environment)?;
        println!("{record}");
    } else {
        print!("{}", fitted.to_markdown());
    }
    Ok(())
}
