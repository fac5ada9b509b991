//! Boosted trees for "train on synthetic, test on real": 100 trees of 31 leaves on histograms, rate
//! 0.1, logistic loss. What scikit-learn's `HistGradientBoostingClassifier` does by default, but
//! for categories, which are taken in the order of their codes here.

const TREES: usize = 100;
const LEAVES: usize = 31;
const RATE: f64 = 0.1;
const LEAST_ROWS: usize = 20;

/// Columns of small whole numbers, and a label per row.
pub(crate) struct Rows {
    pub(crate) columns: Vec<Vec<u8>>,
    pub(crate) labels: Vec<bool>,
}

enum Node {
    Split {
        column: usize,
        most: u8,
        children: [usize; 2],
    },
    Leaf(f64),
}

/// Area under the ROC curve and accuracy of trees that learn from one set of rows and judge
/// another.
pub(crate) fn judge(train: &Rows, test: &Rows) -> (f64, f64) {
    let rows = train.labels.len();
    let share = train.labels.iter().filter(|label| **label).count() as f64 / rows as f64;
    let start = (share.clamp(1e-6, 1.0 - 1e-6) / (1.0 - share).clamp(1e-6, 1.0)).ln();
    let mut own = vec![start; rows];
    let mut scores = vec![start; test.labels.len()];
    for _ in 0..TREES {
        let slopes: Vec<(f64, f64)> = own
            .iter()
            .zip(&train.labels)
            .map(|(score, &label)| {
                let p = 1.0 / (1.0 + (-score).exp());
                (p - f64::from(u8::from(label)), (p * (1.0 - p)).max(1e-12))
            })
            .collect();
        let tree = grow(&train.columns, &slopes);
        for (columns, scores) in [(&train.columns, &mut own), (&test.columns, &mut scores)] {
            for (row, score) in scores.iter_mut().enumerate() {
                let mut at = 0;
                *score += loop {
                    match &tree[at] {
                        Node::Leaf(value) => break *value,
                        Node::Split {
                            column,
                            most,
                            children,
                        } => at = children[usize::from(columns[*column][row] > *most)],
                    }
                };
            }
        }
    }
    (area(&scores, &test.labels), accuracy(&scores, &test.labels))
}

/// A split: gain, column, largest value that goes left.
type Best = Option<(f64, usize, u8)>;

fn grow(columns: &[Vec<u8>], slopes: &[(f64, f64)]) -> Vec<Node> {
    let value = |rows: &[u32]| {
        let (g, h) = sums(rows, slopes);
        -RATE * g / h
    };
    let all: Vec<u32> = (0..slopes.len() as u32).collect();
    let mut tree = vec![Node::Leaf(value(&all))];
    let mut open = vec![(best(columns, slopes, &all), 0usize, all)];
    for _ in 1..LEAVES {
        let gain = |own: &(Best, usize, Vec<u32>)| own.0.map_or(0.0, |(gain, ..)| gain);
        let Some(at) = (0..open.len()).max_by(|&a, &b| gain(&open[a]).total_cmp(&gain(&open[b])))
        else {
            break;
        };
        let (split, node, rows) = open.swap_remove(at);
        let Some((_, column, most)) = split else {
            break;
        };
        let (left, right): (Vec<u32>, Vec<u32>) = rows
            .into_iter()
            .partition(|&row| columns[column][row as usize] <= most);
        let children = [tree.len(), tree.len() + 1];
        for rows in [left, right] {
            open.push((best(columns, slopes, &rows), tree.len(), rows.clone()));
            tree.push(Node::Leaf(value(&rows)));
        }
        tree[node] = Node::Split {
            column,
            most,
            children,
        };
    }
    tree
}

fn sums(rows: &[u32], slopes: &[(f64, f64)]) -> (f64, f64) {
    rows.iter().fold((0.0, 0.0), |(g, h), &row| {
        let own = slopes[row as usize];
        (g + own.0, h + own.1)
    })
}

fn best(columns: &[Vec<u8>], slopes: &[(f64, f64)], rows: &[u32]) -> Best {
    let (all_g, all_h) = sums(rows, slopes);
    let mut best: Best = None;
    for (index, column) in columns.iter().enumerate() {
        let mut cells = [(0.0, 0.0, 0usize); 256];
        for &row in rows {
            let cell = &mut cells[usize::from(column[row as usize])];
            let (g, h) = slopes[row as usize];
            *cell = (cell.0 + g, cell.1 + h, cell.2 + 1);
        }
        let (mut g, mut h, mut count) = (0.0, 0.0, 0);
        for (most, cell) in (0..=254u8).zip(&cells) {
            (g, h, count) = (g + cell.0, h + cell.1, count + cell.2);
            if count < LEAST_ROWS || rows.len() - count < LEAST_ROWS {
                continue;
            }
            let rest = (all_g - g, all_h - h);
            let gain = g * g / h + rest.0 * rest.0 / rest.1 - all_g * all_g / all_h;
            if gain > best.map_or(1e-9, |(gain, ..)| gain) {
                best = Some((gain, index, most));
            }
        }
    }
    best
}

fn area(scores: &[f64], labels: &[bool]) -> f64 {
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|&a, &b| scores[a].total_cmp(&scores[b]));
    let positives = labels.iter().filter(|label| **label).count() as f64;
    let (mut ranks, mut start) = (0.0, 0);
    while start < order.len() {
        let mut end = start;
        while end < order.len() && scores[order[end]] == scores[order[start]] {
            end += 1;
        }
        // Ties share the mean of their ranks.
        let mean = (start + end + 1) as f64 / 2.0;
        ranks += mean * order[start..end].iter().filter(|&&row| labels[row]).count() as f64;
        start = end;
    }
    (ranks - positives * (positives + 1.0) / 2.0) / (positives * (labels.len() as f64 - positives))
}

fn accuracy(scores: &[f64], labels: &[bool]) -> f64 {
    let right = scores
        .iter()
        .zip(labels)
        .filter(|(s, l)| (**s > 0.0) == **l);
    right.count() as f64 / labels.len() as f64
}
