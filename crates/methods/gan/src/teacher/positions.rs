//! Numbers of synthetic rows, and the gradients that pass through them.
//!
//! A synthetic row whose level is a mode gets a position within it, drawn as a smooth function of
//! the mode parameters and of one uniform number, so that the gradient of the position is one of
//! the mode parameters (the reparameterisation of Kingma & Welling 2014). Behind the positions
//! stand the numbers themselves on the scale of their columns: a discriminator that sees these
//! learns relations across modes several times faster. Their gradient goes to the position, and to
//! each level as much as the middle of its numbers says: the straight-through estimate of the
//! levels.

use parable_seed::Seed;
use rayon::prelude::*;

use crate::layout::Layout;
use crate::numbers::position::Position;

/// Rows of a block that share a random stream.
const BLOCK: usize = 64;

/// A position that was drawn.
#[derive(Clone)]
pub(crate) struct Placed {
    example: usize,
    /// Its column among those with modes.
    head: usize,
    mode: usize,
    position: Position,
    /// The uniform number that it was drawn with.
    share: f64,
}

/// Draws positions for rows whose levels are drawn, by the mode parameters of a generator, and
/// writes the numbers behind them.
pub(crate) fn place(
    layout: &Layout,
    rows: &mut [f32],
    parameters: &[f32],
    seed: &Seed,
) -> Vec<Placed> {
    let (heads, width) = (layout.heads(), layout.row());
    let outputs = heads.outputs();
    let blocks = rows.par_chunks_mut(BLOCK * width);
    let blocks = blocks
        .zip(parameters.par_chunks(BLOCK * outputs))
        .enumerate();
    let placed: Vec<Vec<Placed>> = blocks
        .map(|(block, (rows, parameters))| {
            let mut rng = seed.index(block as u64).rng();
            let mut placed = Vec::new();
            let examples = rows.chunks_mut(width).zip(parameters.chunks(outputs));
            for (example, (row, parameters)) in examples.enumerate() {
                for (at, head) in heads.columns().iter().enumerate() {
                    let level = layout.level(row, head.column);
                    let Some(mode) = level.and_then(|level| head.mode(level)) else {
                        continue;
                    };
                    let (position, share) = (head.position(mode, parameters), rng.uniform_open());
                    row[layout.width() + at] = position.quantile(share) as f32;
                    placed.push(Placed {
                        example: block * BLOCK + example,
                        head: at,
                        mode,
                        position,
                        share,
                    });
                }
            }
            layout.write_numbers(rows);
            placed
        })
        .collect();
    placed.concat()
}

/// Returns the gradient by the mode parameters, `[examples, parameters]`, from that by rows.
pub(crate) fn backward_to_modes(layout: &Layout, placed: &[Placed], towards: &[f32]) -> Vec<f32> {
    let stride = layout.row();
    let heads = layout.heads();
    let (outputs, columns) = (heads.outputs(), heads.columns());
    let mut parameters = vec![0.0f32; towards.len() / stride * outputs];
    for own in placed {
        let head = &columns[own.head];
        let at = own.example * stride + layout.width() + own.head;
        let slope = towards[at] + head.slope(own.mode) * towards[at + columns.len()];
        let place = own.example * outputs + head.place(own.mode);
        let slopes = own.position.slopes(own.share);
        for (parameters, by) in parameters[place..].iter_mut().zip(slopes) {
            *parameters = (f64::from(slope) * by) as f32;
        }
    }
    parameters
}

/// Returns the gradient by the units, `[examples, width]`, from that by rows.
pub(crate) fn backward_to_units(layout: &Layout, towards: &[f32]) -> Vec<f32> {
    let stride = layout.row();
    let (columns, width) = (layout.heads().columns(), layout.width());
    let mut units = Vec::with_capacity(towards.len() / stride * width);
    for row in towards.chunks(stride) {
        let start = units.len();
        units.extend_from_slice(&row[..width]);
        for (at, head) in columns.iter().enumerate() {
            let slope = row[width + columns.len() + at];
            for (level, unit) in layout.column(head.column).enumerate() {
                units[start + unit] += slope * head.value(level, 0.0);
            }
        }
    }
    units
}
