//! Where indexes are, who writes them, and what becomes of them when that goes wrong.

use std::{
    fs::{self, File, OpenOptions},
    io::{BufRead, BufReader, Read},
    os::unix::{
        fs::{FileExt, MetadataExt, PermissionsExt, symlink},
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::{Child, ChildStderr, Command, Output, Stdio},
    time::{Duration, SystemTime},
};

use crate::support::indexes::{MIB, Random, append, mapgrep, mapgrep_index, names, search_both, stderr, succeed};

/// A directory with a text of a bit more than 1 MiB.
fn text() -> (tempfile::TempDir, Vec<u8>) {
    let directory = tempfile::tempdir().unwrap();
    let text = Random::new(5).log(MIB + 100_000);
    append(&directory.path().join("text"), &text);
    (directory, text)
}

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// The command with a limit of the size of files, beyond which writes are errors, as on a full disk.
fn with_little_space(command: &str, path: &Path) -> Command {
    let mut shell = Command::new("sh");
    shell.args([
        "-c",
        r#"trap "" XFSZ; ulimit -f 64; exec "$0" "$1" "$2""#,
        env!("CARGO_BIN_EXE_mapgrep-index"),
        command,
    ]);
    shell.arg(path).stdin(Stdio::null());
    shell
}

#[test]
fn a_full_disk_is_an_error_and_leaves_what_was_there() {
    let (directory, _) = text();
    let path = directory.path().join("text");
    let fail = |command: &str| {
        let output = with_little_space(command, &path).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
        let message = format!("mapgrep-index: {}.mgx: cannot write the index: File too large", path.display());
        assert!(stderr(&output).starts_with(&message), "{}", stderr(&output));
    };
    fail("build");
    assert_eq!(names(directory.path()), ["text"]);
    assert_eq!(search_both(&path, "10.0.7.7"), "");

    succeed(mapgrep_index().args(["build", "-q"]).arg(&path));
    let index = fs::read(path.with_extension("mgx")).unwrap();
    fail("build");
    assert_eq!(fs::read(path.with_extension("mgx")).unwrap(), index);
    append(&path, &Random::new(6).log(200_000));
    fail("update");
    assert_eq!(names(directory.path()), ["text", "text.mgx"]);
    assert_eq!(fs::read(path.with_extension("mgx")).unwrap()[..index.len()], index);
    assert_eq!(search_both(&path, "10.0.7.7"), "");
    succeed(mapgrep_index().args(["update", "-q"]).arg(&path));
    succeed(mapgrep_index().args(["verify", "-q"]).arg(&path));
    assert_eq!(search_both(&path, "10.0.7.7"), "");
}

/// The commands, a directory `logs` with a text, and one for a cache, for a user who may do what is permitted to all.
/// Root may write everywhere, so that the commands are run as somebody else.
struct Shared {
    directory: tempfile::TempDir,
    text: Vec<u8>,
}

impl Shared {
    fn new() -> Self {
        let (directory, text) = text();
        let shared = Shared { directory, text };
        let path = |name: &str| shared.path(name);
        mode(shared.directory.path(), 0o755);
        for program in [env!("CARGO_BIN_EXE_mapgrep"), env!("CARGO_BIN_EXE_mapgrep-index")] {
            // Copied by another process: see the test of directories without permission of the command.
            assert!(Command::new("cp").arg(program).arg(shared.directory.path()).status().unwrap().success());
        }
        fs::create_dir(path("logs")).unwrap();
        fs::rename(path("text"), path("logs/text")).unwrap();
        fs::create_dir(path("cache")).unwrap();
        mode(&path("cache"), 0o777);
        mode(&path("logs/text"), 0o644);
        shared
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn run(&self, program: &str, cache: &str, args: &[&str]) -> Output {
        let mut command = Command::new(self.path(program));
        command.args(args).arg("logs/text").current_dir(self.directory.path()).stdin(Stdio::null());
        command.env("XDG_CACHE_HOME", self.path(cache)).env("HOME", self.path("logs"));
        if fs::metadata(self.directory.path()).unwrap().uid() == 0 {
            command.uid(65534).gid(65534);
        }
        command.output().unwrap()
    }
}

#[test]
fn where_nothing_can_be_written_the_index_is_in_the_cache() {
    let shared = Shared::new();
    let path = |name: &str| shared.path(name);
    let run = |program: &str, cache: &str, args: &[&str]| shared.run(program, cache, args);
    mode(&path("logs"), 0o555);
    let output = run("mapgrep-index", "cache", &["build", "-q"]);
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(names(&path("logs")), ["text"]);
    let made = names(&path("cache/mapgrep/index"));
    assert!(matches!(&made[..], [name] if name.starts_with("text.") && name.ends_with(".mgx")), "{made:?}");
    let literal = Random::new(8).literal(&shared.text);
    let output = run("mapgrep", "cache", &["--index=require", "-c", "-F", &literal]);
    assert!(output.status.success(), "{}", stderr(&output));

    append(&path("logs/text"), &Random::new(9).log(200_000));
    for command in ["update", "verify", "remove"] {
        let output = run("mapgrep-index", "cache", &[command, "-q"]);
        assert!(output.status.success(), "{command}: {}", stderr(&output));
    }
    assert_eq!(names(&path("cache/mapgrep/index")), [""; 0]);

    // Nor is there a cache: what is wrong is told of the place that comes first.
    let output = run("mapgrep-index", "logs", &["build", "-q"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains("logs/text.mgx.lock: cannot lock the index: Permission denied"),
        "{}",
        stderr(&output)
    );
    assert!(stderr(&output).contains("; --index-dir DIR puts the index elsewhere"), "{}", stderr(&output));
    mode(&path("logs"), 0o755);
}

/// One that was beside the file kept the one in the cache from being removed.
#[test]
fn an_index_that_cannot_be_removed_does_not_keep_another() {
    let shared = Shared::new();
    fs::write(shared.path("logs/text.mgx"), b"of somebody else").unwrap();
    mode(&shared.path("logs"), 0o555);
    let output = shared.run("mapgrep-index", "cache", &["build", "-q"]);
    assert!(output.status.success() && output.stderr.is_empty(), "{}", stderr(&output));
    assert_eq!(names(&shared.path("cache/mapgrep/index")).len(), 1);
    let output = shared.run("mapgrep-index", "cache", &["remove", "-q"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("text.mgx.lock: cannot lock the index: "), "{}", stderr(&output));
    assert_eq!(names(&shared.path("cache/mapgrep/index")), [""; 0]);
    mode(&shared.path("logs"), 0o755);
    assert_eq!(names(&shared.path("logs")), ["text", "text.mgx"]);
}

/// Who may not read a directory cannot have it written to the disk, and could not make indexes in it.
#[test]
fn a_directory_that_cannot_be_read_has_indexes() {
    let shared = Shared::new();
    mode(&shared.path("logs"), 0o733);
    for command in ["build", "verify"] {
        let output = shared.run("mapgrep-index", "cache", &[command, "-q"]);
        assert!(output.status.success() && output.stderr.is_empty(), "{command}: {}", stderr(&output));
    }
    mode(&shared.path("logs"), 0o755);
    assert_eq!(names(&shared.path("logs")), ["text", "text.mgx"]);
}

/// It sent them to the cache directory.
#[test]
fn the_lock_of_another_user_who_was_killed_is_taken_by_those_who_may_write() {
    let shared = Shared::new();
    let path = |name: &str| shared.path(name);
    let build = || {
        let output = shared.run("mapgrep-index", "cache", &["build", "-q"]);
        assert!(output.status.success() && output.stderr.is_empty(), "{}", stderr(&output));
    };
    for permissions in [0o644, 0o444] {
        fs::write(path("logs/text.mgx.lock"), b"").unwrap();
        mode(&path("logs/text.mgx.lock"), permissions);
        mode(&path("logs"), 0o777);
        build();
        assert_eq!(names(&path("logs")), ["text", "text.mgx"]);
        fs::remove_file(path("logs/text.mgx")).unwrap();
    }
    // Others need not even wait for whoever has it.
    fs::write(path("logs/text.mgx.lock"), b"").unwrap();
    mode(&path("logs/text.mgx.lock"), 0o444);
    let held = File::open(path("logs/text.mgx.lock")).unwrap();
    held.lock().unwrap();
    mode(&path("logs"), 0o555);
    build();
    assert_eq!(names(&path("logs")), ["text", "text.mgx.lock"]);
    assert_eq!(names(&path("cache/mapgrep/index")).len(), 1);
    mode(&path("logs"), 0o755);
}

#[test]
fn another_directory_for_indexes_is_the_only_one() {
    let (directory, text) = text();
    let path = directory.path().join("text");
    let elsewhere = directory.path().join("else/where");
    let literal = Random::new(8).literal(&text);
    let with_directory = |command: &mut Command| {
        succeed(command.arg("--index-dir").arg(&elsewhere).arg(&path));
    };
    with_directory(mapgrep_index().args(["build", "-q"]));
    assert_eq!(names(directory.path()), ["else", "text"]);
    assert_eq!(names(&elsewhere).len(), 1);
    with_directory(mapgrep().args(["--index=require", "-q", "-F", &literal]));
    let output = mapgrep().args(["--index=require", "-q", "-F", &literal]).arg(&path).output().unwrap();
    assert!(stderr(&output).contains("there is no index of this file"), "{}", stderr(&output));
    with_directory(mapgrep_index().args(["remove", "-q"]));
    assert_eq!(names(&elsewhere), [""; 0]);
}

/// The one beside the file was the one that was looked at, whatever it was of, where nobody could replace it.
#[test]
fn of_two_indexes_the_one_that_goes_with_the_file_is_used() {
    let (directory, text) = text();
    let path = directory.path().join("text");
    let beside = path.with_extension("mgx");
    let cache = directory.path().join("cache");
    let in_cache = cache.join("mapgrep/index");
    let literal = Random::new(8).literal(&text);
    let explained = || {
        let mut command = mapgrep();
        command.args(["--index=require", "--explain", "-c", "-F", &literal]).arg(&path).env("XDG_CACHE_HOME", &cache);
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        stderr(&output)
    };
    let is_cached = || {
        let said = explained();
        let used = |at: &Path| said.contains(&format!("index {}", at.display()));
        assert!(used(&beside) != used(&in_cache), "{said}");
        used(&in_cache)
    };
    let build = |is_cached: bool| {
        let mut command = mapgrep_index();
        command.args(["build", "-q"]).arg(&path);
        if is_cached {
            command.arg("--index-dir").arg(&in_cache);
        }
        succeed(&mut command);
    };
    build(false);
    assert!(!is_cached());
    build(true);
    assert!(!is_cached());
    // One that is stale, or that is older.
    for change in [1_000, text.len() as u64] {
        let file = OpenOptions::new().write(true).open(&path).unwrap();
        build(false);
        file.write_all_at(b"something\n", change).unwrap();
        file.set_modified(SystemTime::now() + Duration::from_secs(5)).unwrap();
        build(true);
        assert!(is_cached(), "{change}");
        append(&path, b"more\n");
        assert!(is_cached(), "{change}");
        build(false);
        assert!(!is_cached(), "{change}");
    }
    // One that is damaged.
    fs::write(&beside, b"nonsense").unwrap();
    assert!(is_cached());
    fs::remove_dir_all(&in_cache).unwrap();
    let output = mapgrep().args(["-q", "--index=require", "x"]).arg(&path).env("XDG_CACHE_HOME", &cache).output();
    assert!(stderr(&output.unwrap()).contains("text.mgx: the index is damaged"));
}

/// A search by the name of a link knew of no index, and `build` made another beside the link.
#[test]
fn a_link_has_the_index_of_its_file() {
    let (directory, text) = text();
    let path = |name: &str| directory.path().join(name);
    fs::create_dir_all(path("links/more")).unwrap();
    symlink("../text", path("links/one")).unwrap();
    symlink("../one", path("links/more/two")).unwrap();
    let links = ["links/one", "links/more/two"];
    let literal = Random::new(8).literal(&text);
    succeed(mapgrep_index().args(["build", "-q"]).arg(path("text")));
    for link in links {
        succeed(mapgrep().args(["--index=require", "-q", "-F", &literal]).arg(path(link)));
        // By a path that is not that of the file from where the command is run.
        succeed(mapgrep().args(["--index=require", "-q", "-F", &literal, link]).current_dir(directory.path()));
    }
    for link in links {
        succeed(mapgrep_index().args(["remove", "-q"]).arg(path(link)));
        assert_eq!(names(directory.path()), ["links", "text"]);
        succeed(mapgrep_index().args(["build", "-q"]).arg(path(link)));
        append(&path("text"), &Random::new(9).log(100_000));
        succeed(mapgrep_index().args(["update", "-q"]).arg(path(link)));
        succeed(mapgrep_index().args(["verify", "-q"]).arg(path(link)));
        assert_eq!(names(directory.path()), ["links", "text", "text.mgx"]);
        assert_eq!(names(&path("links")), ["more", "one"]);
        assert_eq!(search_both(&path("text"), "10.0.7.7"), "");
    }
}

/// A writer that waits for the one who has the lock.
struct Waiting(Child, BufReader<ChildStderr>);

impl Waiting {
    fn start(command: &str, path: &Path) -> Self {
        let mut child =
            mapgrep_index().arg(command).arg(path).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        lines.read_line(&mut line).unwrap();
        let index = path.with_extension("mgx");
        let message = format!("mapgrep-index: {}: another process is writing this index; waiting\n", index.display());
        assert_eq!(line, message);
        Waiting(child, lines)
    }

    #[track_caller]
    fn succeed(mut self) -> String {
        let (mut out, mut rest) = (String::new(), String::new());
        self.0.stdout.take().unwrap().read_to_string(&mut out).unwrap();
        self.1.read_to_string(&mut rest).unwrap();
        assert!(self.0.wait().unwrap().success() && rest.is_empty(), "{rest}");
        out
    }
}

fn lock(path: &Path) -> File {
    let file =
        OpenOptions::new().write(true).create(true).truncate(false).open(path.with_extension("mgx.lock")).unwrap();
    file.lock().unwrap();
    file
}

#[test]
fn writers_wait_for_each_other() {
    let (directory, _) = text();
    let path = directory.path().join("text");
    let held = lock(&path);
    let first = Waiting::start("build", &path);
    drop(held);
    assert!(first.succeed().contains("indexed in"));
    assert_eq!(names(directory.path()), ["text", "text.mgx"]);

    // Whichever of them comes first, the text is what it is then, and not what it was when they began to wait.
    let held = lock(&path);
    let waiting = ["update", "update", "build", "update", "verify"].map(|command| {
        let waiting = Waiting::start(command, &path);
        append(&path, &Random::new(10).log(100_000));
        waiting
    });
    drop(held);
    for waiting in waiting {
        waiting.succeed();
    }
    assert_eq!(names(directory.path()), ["text", "text.mgx"]);
    assert_eq!(search_both(&path, "10.0.7.7"), "");
}

/// An update that waited held a lock, and waited for it once more.
#[test]
fn an_index_that_goes_away_while_it_is_waited_for_is_built() {
    let (directory, _) = text();
    let path = directory.path().join("text");
    succeed(mapgrep_index().args(["build", "-q"]).arg(&path));
    let held = lock(&path);
    let waiting = Waiting::start("update", &path);
    fs::remove_file(path.with_extension("mgx")).unwrap();
    drop(held);
    assert!(waiting.succeed().contains("indexed in"));
    assert_eq!(names(directory.path()), ["text", "text.mgx"]);
}

#[test]
fn what_a_killed_writer_left_disturbs_nobody() {
    let (directory, _) = text();
    let path = directory.path().join("text");
    let leave = || {
        fs::write(path.with_extension("mgx.new"), b"half of it").unwrap();
        fs::write(path.with_extension("mgx.lock"), b"").unwrap();
    };
    leave();
    assert_eq!(search_both(&path, "10.0.7.7"), "");
    succeed(mapgrep_index().args(["build", "-q"]).arg(&path));
    assert_eq!(names(directory.path()), ["text", "text.mgx"]);
    leave();
    assert_eq!(search_both(&path, "10.0.7.7"), "");
    // Neither are they texts.
    fs::write(path.with_extension("mgx.new"), vec![b'\n'; 2 * MIB]).unwrap();
    let output = succeed(mapgrep_index().args(["build", "-r"]).arg(directory.path()));
    assert_eq!(String::from_utf8_lossy(&output.stdout).lines().count(), 1);
    leave();
    succeed(mapgrep_index().args(["remove", "-q"]).arg(&path));
    assert_eq!(names(directory.path()), ["text"]);
}

#[test]
fn a_search_does_without_a_damaged_index() {
    let (directory, text) = text();
    let path = directory.path().join("text");
    let index = path.with_extension("mgx");
    succeed(mapgrep_index().args(["build", "-q"]).arg(&path));
    let whole = fs::read(&index).unwrap();
    let literal = Random::new(8).literal(&text);
    let damage = |at: usize, bytes: &[u8]| {
        let file = OpenOptions::new().write(true).open(&index).unwrap();
        file.write_all_at(&whole, 0).unwrap();
        file.write_all_at(bytes, at as u64).unwrap();
    };
    let fails_with = |what: &str| {
        let said = search_both(&path, &literal);
        let message = format!("mapgrep: {}: searched without its index: {}: ", path.display(), index.display());
        assert!(said.starts_with(&message) && said.contains(what) && said.lines().count() == 1, "{said}");
        let output = mapgrep().args(["--index=require", &literal]).arg(&path).output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        assert!(stderr(&output).contains(what) && output.stdout.is_empty(), "{}", stderr(&output));
    };
    damage(8, &9u32.to_le_bytes());
    fails_with("version 9");
    damage(0, b"something");
    fails_with("magic");
    damage(20, &[0xFF]);
    fails_with("checksum");
    // The rows, but not what is read when it is opened.
    damage(8192 + 1544, &vec![0xAA; whole.len() - 8192 - 1544 - 200]);
    fails_with("checksum");
    // The table of blocks, which tells where lines are.
    damage(8192, &[0xAA; 100]);
    let lines = |how: &str| mapgrep().args(["--lines=9000..9002", how]).arg(&path).output().unwrap();
    let (with, without) = (lines("--index=auto"), lines("--index=never"));
    assert!(!with.stdout.is_empty() && with.stdout == without.stdout, "{}", stderr(&with));
    assert!(stderr(&with).contains("searched without its index: "), "{}", stderr(&with));
    assert_eq!(lines("--index=require").status.code(), Some(2));
    File::options().write(true).open(&index).unwrap().set_len(0).unwrap();
    fails_with("it is empty");
    fs::remove_file(&index).unwrap();
    fs::create_dir(&index).unwrap();
    fails_with("directory");
}

/// Indexes as earlier versions of the format wrote them.
const VERSIONS: [(u32, &[u8]); 2] = [(1, include_bytes!("versions/1.mgx")), (2, include_bytes!("versions/2.mgx"))];

#[test]
fn indexes_of_earlier_versions_are_refused_and_replaced() {
    let (directory, text) = text();
    let path = directory.path().join("text");
    let index = path.with_extension("mgx");
    let literal = Random::new(9).literal(&text);
    for (version, bytes) in VERSIONS {
        let what = format!("{}: the index is of version {version}, and this program reads version ", index.display());
        fs::write(&index, bytes).unwrap();
        let said = search_both(&path, &literal);
        assert!(said.contains(&what) && said.lines().count() == 1, "{said}");
        for command in ["update", "verify", "stat"] {
            let output = mapgrep_index().args([command, "-q"]).arg(&path).output().unwrap();
            assert_eq!(output.status.code(), Some(2), "{command}");
            assert!(stderr(&output).contains(&what), "{command}: {}", stderr(&output));
            assert_eq!(fs::read(&index).unwrap(), bytes, "{command}");
        }
        succeed(mapgrep_index().args(["build", "-q"]).arg(&path));
        assert_eq!(search_both(&path, &literal), "");
        fs::write(&index, bytes).unwrap();
        succeed(mapgrep_index().args(["remove", "-q"]).arg(&path));
        assert!(!index.exists());
    }
}
