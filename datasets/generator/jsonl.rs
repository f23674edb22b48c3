//! The logs of the services of a shop, one JSON object a line.
//!
//! Requests cross several services, so a trace occurs on a handful of lines
//! that are near to each other. Some messages are not ASCII, and a few errors
//! carry a stack trace that makes their lines thousands of bytes long.

use super::Lines;
use super::clock::Clock;
use super::needle;
use super::random::{Random, Weighted};
use super::template::Part::{Account, Hex, Host, Inside, Number, Skewed, Text as T};
use super::template::{self, Template};
use super::text::Text;

/// Requests in flight at any time.
const TRACES: u64 = 64;
/// Users of the shop.
const USERS: u64 = 2_000_000;

/// The state of the generator.
pub(super) struct Jsonl {
    random: Random,
    clock: Clock,
    traces: Vec<Trace>,
}

/// A request on its way through the services.
struct Trace {
    id: [u64; 2],
    user: u64,
}

/// A level of a line, with what comes with it.
struct Level {
    name: &'static str,
    statuses: Weighted<u64>,
    messages: Weighted<Template>,
    /// One line in so many has a stack trace; 0 means none.
    stacks: u64,
}

/// The services, the busiest first.
static SERVICES: Weighted<&str> = Weighted::new(&[
    (300, "gateway"),
    (220, "catalog"),
    (160, "search"),
    (120, "cart"),
    (80, "session"),
    (50, "checkout"),
    (30, "inventory"),
    (20, "payment"),
    (12, "shipping"),
    (6, "mailer"),
    (2, "fraud-check"),
]);

/// The paths of requests, the most popular first.
static PATHS: Weighted<Template> = Weighted::new(&[
    (260, &[T("/api/v2/items/"), Skewed(400_000)]),
    (200, &[T("/api/v2/search?page="), Skewed(40)]),
    (160, &[T("/static/img/"), Skewed(400_000), T(".webp")]),
    (120, &[T("/api/v2/cart/"), Number(USERS), T("/lines")]),
    (90, &[T("/api/v2/session")]),
    (60, &[T("/api/v1/items/"), Skewed(400_000), T("/reviews")]),
    (50, &[T("/api/v2/orders/"), Number(90_000_000)]),
    (30, &[T("/healthz")]),
    (20, &[T("/api/v2/checkout/"), Number(90_000_000), T("/confirm")]),
    (8, &[T("/api/v2/returns/"), Number(90_000_000)]),
    (2, &[T("/admin/export?format=csv&day="), Number(366)]),
]);

/// The levels by how often they occur.
static LEVELS: Weighted<&Level> =
    Weighted::new(&[(78_000, &INFO), (17_000, &DEBUG), (4_300, &WARN), (690, &ERROR), (10, &FATAL)]);

/// Requests that went well.
static INFO: Level = Level {
    name: "INFO",
    statuses: Weighted::new(&[(860, 200), (70, 304), (40, 201), (20, 204), (10, 302)]),
    messages: Weighted::new(&[
        (500, &[T("request served")]),
        (200, &[T("request served by replica "), Host]),
        (120, &[T("page of "), Skewed(200), T(" results rendered")]),
        (60, &[T("session of "), Account, T(" refreshed")]),
        (40, &[T("item added to cart, "), Skewed(30), T(" in total")]),
        (20, &[T("order accepted, "), Skewed(90_000), T(" cents")]),
        (12, &[T("envoi préparé à l'entrepôt n° "), Number(40)]),
        (10, &[T("Lieferung nach Köln in "), Skewed(14), T(" Tagen möglich")]),
        (8, &[T("注文 "), Number(90_000_000), T(" を受け付けました")]),
        (5, &[T("посылка "), Number(90_000_000), T(" отправлена")]),
        (3, &[T("coupon 🎉 applied, "), Skewed(50), T(" percent off")]),
    ]),
    stacks: 0,
};

/// What only the developers want to know.
static DEBUG: Level = Level {
    name: "DEBUG",
    statuses: Weighted::new(&[(950, 200), (50, 304)]),
    messages: Weighted::new(&[
        (400, &[T("cache hit for key item:"), Hex]),
        (250, &[T("cache miss for key item:"), Hex]),
        (200, &[T("query took "), Skewed(90_000), T(" us, "), Skewed(500), T(" rows")]),
        (100, &[T("connection "), Number(900), T(" to "), Inside, T(":5432 reused")]),
        (50, &[T("feature flag new-checkout is off for this user")]),
    ]),
    stacks: 0,
};

/// Requests that were refused or slow.
static WARN: Level = Level {
    name: "WARN",
    statuses: Weighted::new(&[(550, 404), (200, 200), (120, 401), (70, 403), (60, 429)]),
    messages: Weighted::new(&[
        (500, &[T("no such resource")]),
        (180, &[T("slow upstream "), Host, T(": retry "), Skewed(5), T(" of 5")]),
        (120, &[T("token of "), Account, T(" has expired")]),
        (100, &[T("Timeout while waiting for "), Host, T(", trying another")]),
        (60, &[T("rate limit reached, "), Skewed(900), T(" requests dropped")]),
        (40, &[T("falling back to the old price list, revision "), Number(5000)]),
    ]),
    stacks: 0,
};

/// Requests that failed.
static ERROR: Level = Level {
    name: "ERROR",
    statuses: Weighted::new(&[(500, 500), (250, 503), (150, 502), (100, 504)]),
    messages: Weighted::new(&[
        (400, &[T("upstream "), Host, T(" timed out after "), Number(30_000), T(" ms")]),
        (250, &[T("connection refused by "), Inside, T(":5432")]),
        (200, &[T("unexpected NullPointerException in price rule "), Number(800)]),
        (100, &[T("payment declined by issuer, code "), Number(99)]),
        (50, &[T("TIMEOUT: lock on row "), Number(90_000_000), T(" not granted")]),
    ]),
    stacks: 4,
};

/// Services that went down.
static FATAL: Level = Level {
    name: "FATAL",
    statuses: Weighted::new(&[(1, 500)]),
    messages: Weighted::new(&[
        (3, &[T("out of memory: heap of "), Number(64_000), T(" MB exhausted")]),
        (1, &[T("data directory is read-only, giving up")]),
    ]),
    stacks: 1,
};

/// A frame of a stack trace.
static FRAME: Template = &[
    T("\\n\\tat com.example.shop.module"),
    Skewed(60),
    T(".Handler"),
    Skewed(200),
    T(".call(Handler.java:"),
    Number(900),
    T(")"),
];

impl Jsonl {
    /// The log of `seed`.
    pub(super) fn new(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let traces = (0..TRACES).map(|_| Trace::new(&mut random)).collect();
        Self { random, clock: Clock::new([2025, 3, 1], [0, 0, 0]), traces }
    }

    /// Appends the time.
    fn time(&self, out: &mut Vec<u8>) {
        let clock = &self.clock;
        out.digits(clock.year, 4).text("-");
        out.digits(clock.month, 2).text("-");
        out.digits(clock.day, 2).text("T");
        out.digits(clock.hour, 2).text(":");
        out.digits(clock.minute, 2).text(":");
        out.digits(clock.second, 2).text(".");
        out.digits(clock.micros, 6).text("Z");
    }
}

impl Lines for Jsonl {
    fn line(&mut self, number: u64, out: &mut Vec<u8>) {
        let pause = self.random.skewed(4000);
        self.clock.advance(pause);
        let slot = self.random.below(TRACES) as usize;
        if self.random.one_in(5) {
            self.traces[slot] = Trace::new(&mut self.random);
        }
        out.text("{\"ts\":\"");
        self.time(out);

        let random = &mut self.random;
        let trace = &self.traces[slot];
        let level = random.weighted(&LEVELS);
        out.text("\",\"level\":\"").text(level.name);
        out.text("\",\"service\":\"").text(random.weighted(&SERVICES));
        out.text("\",\"trace_id\":\"").hex(trace.id[0]).hex(trace.id[1]);
        out.text("\",\"user\":\"u-").digits(trace.user, 7);
        out.text("\",\"path\":\"");
        template::fill(random.weighted(&PATHS), random, out);
        out.text("\",\"status\":").number(random.weighted(&level.statuses));
        let micros = 150 + random.long_tail(9, 21);
        out.text(",\"latency_ms\":").number(micros / 1000);
        out.text(".").digits(micros % 1000, 3);
        out.text(",\"msg\":\"");
        template::fill(random.weighted(&level.messages), random, out);

        if level.stacks > 0 && random.one_in(level.stacks) {
            out.text("\",\"stack\":\"java.lang.IllegalStateException");
            for _ in 0..10 + random.skewed(100) {
                template::fill(FRAME, random, out);
            }
        }
        if let Some(needle) = needle::on_line(number) {
            out.text("\",\"ticket\":\"").text(needle.word);
        }
        out.text("\"}\n");
    }
}

impl Trace {
    /// A new request by some user.
    fn new(random: &mut Random) -> Self {
        Self { id: [random.bits(), random.bits()], user: random.skewed(USERS) }
    }
}
