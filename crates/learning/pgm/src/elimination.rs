//! Orders in which attributes are eliminated, and the cliques that arise.

/// A set of attributes as bits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bits(Vec<u64>);

impl Bits {
    pub(crate) fn none(len: usize) -> Self {
        Self(vec![0; len.div_ceil(64)])
    }

    pub(crate) fn insert(&mut self, item: usize) {
        self.0[item / 64] |= 1 << (item % 64);
    }

    pub(crate) fn remove(&mut self, item: usize) {
        self.0[item / 64] &= !(1 << (item % 64));
    }

    pub(crate) fn contains(&self, item: usize) -> bool {
        self.0[item / 64] >> (item % 64) & 1 == 1
    }

    pub(crate) fn is_subset(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).all(|(a, b)| a & !b == 0)
    }

    pub(crate) fn insert_all(&mut self, other: &Self) {
        for (a, b) in self.0.iter_mut().zip(&other.0) {
            *a |= b;
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = usize> {
        self.0.iter().enumerate().flat_map(|(word, &bits)| {
            let mut bits = bits;
            std::iter::from_fn(move || {
                (bits != 0).then(|| {
                    let bit = bits.trailing_zeros() as usize;
                    bits &= bits - 1;
                    word * 64 + bit
                })
            })
        })
    }
}

/// Cost that the next attribute to eliminate minimises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    /// The number of edges that have to be added.
    Fill,
    /// The cells of the clique that arises.
    Weight,
    /// The cells of the pairs that have to be joined.
    WeightedFill,
}

impl Rule {
    /// All rules; which is best differs from graph to graph, and trying all costs microseconds.
    pub(crate) const ALL: [Self; 3] = [Self::Fill, Self::Weight, Self::WeightedFill];
}

/// The largest cliques of the graph after eliminating all vertices by the rule (ties: the other
/// measure, then the lower number).
pub(crate) fn cliques(neighbours: &[Bits], levels: &[u32], rule: Rule) -> Vec<Bits> {
    let count = neighbours.len();
    let mut graph = neighbours.to_vec();
    let logs: Vec<f64> = levels.iter().map(|&l| f64::from(l).ln()).collect();
    let mut left: Vec<usize> = (0..count).collect();
    let mut found: Vec<Bits> = Vec::new();
    while !left.is_empty() {
        let cost = |vertex: usize| {
            let around: Vec<usize> = graph[vertex].iter().collect();
            let weight: f64 = logs[vertex] + around.iter().map(|&v| logs[v]).sum::<f64>();
            let (mut fill, mut joined) = (0.0, 0.0);
            for (index, &a) in around.iter().enumerate() {
                for &b in &around[index + 1..] {
                    if !graph[a].contains(b) {
                        fill += 1.0;
                        joined += f64::from(levels[a]) * f64::from(levels[b]);
                    }
                }
            }
            match rule {
                Rule::Fill => (fill, weight),
                Rule::Weight => (weight, fill),
                Rule::WeightedFill => (joined, weight),
            }
        };
        let best = (0..left.len())
            .map(|at| (cost(left[at]), at))
            .min_by(|a, b| {
                a.0.0
                    .total_cmp(&b.0.0)
                    .then(a.0.1.total_cmp(&b.0.1))
                    .then(a.1.cmp(&b.1))
            })
            .map_or(0, |(_, at)| at);
        let vertex = left.remove(best);
        let around = graph[vertex].clone();
        for other in around.iter() {
            graph[other].insert_all(&around);
            graph[other].remove(other);
            graph[other].remove(vertex);
        }
        let mut clique = around;
        clique.insert(vertex);
        if !found.iter().any(|other| clique.is_subset(other)) {
            found.push(clique);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(count: usize, edges: &[(usize, usize)]) -> Vec<Bits> {
        let mut graph = vec![Bits::none(count); count];
        for &(a, b) in edges {
            graph[a].insert(b);
            graph[b].insert(a);
        }
        graph
    }

    fn sets(cliques: &[Bits]) -> Vec<Vec<usize>> {
        let mut sets: Vec<Vec<usize>> = cliques.iter().map(|c| c.iter().collect()).collect();
        sets.sort();
        sets
    }

    #[test]
    fn a_tree_keeps_its_edges_as_cliques() {
        let edges = [(0, 1), (1, 2), (1, 3), (3, 4)];
        for rule in Rule::ALL {
            let found = cliques(&graph(6, &edges), &[2; 6], rule);
            assert_eq!(
                sets(&found),
                [vec![0, 1], vec![1, 2], vec![1, 3], vec![3, 4], vec![5]]
            );
        }
    }

    #[test]
    fn a_cycle_is_cut_where_it_costs_least() {
        // The chord 1-3 joins the small attributes; the chord 0-2 would join the large ones.
        let square = graph(4, &[(0, 1), (1, 2), (2, 3), (3, 0)]);
        let found = cliques(&square, &[50, 2, 50, 2], Rule::Weight);
        assert_eq!(sets(&found), [vec![0, 1, 3], vec![1, 2, 3]]);
    }

    #[test]
    fn more_than_64_attributes_are_taken() {
        let edges: Vec<(usize, usize)> = (1..150).map(|v| (v - 1, v)).collect();
        assert_eq!(
            cliques(&graph(150, &edges), &[3; 150], Rule::Fill).len(),
            149
        );
    }
}
