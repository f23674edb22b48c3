//! Evaluates what a query asks of the rows of an index, within a bound on the work.

use super::{
    links::Links,
    rows::{Node, Rows},
};
use crate::{
    error::Error,
    index::{
        format::bits::Bits,
        open::{index::Index, segment::Segment},
        query::condition::Condition,
        work,
    },
};

/// The work of reading a row, of looking up the rows of a literal, and of a block that may share a line. The unit is
/// the bytes that are searched in the same time, at about 7 bytes per nanosecond.
const COST_OF_ROW: u64 = 8 << 10;
const COST_OF_LITERAL: u64 = 4 << 10;
const COST_OF_LINKED_BLOCK: u64 = 16;
/// Once this many of the rarest rows were read, reading goes on only while one of the last [`LAST_ROWS`] made a
/// difference.
const ENOUGH_ROWS: usize = 8;
const LAST_ROWS: usize = 3;
/// A false positive costs as much as reading this many rows.
const ROWS_A_BLOCK: usize = 8;

pub(crate) struct Planner {
    /// The work that is left, in bytes that are searched in the same time.
    left: u64,
    /// The number of rows that were read.
    pub(crate) rows: u64,
    row: Bits,
}

impl Planner {
    /// A planner that may work for as long as a search of this many bytes.
    pub(crate) fn new(bytes: u64) -> Self {
        Planner { left: bytes, rows: 0, row: Bits::zeros(0) }
    }

    /// None if not enough work is left.
    fn spend(&mut self, cost: u64) -> Option<()> {
        self.left = self.left.checked_sub(cost)?;
        Some(())
    }

    /// What a condition asks of rows. None if that takes too much work.
    pub(crate) fn compile(&mut self, condition: &Condition, index: &Index) -> Option<Node> {
        Some(match condition {
            Condition::Anything => Node::Everything,
            Condition::Nothing => Node::Nothing,
            Condition::Literal(literal) => {
                self.spend(COST_OF_LITERAL)?;
                work::steps(1);
                let rows = index.manifest().scheme.rows_of_literal(literal);
                if rows.is_empty() { Node::Everything } else { Node::Rows(Rows::new(rows)) }
            }
            Condition::All(all) => {
                let (mut rows, mut nodes) = (vec![], vec![]);
                for condition in all {
                    match self.compile(condition, index)? {
                        Node::Everything => {}
                        Node::Nothing => return Some(Node::Nothing),
                        Node::Rows(more) => rows.extend(more.rows),
                        node => nodes.push(node),
                    }
                }
                rows.sort_unstable();
                rows.dedup();
                if !rows.is_empty() {
                    nodes.insert(0, Node::Rows(Rows::new(rows)));
                }
                if nodes.is_empty() { Node::Everything } else { Node::All(nodes) }
            }
            Condition::Any(any) => {
                let mut nodes = vec![];
                for condition in any {
                    match self.compile(condition, index)? {
                        Node::Everything => return Some(Node::Everything),
                        Node::Nothing => {}
                        node => nodes.push(node),
                    }
                }
                if nodes.is_empty() { Node::Nothing } else { Node::Any(nodes) }
            }
        })
    }

    /// Sets the bits of the blocks of a segment that can match. None if that takes too much work.
    pub(crate) fn evaluate(
        &mut self,
        node: &mut Node,
        segment: &Segment<'_>,
        links: &Links,
        found: &mut Bits,
    ) -> Result<Option<()>, Error> {
        let blocks = segment.blocks();
        found.reset(blocks);
        match node {
            Node::Nothing => {}
            Node::Everything => found.invert(),
            Node::Rows(rows) => return self.and_rows(rows, segment, links, found),
            Node::All(nodes) => {
                found.invert();
                let mut of_node = Bits::zeros(0);
                for node in nodes {
                    if self.evaluate(node, segment, links, &mut of_node)?.is_none() {
                        return Ok(None);
                    }
                    found.and(&of_node);
                    if found.is_empty() {
                        break;
                    }
                }
            }
            Node::Any(nodes) => {
                let mut of_node = Bits::zeros(0);
                for node in nodes {
                    if self.evaluate(node, segment, links, &mut of_node)?.is_none() {
                        return Ok(None);
                    }
                    found.or(&of_node);
                }
            }
        }
        Ok(Some(()))
    }

    /// Finds the blocks that have all rows, as far as that is worth it. None if that takes too much work.
    fn and_rows(
        &mut self,
        rows: &mut Rows,
        segment: &Segment<'_>,
        links: &Links,
        found: &mut Bits,
    ) -> Result<Option<()>, Error> {
        found.invert();
        let (mut left, mut idle) = (found.count(), 0);
        let mut counts = vec![];
        for (i, &row) in rows.rows.iter().enumerate() {
            if self.spend(COST_OF_ROW + links.blocks * COST_OF_LINKED_BLOCK).is_none() {
                return Ok(None);
            }
            segment.read_row(row as usize, &mut self.row)?;
            self.rows += 1;
            links.spread(&mut self.row);
            counts.push((self.row.count(), row));
            found.and(&self.row);
            let now = found.count();
            idle = if now == left { idle + 1 } else { 0 };
            left = now;
            let is_enough = rows.is_sorted && i + 1 >= ENOUGH_ROWS && idle >= LAST_ROWS;
            if left == 0 || is_enough || i >= left * ROWS_A_BLOCK {
                break;
            }
        }
        // Rows that are rare here are likely to be rare in the next segment: they come first there.
        counts.sort_unstable();
        rows.is_sorted |= counts.len() == rows.rows.len();
        rows.rows.iter_mut().zip(counts).for_each(|(row, (_, rarer))| *row = rarer);
        Ok(Some(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        index::{
            build::segment::Maker,
            format::{scheme::Scheme, table::Record},
        },
        scan::Pool,
    };

    #[test]
    fn a_plan_reads_as_many_rows_as_it_may() {
        let pool = Pool::inline();
        let records = [Record { first_line: Some(0), ..Record::default() }; 4];
        let made = Maker::new(Scheme::Small, &pool, None).empty(&records).unwrap().unwrap();
        let segment = Segment::new(&made.bytes, made.entry, Scheme::Small).unwrap();
        let links = Links::of(&segment, None).unwrap();
        let evaluate = |left| {
            let mut planner = Planner::new(left);
            let rows = |row| Node::Rows(Rows::new(vec![row]));
            let mut node = Node::Any((0..10).map(rows).collect());
            let evaluated = planner.evaluate(&mut node, &segment, &links, &mut Bits::zeros(0)).unwrap();
            (evaluated.is_some(), planner.rows)
        };
        assert_eq!(evaluate(0), (false, 0));
        assert_eq!(evaluate(10 * COST_OF_ROW - 1), (false, 9));
        assert_eq!(evaluate(10 * COST_OF_ROW), (true, 10));
    }
}
