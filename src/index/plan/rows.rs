//! What is asked of the rows of an index.

/// A condition on rows.
pub(crate) enum Node {
    Everything,
    Nothing,
    /// All of these rows.
    Rows(Rows),
    All(Vec<Node>),
    Any(Vec<Node>),
}

/// Rows, the rarest of the last segment first.
pub(crate) struct Rows {
    pub(crate) rows: Vec<u32>,
    /// All rows were read in a segment, so the order is known. Otherwise the rarest may come last.
    pub(crate) is_sorted: bool,
}

impl Rows {
    pub(crate) fn new(rows: Vec<u32>) -> Self {
        Rows { rows: spaced(rows), is_sorted: false }
    }
}

impl Node {
    /// The rows that will be read first.
    pub(crate) fn first_rows(&self, rows: &mut Vec<u32>) {
        const OF_EACH: usize = 5;
        const MOST: usize = 64;
        match self {
            Node::Everything | Node::Nothing => {}
            Node::Rows(all) => rows.extend(all.rows.iter().take(OF_EACH.min(MOST.saturating_sub(rows.len())))),
            Node::All(nodes) | Node::Any(nodes) => nodes.iter().for_each(|node| node.first_rows(rows)),
        }
    }
}

/// Rows in another order: neighbours have grams that share bytes, so they tell less than rows that lie apart.
fn spaced(rows: Vec<u32>) -> Vec<u32> {
    const APART: usize = 4;
    (0..APART).flat_map(|start| rows.iter().skip(start).step_by(APART).copied().collect::<Vec<_>>()).collect()
}
