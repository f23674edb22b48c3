//! Messages with parts that vary.

use super::random::Random;
use super::text::Text;

/// A part of a message.
pub(super) enum Part {
    /// Fixed text.
    Text(&'static str),
    /// A number below the bound, all of them as often.
    Number(u64),
    /// A number below the bound, mostly a small one.
    Skewed(u64),
    /// 16 hexadecimal digits.
    Hex,
    /// An address of a machine inside.
    Inside,
    /// An address of a machine outside.
    Outside,
    /// The name of a person's account.
    Account,
    /// The name of a host.
    Host,
}

/// A message, part by part.
pub(super) type Template = &'static [Part];

/// Names of accounts, the most active first.
const ACCOUNTS: [&str; 24] = [
    "deploy", "root", "backup", "amara", "bjorn", "chidi", "dolores", "emre", "farah", "goran", "hanae", "ilse",
    "joao", "katya", "lucia", "mateus", "noor", "oskar", "priya", "quentin", "rosa", "sanjay", "tomas", "yuki",
];

/// Roles of hosts, the most talkative first.
const ROLES: [&str; 8] = ["web", "api", "db", "cache", "queue", "mail", "build", "gateway"];

/// Appends a message.
pub(super) fn fill(template: Template, random: &mut Random, out: &mut Vec<u8>) {
    for part in template {
        match *part {
            Part::Text(text) => out.text(text),
            Part::Number(bound) => out.number(random.below(bound)),
            Part::Skewed(bound) => out.number(random.skewed(bound)),
            Part::Hex => out.hex(random.bits()),
            Part::Inside => out.address(inside(random)),
            Part::Outside => out.address(outside(random)),
            Part::Account => out.text(account(random)),
            Part::Host => host(random, out),
        };
    }
}

/// Appends the name of a host, such as `web-03`.
pub(super) fn host<'b>(random: &mut Random, out: &'b mut Vec<u8>) -> &'b mut Vec<u8> {
    let role = ROLES[random.skewed(ROLES.len() as u64) as usize];
    let index = random.skewed(40) + 1;
    out.text(role).text("-").digits(index, 2)
}

/// The name of an account.
fn account(random: &mut Random) -> &'static str {
    ACCOUNTS[random.skewed(ACCOUNTS.len() as u64) as usize]
}

/// An address of the private network.
fn inside(random: &mut Random) -> [u8; 4] {
    [10, 20, random.skewed(32) as u8, random.skewed(254) as u8 + 1]
}

/// An address of one of the blocks that are reserved for documentation.
fn outside(random: &mut Random) -> [u8; 4] {
    let host = random.skewed(254) as u8 + 1;
    match random.skewed(3) {
        0 => [203, 0, 113, host],
        1 => [198, 51, 100, host],
        _ => [192, 0, 2, host],
    }
}
