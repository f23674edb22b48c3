//! A log in the style of the Hadoop distributed file system.
//!
//! A block goes through a fixed life: it is allocated, received by three data
//! nodes, acknowledged by each and registered. Many blocks do so at once, so a
//! search for one block finds a dozen lines that are near to each other, and
//! perhaps some later ones.

use super::Lines;
use super::clock::Clock;
use super::needle;
use super::random::{Random, Weighted};
use super::text::Text;

/// Data nodes that hold a copy of a block.
const COPIES: usize = 3;
/// Data nodes of the cluster.
const NODES: u64 = 200;
/// Blocks that are being written at any time.
const ACTIVE: u64 = 256;
/// Finished blocks that later events draw from.
const FINISHED: u64 = 8192;
/// The last step in the life of a block: all its copies are registered.
const LAST: usize = 9 + COPIES;
/// The size of a full block.
const FULL: u64 = 64 << 20;

/// The state of the generator.
pub(super) struct Hdfs {
    random: Random,
    clock: Clock,
    nodes: Vec<[u8; 4]>,
    active: Vec<Block>,
    finished: Vec<Block>,
    /// The job that writes blocks at present.
    job: u64,
}

/// A block of a file.
#[derive(Clone)]
struct Block {
    id: i64,
    size: u64,
    /// Its copies, as indexes of data nodes.
    copies: [usize; COPIES],
    /// How many lines of its life have been written.
    step: usize,
}

/// What happens to a finished block.
#[derive(Clone, Copy)]
enum Event {
    Served,
    Verified,
    Deleted,
    Invalidated,
    Replicated,
    ServeFailed,
    Slow,
    Lost,
    Corrupt,
    Full,
}

/// The events by how often they occur.
static EVENTS: Weighted<Event> = Weighted::new(&[
    (40_000, Event::Served),
    (30_000, Event::Verified),
    (12_000, Event::Deleted),
    (10_000, Event::Invalidated),
    (4_000, Event::ServeFailed),
    (2_500, Event::Replicated),
    (1_000, Event::Slow),
    (150, Event::Lost),
    (40, Event::Corrupt),
    (5, Event::Full),
]);

impl Hdfs {
    /// The log of `seed`.
    pub(super) fn new(seed: u64) -> Self {
        let mut random = Random::new(seed);
        // Blocks begin at different points of their lives, or the log would
        // begin with hundreds of allocations.
        let active = (0..ACTIVE)
            .map(|_| Block { step: random.below(LAST as u64 + 1) as usize, ..Block::new(&mut random) })
            .collect();
        let finished = (0..FINISHED).map(|_| Block::new(&mut random)).collect();
        Self { random, clock: Clock::new([2008, 11, 9], [20, 35, 18]), nodes: cluster(), active, finished, job: 1 }
    }

    /// Begins a line with its time, process and level.
    fn begin(&mut self, level: &str, out: &mut Vec<u8>) {
        let clock = &self.clock;
        out.digits(clock.year, 2);
        out.digits(clock.month, 2);
        out.digits(clock.day, 2).text(" ");
        out.digits(clock.hour, 2);
        out.digits(clock.minute, 2);
        out.digits(clock.second, 2).text(" ");
        out.number(self.random.skewed(19_000) + 13).text(" ");
        out.text(level).text(" ");
    }

    /// Writes the next line in the life of a block.
    fn step(&mut self, out: &mut Vec<u8>) {
        let slot = self.random.below(ACTIVE) as usize;
        let block = self.active[slot].clone();
        self.active[slot].step += 1;
        match block.step {
            0 => self.allocate(&block, out),
            step @ 1..=3 => self.receive(&block, step - 1, out),
            step @ 4..=9 if step % 2 == 0 => self.respond(&block, (step - 4) / 2, out),
            step @ 4..=9 => self.received(&block, (step - 4) / 2, out),
            step => self.register(&block, step - 10, out),
        }
        if block.step == LAST {
            let place = self.random.below(FINISHED) as usize;
            self.finished[place] = block;
            self.active[slot] = Block::new(&mut self.random);
        }
    }

    /// The name node hands out a new block.
    fn allocate(&mut self, block: &Block, out: &mut Vec<u8>) {
        if self.random.one_in(500) {
            self.job += 1;
        }
        self.begin("INFO", out);
        out.text("dfs.FSNamesystem: BLOCK* NameSystem.allocateBlock: ");
        match self.random.below(8) {
            0 => {
                out.text("/mnt/hadoop/mapred/system/job_200811092030_");
                out.digits(self.job, 4).text("/job.jar. ");
            }
            1 => {
                out.text("/user/root/index/segment-");
                out.number(self.random.below(5000)).text(".dat. ");
            }
            _ => {
                let part = self.random.below(2000);
                out.text("/user/root/sort/_temporary/_task_200811092030_");
                out.digits(self.job, 4).text("_m_").digits(part, 6);
                out.text("_0/part-").digits(part, 5).text(". ");
            }
        }
        block.id(out);
    }

    /// A data node begins to receive a copy.
    fn receive(&mut self, block: &Block, copy: usize, out: &mut Vec<u8>) {
        self.begin("INFO", out);
        out.text("dfs.DataNode$DataXceiver: Receiving block ");
        block.id(out).text(" src: /");
        // A copy comes from the data node before it in the pipeline.
        let source = self.nodes[block.copies[copy.saturating_sub(1)]];
        out.address(source).text(":");
        out.number(32_768 + self.random.below(28_000));
        out.text(" dest: /").address(self.nodes[block.copies[copy]]);
        out.text(":50010");
    }

    /// A data node has acknowledged its copy.
    fn respond(&mut self, block: &Block, copy: usize, out: &mut Vec<u8>) {
        self.begin("INFO", out);
        out.text("dfs.DataNode$PacketResponder: PacketResponder ");
        out.number((COPIES - 1 - copy) as u64).text(" for block ");
        block.id(out).text(" terminating");
    }

    /// A data node has a whole copy.
    fn received(&mut self, block: &Block, copy: usize, out: &mut Vec<u8>) {
        self.begin("INFO", out);
        out.text("dfs.DataNode$PacketResponder: Received block ");
        block.id(out).text(" of size ").number(block.size);
        out.text(" from /").address(self.nodes[block.copies[copy]]);
    }

    /// The name node registers a copy.
    fn register(&mut self, block: &Block, copy: usize, out: &mut Vec<u8>) {
        self.begin("INFO", out);
        out.text("dfs.FSNamesystem: BLOCK* NameSystem.addStoredBlock: blockMap updated: ");
        out.address(self.nodes[block.copies[copy]]);
        out.text(":50010 is added to ");
        block.id(out).text(" size ").number(block.size);
    }

    /// Writes a line about a finished block.
    fn event(&mut self, out: &mut Vec<u8>) {
        let block = self.finished[self.random.skewed(FINISHED) as usize].clone();
        let owner = self.nodes[block.copies[self.random.below(COPIES as u64) as usize]];
        let peer = self.nodes[self.random.skewed(NODES) as usize];
        match self.random.weighted(&EVENTS) {
            Event::Served => {
                self.begin("INFO", out);
                out.text("dfs.DataNode$DataXceiver: ").address(owner);
                out.text(":50010 Served block ");
                block.id(out).text(" to /").address(peer);
            }
            Event::Verified => {
                self.begin("INFO", out);
                out.text("dfs.DataBlockScanner: Verification succeeded for ");
                block.id(out);
            }
            Event::Deleted => {
                self.begin("INFO", out);
                out.text("dfs.FSDataset: Deleting block ");
                block.id(out).text(" file /mnt/hadoop/dfs/data/current/subdir");
                out.number(self.random.below(64)).text("/");
                block.id(out);
            }
            Event::Invalidated => {
                self.begin("INFO", out);
                out.text("dfs.FSNamesystem: BLOCK* NameSystem.delete: ");
                block.id(out).text(" is added to invalidSet of ");
                out.address(owner).text(":50010");
            }
            Event::Replicated => {
                self.begin("INFO", out);
                out.text("dfs.FSNamesystem: BLOCK* ask ").address(owner);
                out.text(":50010 to replicate ");
                block.id(out).text(" to datanode(s) ");
                out.address(peer).text(":50010");
            }
            Event::ServeFailed => {
                self.begin("WARN", out);
                out.text("dfs.DataNode$DataXceiver: ").address(owner);
                out.text(":50010:Got exception while serving ");
                block.id(out).text(" to /").address(peer).text(":");
            }
            Event::Slow => {
                self.begin("WARN", out);
                out.text("dfs.DataNode$PacketResponder: Slow mirror /").address(peer);
                out.text(" took ").number(300 + self.random.long_tail(6, 15));
                out.text(" ms to acknowledge ");
                block.id(out);
            }
            Event::Lost => {
                self.begin("ERROR", out);
                out.text("dfs.DataNode$DataXceiver: java.io.IOException: connection to /");
                out.address(peer).text(":50010 was reset while sending ");
                block.id(out);
            }
            Event::Corrupt => {
                self.begin("ERROR", out);
                out.text("dfs.DataBlockScanner: ChecksumException in ");
                block.id(out).text(" at offset ");
                out.number(self.random.below(block.size));
                out.text(" on /").address(owner);
            }
            Event::Full => {
                self.begin("FATAL", out);
                out.text("dfs.DataNode: no space left for ");
                block.id(out).text(" on /").address(owner);
                out.text(", shutting down");
            }
        }
    }
}

impl Lines for Hdfs {
    fn line(&mut self, number: u64, out: &mut Vec<u8>) {
        let pause = self.random.skewed(40_000);
        self.clock.advance(pause);
        if self.random.below(100) < 85 {
            self.step(out);
        } else {
            self.event(out);
        }
        if let Some(needle) = needle::on_line(number) {
            out.text(" ticket=").text(needle.word);
        }
        out.push(b'\n');
    }
}

impl Block {
    /// A block that nothing has been written about.
    fn new(random: &mut Random) -> Self {
        let size = if random.below(5) == 0 { random.long_tail(8, 25) + 1 } else { FULL };
        Self { id: random.bits() as i64, size, copies: [(); COPIES].map(|()| random.skewed(NODES) as usize), step: 0 }
    }

    /// Appends the name of the block.
    fn id<'b>(&self, out: &'b mut Vec<u8>) -> &'b mut Vec<u8> {
        out.text(if self.id < 0 { "blk_-" } else { "blk_" }).number(self.id.unsigned_abs())
    }
}

/// The addresses of the data nodes, the busiest first.
///
/// They do not depend on the seed, so a pattern for one node suits any seed.
fn cluster() -> Vec<[u8; 4]> {
    let mut nodes = vec![[10, 250, 19, 102]];
    // 37 and 251 share no factor, nor do 101 and 254, so no address repeats.
    nodes.extend((1..NODES).map(|node| {
        let net = 250 + (node % 2) as u8;
        [10, net, (node * 37 % 251) as u8, (node * 101 % 254) as u8 + 1]
    }));
    nodes
}
