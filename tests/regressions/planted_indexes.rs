//! An index with emptied rows and right checksums, which somebody else had planted beside a file, hid its lines:
//! nothing was found, with status 1, and `stat` and `verify` called it right.

#![allow(unsafe_code)] // Commands are run as other users.

use std::{
    fs::{self, OpenOptions, Permissions},
    io::Write,
    os::unix::{
        fs::{MetadataExt, PermissionsExt, chown, lchown},
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::Command,
};

use mapgrep::index::seal;

use crate::support::commands::{Said, mapgrep, mapgrep_index, said};

/// Any user but root.
const ME: u32 = 65534;
const OTHER: u32 = 65533;

fn log(lines: usize) -> String {
    (0..lines).map(|i| format!("line {i:07} of the log {}\n", i % 10)).collect()
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// A directory where everybody may make files, with a text of mine and its index, and copies of the commands that I may
/// run.
struct World {
    dir: tempfile::TempDir,
}

impl World {
    fn new() -> Self {
        let world = World { dir: tempfile::tempdir().unwrap() };
        fs::set_permissions(world.dir.path(), Permissions::from_mode(0o777)).unwrap();
        for program in [env!("CARGO_BIN_EXE_mapgrep"), env!("CARGO_BIN_EXE_mapgrep-index")] {
            // Copied by another process: one that is forked while this one writes it would keep it from being run.
            assert!(Command::new("cp").arg(program).arg(world.dir.path()).status().unwrap().success());
        }
        fs::write(world.path("text"), log(60_000)).unwrap();
        if is_root() {
            chown(world.path("text"), Some(ME), Some(ME)).unwrap();
        }
        world
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Runs a command as me, with a cache of my own.
    fn run(&self, program: &str, args: &[&str]) -> Said {
        self.run_as(ME, program, args)
    }

    fn run_as(&self, user: u32, program: &str, args: &[&str]) -> Said {
        let dir = self.dir.path();
        let mut command = if program == "mapgrep" { mapgrep(dir, args) } else { mapgrep_index(dir, args) };
        if is_root() && user != 0 {
            let mut own = Command::new(self.path(program));
            own.args(args).current_dir(dir).env("XDG_CACHE_HOME", dir.join("cache")).uid(user).gid(user);
            command = own;
        }
        said(&mut command)
    }

    /// The index as somebody would make it who wants lines not to be found: no row has a bit.
    fn plant(&self) {
        assert_eq!(self.run("mapgrep-index", &["build", "-q", "text"]), (0, String::new(), String::new()));
        let mut bytes = fs::read(self.path("text.mgx")).unwrap();
        empty_rows(&mut bytes);
        fs::write(self.path("planted"), bytes).unwrap();
        fs::rename(self.path("planted"), self.path("text.mgx")).unwrap();
    }

    fn give(&self, name: &str, user: u32) {
        lchown(self.path(name), Some(user), Some(user)).unwrap();
    }
}

/// Makes all rows of the only segment empty, and the checksums right.
fn empty_rows(bytes: &mut [u8]) {
    const ROW_GROUPS: usize = ((1 << 17) + (1 << 15)) / 32 + 1;
    let number = |bytes: &[u8], at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap()) as usize;
    let manifest = number(bytes, 24);
    let (segment, blocks) = (number(bytes, manifest + 72), number(bytes, manifest + 72 + 16) & 0xFFFF_FFFF);
    let offsets = segment + blocks.div_ceil(64) * (64 * 24 + 8);
    for group in 0..ROW_GROUPS {
        let at = offsets + 4 * group;
        let start = u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
        let end = u32::from_le_bytes(bytes[at + 4..at + 8].try_into().unwrap()) as usize;
        // The number of bits of a length, and lengths: all are nothing.
        bytes[segment + start + 4..segment + end].fill(0);
    }
    seal(bytes);
}

const HIDDEN: &str = "line 0033333 of the log 3\n";

/// What is in question: with this index, if it is used, the line is not found.
#[test]
fn an_index_that_hides_lines_is_used_when_it_is_mine_and_verify_tells() {
    let world = World::new();
    world.plant();
    if is_root() {
        world.give("text.mgx", ME);
    }
    assert_eq!(world.run("mapgrep", &["0033333", "text"]), (1, String::new(), String::new()));
    let (status, out, errors) = world.run("mapgrep-index", &["verify", "text"]);
    assert_eq!((status, out.as_str()), (2, ""), "{errors}");
    let told = "mapgrep-index: text.mgx: the index is damaged: what it says of bytes 0..65536 of the file is not so; \
                mapgrep-index build makes a new one\n";
    assert_eq!(errors, told);
    let (status, out, errors) = world.run("mapgrep-index", &["verify", "--quick", "text"]);
    assert_eq!((status, errors.as_str()), (0, ""));
    assert_eq!(
        out,
        "text: the file has not changed, and the index is not damaged; its content was not compared with the file\n"
    );
}

#[test]
fn an_index_of_somebody_else_is_passed_over() {
    if !is_root() {
        return;
    }
    let world = World::new();
    world.plant();
    let search = |args: &[&str]| world.run("mapgrep", &[args, &["0033333", "text"]].concat());
    // The owner of the text may write there what it pleases anyway, and so may root.
    for (user, index_user) in [(ME, 0), (OTHER, ME), (0, ME), (0, 0)] {
        world.give("text.mgx", index_user);
        let found = world.run_as(user, "mapgrep", &["0033333", "text"]);
        assert_eq!(found, (1, String::new(), String::new()), "{user} {index_user}");
    }
    world.give("text.mgx", OTHER);
    let why = "the index belongs to another user than you, root or the owner of the file, and could lack lines \
               (mapgrep-index build makes another)";
    let warning = format!("mapgrep: text: searched without its index: text.mgx: {why}\n");
    assert_eq!(search(&[]), (0, HIDDEN.into(), warning.clone()));
    assert_eq!(world.run_as(0, "mapgrep", &["0033333", "text"]), (0, HIDDEN.into(), warning.clone()));
    assert_eq!(search(&["--no-messages"]), (0, HIDDEN.into(), String::new()));
    assert!(search(&["--no-messages", "--explain"]).2.contains(&warning));
    assert_eq!(
        search(&["--index=require"]),
        (2, String::new(), format!("mapgrep: text: --index=require, and text.mgx: {why}\n"))
    );
    assert_eq!(search(&["--index=never"]), (0, HIDDEN.into(), String::new()));
    for command in ["stat", "verify", "update"] {
        let said = world.run("mapgrep-index", &[command, "text"]);
        assert_eq!(said, (2, String::new(), format!("mapgrep-index: text.mgx: {why}\n")), "{command}");
    }
    // I may make files there, and so replace it.
    assert_eq!(world.run("mapgrep-index", &["build", "-q", "text"]).0, 0);
    assert_eq!(search(&["--index=require"]), (0, HIDDEN.into(), String::new()));

    // Where I may not, as in /tmp, mine is elsewhere, and is the one that is used.
    world.plant();
    world.give("text.mgx", OTHER);
    world.give(".", 0);
    fs::set_permissions(world.dir.path(), Permissions::from_mode(0o1777)).unwrap();
    assert_eq!(world.run("mapgrep-index", &["build", "-q", "text"]), (0, String::new(), String::new()));
    assert_eq!(fs::metadata(world.path("text.mgx")).unwrap().uid(), OTHER);
    assert_eq!(search(&["--index=require"]), (0, HIDDEN.into(), String::new()));
}

#[test]
fn an_index_that_others_may_write_is_passed_over() {
    let world = World::new();
    assert_eq!(world.run("mapgrep-index", &["build", "-q", "text"]).0, 0);
    let mode = |name: &str, mode: u32| fs::set_permissions(world.path(name), Permissions::from_mode(mode)).unwrap();
    for (mode_of_index, is_used) in [(0o644, true), (0o666, false), (0o664, false), (0o600, true)] {
        mode("text.mgx", mode_of_index);
        let (status, out, errors) = world.run("mapgrep", &["0033333", "text"]);
        assert_eq!((status, out.as_str(), errors.is_empty()), (0, HIDDEN, is_used), "{mode_of_index:o}: {errors}");
        assert!(is_used || errors.contains("can be written by users who cannot write the file"), "{errors}");
    }
    // Who may write the file may write what it pleases.
    mode("text", 0o666);
    mode("text.mgx", 0o666);
    let (_, _, errors) = world.run("mapgrep", &["0033333", "text"]);
    assert!(errors.contains("its permissions changed"), "{errors}");
    assert_eq!(world.run("mapgrep-index", &["verify", "--quick", "-q", "text"]).0, 0);
    assert_eq!(world.run("mapgrep", &["--index=require", "0033333", "text"]), (0, HIDDEN.into(), String::new()));
}

/// Somebody could hold the lock for ever.
#[test]
fn a_lock_of_somebody_else_is_not_waited_for() {
    if !is_root() {
        return;
    }
    let world = World::new();
    let lock = OpenOptions::new().write(true).create_new(true).open(world.path("text.mgx.lock")).unwrap();
    lock.lock().unwrap();
    world.give("text.mgx.lock", OTHER);
    assert_eq!(world.run("mapgrep-index", &["build", "-q", "text"]), (0, String::new(), String::new()));
    assert!(!world.path("text.mgx").exists());
    assert_eq!(world.run("mapgrep", &["--index=require", "-c", "0033333", "text"]), (0, "1\n".into(), String::new()));
}

/// What else an index can say that is not so, each with right checksums.
#[test]
fn verify_compares_what_an_index_says_with_the_text() {
    let world = World::new();
    let text = log(60_000);
    let nul = world.path("text");
    let mut file = OpenOptions::new().append(true).open(&nul).unwrap();
    file.write_all(format!("a long line {}\n\0\nthe end\n", "x".repeat(300_000)).as_bytes()).unwrap();
    file.write_all(log(10_000).as_bytes()).unwrap();
    drop(file);
    assert_eq!(world.run("mapgrep-index", &["build", "-q", "text"]).0, 0);
    assert_eq!(
        world.run("mapgrep-index", &["verify", "text"]),
        (0, "text: the index is right\n".into(), String::new())
    );
    let whole = fs::read(world.path("text.mgx")).unwrap();
    let at = |bytes: &[u8], at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap());
    let manifest = at(&whole, 24) as usize;
    let segment = at(&whole, manifest + 72) as usize;
    let blocks = (at(&whole, manifest + 72 + 16) & 0xFFFF_FFFF) as usize;
    let record_of_nul = (0..blocks).map(|block| segment + 24 * block).find(|&at| whole[at + 20] != 0).unwrap();
    assert!(text.len() < (record_of_nul - segment) / 24 * 65536 + 65536);
    type Lie = Box<dyn Fn(&mut [u8])>;
    let add = |place: usize, more: u64| -> Lie {
        Box::new(move |bytes| {
            let number = at(bytes, place).wrapping_add(more);
            bytes[place..place + 8].copy_from_slice(&number.to_le_bytes());
        })
    };
    // With the status of `verify --quick`, which takes a longer block for a changed one.
    let lies: [(&str, i32, Lie); 6] = [
        ("more lines before a block", 0, add(segment + 24 * 3, 1)),
        ("more lines in all", 0, add(manifest + 64, 1)),
        ("more bytes are covered", 1, add(manifest + 56, 20)),
        ("no NUL", 0, Box::new(move |bytes| bytes[record_of_nul + 20] = 0)),
        ("no flags", 0, Box::new(move |bytes| bytes[manifest + 72 + 20] = 0)),
        ("no rows", 0, Box::new(empty_rows)),
    ];
    for (what, quick, lie) in lies {
        let mut bytes = whole.clone();
        lie(&mut bytes);
        seal(&mut bytes);
        fs::write(world.path("text.mgx"), bytes).unwrap();
        let (status, out, errors) = world.run("mapgrep-index", &["verify", "text"]);
        assert_eq!((status, out.as_str()), (2, ""), "{what}: {errors}");
        assert!(errors.starts_with("mapgrep-index: text.mgx: the index is damaged: "), "{what}: {errors}");
        assert_eq!(world.run("mapgrep-index", &["verify", "-q", "--quick", "text"]).0, quick, "{what}");
    }
}

/// A segment that was made of others has rows that say less than one that is made at once, and is right.
#[test]
fn verify_takes_merged_segments_for_right() {
    let world = World::new();
    for more in 0..4 {
        let mut file = OpenOptions::new().append(true).open(world.path("text")).unwrap();
        file.write_all(log(3_000 + 1_000 * more).as_bytes()).unwrap();
        file.write_all(format!("{}\n", "abc ".repeat(60_000)).as_bytes()).unwrap();
        drop(file);
        assert_eq!(world.run("mapgrep-index", &["update", "-q", "text"]), (0, String::new(), String::new()));
        let right = (0, "text: the index is right\n".to_owned(), String::new());
        assert_eq!(world.run("mapgrep-index", &["verify", "text"]), right);
    }
    assert_eq!(fs::read_dir(world.dir.path()).unwrap().count(), 4);
    let cut = OpenOptions::new().write(true).open(world.path("text")).unwrap();
    cut.set_len(1_200_000).unwrap();
    let (status, out, errors) = world.run("mapgrep-index", &["verify", "text"]);
    assert_eq!((status, errors.as_str(), out.lines().count()), (1, "", 1), "{out}");
    assert!(out.starts_with("text: bytes 11") && out.ends_with(" have changed\n"), "{out}");
    assert!(Path::new(&world.path("text.mgx")).exists());
}
