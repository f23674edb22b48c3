//! The collected system logs of a few hundred hosts.

use super::Lines;
use super::clock::Clock;
use super::needle;
use super::random::{Random, Weighted};
use super::template::Part::{Account, Host, Inside, Number, Outside, Skewed, Text as T};
use super::template::{self, Template};
use super::text::Text;

/// The state of the generator.
pub(super) struct Syslog {
    random: Random,
    clock: Clock,
}

/// A line that a program writes.
#[derive(Clone, Copy)]
struct Message {
    program: &'static str,
    /// Whether the line gives the process: the kernel has none.
    process: bool,
    template: Template,
}

/// A message of a program that has a process number.
const fn daemon(program: &'static str, template: Template) -> Message {
    Message { program, process: true, template }
}

/// A message of the kernel.
const fn kernel(template: Template) -> Message {
    Message { program: "kernel", process: false, template }
}

/// The messages by how often they occur.
static MESSAGES: Weighted<Message> = Weighted::new(&[
    (
        20_000,
        daemon(
            "haproxy",
            &[
                T("connection from "),
                Outside,
                T(":"),
                Number(64_000),
                T(" to backend "),
                Host,
                T(" closed after "),
                Skewed(90_000),
                T(" ms, "),
                Skewed(900_000),
                T(" bytes sent"),
            ],
        ),
    ),
    (
        14_000,
        daemon(
            "sshd",
            &[T("Failed password for "), Account, T(" from "), Outside, T(" port "), Number(64_000), T(" ssh2")],
        ),
    ),
    (11_000, daemon("CRON", &[T("("), Account, T(") CMD (/usr/local/bin/rotate --keep "), Number(30), T(" --quiet)")])),
    (
        10_000,
        daemon(
            "dnscache",
            &[
                T("query A node"),
                Skewed(5000),
                T(".internal.example from "),
                Inside,
                T(": answered from cache in "),
                Skewed(900),
                T(" us"),
            ],
        ),
    ),
    (9000, daemon("systemd", &[T("Started job-"), Skewed(400), T(".service: periodic job "), Skewed(400), T(".")])),
    (
        8000,
        daemon(
            "sshd",
            &[
                T("Accepted publickey for "),
                Account,
                T(" from "),
                Inside,
                T(" port "),
                Number(64_000),
                T(" ssh2: ED25519 key "),
                Number(1_000_000),
            ],
        ),
    ),
    (
        7000,
        kernel(&[
            T("firewall: DROP IN=eth0 SRC="),
            Outside,
            T(" DST="),
            Inside,
            T(" PROTO=TCP SPT="),
            Number(64_000),
            T(" DPT="),
            Skewed(9000),
            T(" SYN"),
        ]),
    ),
    (
        6000,
        daemon(
            "mailer",
            &[
                T("message "),
                Number(100_000_000),
                T(": to=<"),
                Account,
                T("@example.org>, relay="),
                Host,
                T(", delay="),
                Skewed(60_000),
                T(" ms, status=sent"),
            ],
        ),
    ),
    (
        3000,
        daemon(
            "sudo",
            &[
                Account,
                T(" : TTY=pts/"),
                Skewed(12),
                T(" ; PWD=/srv ; USER=root ; COMMAND=/usr/bin/systemctl reload haproxy"),
            ],
        ),
    ),
    (
        2500,
        daemon(
            "dhcp",
            &[T("lease of "), Inside, T(" renewed for "), Host, T(" until "), Number(86_400), T(" s from now")],
        ),
    ),
    (1500, daemon("ntpd", &[T("warning: clock of "), Host, T(" is off by "), Skewed(4000), T(" us, slewing")])),
    (1200, daemon("mailer", &[T("warning: connect to "), Host, T("["), Inside, T("]:25: Connection timed out")])),
    (400, daemon("haproxy", &[T("error: backend "), Host, T(" is DOWN, "), Skewed(40), T(" sessions requeued")])),
    (120, kernel(&[T("EXT4-fs error (device sda"), Number(4), T("): bad entry in directory #"), Number(1_000_000)])),
    (
        40,
        kernel(&[
            T("Out of memory: killed process "),
            Number(32_000),
            T(" (worker), total-vm:"),
            Number(64_000_000),
            T("kB"),
        ]),
    ),
    (10, daemon("sshd", &[T("fatal: no matching host key type for "), Outside, T(" port "), Number(64_000)])),
    (2, kernel(&[T("Kernel panic - not syncing: hung task on CPU "), Number(64)])),
]);

impl Syslog {
    /// The log of `seed`.
    pub(super) fn new(seed: u64) -> Self {
        Self { random: Random::new(seed), clock: Clock::new([2024, 2, 27], [6, 25, 1]) }
    }
}

impl Lines for Syslog {
    fn line(&mut self, number: u64, out: &mut Vec<u8>) {
        let pause = self.random.skewed(30_000);
        self.clock.advance(pause);
        let clock = &self.clock;
        out.text(clock.month_name());
        // The day is padded with a space, not with a zero.
        out.text(if clock.day < 10 { "  " } else { " " });
        out.number(clock.day).text(" ");
        out.digits(clock.hour, 2).text(":");
        out.digits(clock.minute, 2).text(":");
        out.digits(clock.second, 2).text(" ");
        template::host(&mut self.random, out).text(" ");

        let message = self.random.weighted(&MESSAGES);
        out.text(message.program);
        if message.process {
            let process = 300 + self.random.skewed(32_000);
            out.text("[").number(process).text("]");
        }
        out.text(": ");
        template::fill(message.template, &mut self.random, out);

        if let Some(needle) = needle::on_line(number) {
            out.text(" ticket=").text(needle.word);
        }
        out.push(b'\n');
    }
}
